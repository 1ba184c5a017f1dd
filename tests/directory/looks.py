"""Looks at people in a corner of the domain that a test has for itself."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from itertools import count

from directory.asking import options_for
from fakes import HandClock
from parts.domain import BASE_DN, Domain
from watchword.core.directory.model import Person
from watchword.directory.line import Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.reading import LineReading, open_reading
from watchword.directory.watched import Watched

_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that a look showed."""

    is_whole: bool
    people: Mapping[str, Person]
    gone: frozenset[str] | None
    present: frozenset[str]
    members: Mapping[str, frozenset[str]] | None
    cursor: str

    @property
    def names(self) -> set[str]:
        return set(self.people)


@dataclass
class Corner:
    """An OU of the domain, the groups that are watched, and a line to look from.

    `line` may be exchanged; the clock stands still.
    """

    domain: Domain
    line: Line
    ou: str = field(default_factory=lambda: f"OU=Corner{next(_numbers)}")
    clock: HandClock = field(default_factory=HandClock)
    watched: frozenset[str] = frozenset()
    user_filter: str = ""

    @property
    def dn(self) -> str:
        return f"{self.ou},{BASE_DN}"

    @property
    def options(self) -> DirectoryOptions:
        usual = options_for(self.domain)
        return replace(usual, base=self.dn, watched=self.watched, user_filter=self.user_filter)

    def open(
        self, since: str = "", options: DirectoryOptions | None = None
    ) -> AbstractAsyncContextManager[LineReading]:
        options = options or self.options
        watched = Watched(options, self.clock)
        return open_reading(self.line, options, watched=watched, clock=self.clock, since=since)

    async def look(self, since: str = "", options: DirectoryOptions | None = None) -> Seen:
        async with self.open(since, options) as reading:
            people = [one async for some in reading.people() for one in some]
            return Seen(
                is_whole=reading.is_whole,
                people={person.login: person for person in people},
                gone=await reading.gone(),
                present=await reading.present(),
                members=await reading.members(),
                cursor=reading.cursor,
            )

    def fresh_name(self, what: str) -> str:
        """Return a name that nothing in the domain has."""
        return f"{what}{next(_numbers)}"

    def people(self, size: int) -> Iterator[str]:
        """Add people to the corner, and return their names."""
        return (self.domain.new_person(ou=self.ou).name for _ in range(size))
