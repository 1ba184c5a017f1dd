"""A look at everybody in a directory, or at what changed there, at one of its controllers."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from watchword.core.directory.model import Person
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import UnavailableError
from watchword.directory.changes import Changes
from watchword.directory.cursor import Cursor, digest_of, read_cursor
from watchword.directory.graph import Nesting, look_down, members_of
from watchword.directory.line import LdapRefusedError, Line, LineLostError
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import entry_at
from watchword.directory.people import People
from watchword.directory.sids import read_guid
from watchword.directory.watched import Watched

_RETRY_S = 30


class LineReading:
    """The Reading over one line. Its methods raise UnavailableError if that is lost."""

    def __init__(
        self,
        line: Line,
        options: DirectoryOptions,
        nesting: Nesting,
        now: Cursor,
        changes: Changes | None,
    ) -> None:
        self._line = line
        self._options = options
        self._nesting = nesting
        self._now = now
        self._changes = changes
        self._people = People(line, options, nesting, now.at)
        self._told: set[str] = set()

    @property
    def is_whole(self) -> bool:
        return self._changes is None

    @property
    def cursor(self) -> str:
        return self._now.write()

    async def people(self) -> AsyncIterator[Sequence[Person]]:
        with _as_unavailable():
            clauses = () if self._changes is None else (self._changes.clause,)
            async for some in self._people.matching(*clauses):
                if self._changes is not None:
                    self._told |= {person.guid for person in some}
                yield some

    async def gone(self) -> frozenset[str] | None:
        if self._changes is None:
            return None
        with _as_unavailable():
            return await self._changes.gone(self._people, frozenset(self._told))

    async def present(self) -> frozenset[str]:
        with _as_unavailable():
            return await self._people.guids()

    async def members(self) -> Mapping[str, frozenset[str]] | None:
        if self._changes is None or not self._changes.of_groups:
            return None
        with _as_unavailable():
            return await members_of(self._line, self._options, self._nesting)

    async def look_up(
        self, *, guids: Sequence[str] = (), dns: Sequence[str] = ()
    ) -> tuple[Person, ...]:
        with _as_unavailable():
            return await self._people.look_up(guids, dns)


@asynccontextmanager
async def open_reading(
    line: Line, options: DirectoryOptions, *, watched: Watched, clock: Clock, since: str = ""
) -> AsyncIterator[LineReading]:
    """Look at what changed since a cursor, or at everybody if that cannot be told.

    Raises LineLostError and LdapRefusedError while it begins.
    """
    at = clock.now()
    # Whatever changes from here on has a higher number, and comes with the next look.
    controller, number = await _state_of(line)
    seen = await watched.groups(line, fresh=True)
    nesting = await look_down(line, options, seen)
    now = Cursor(
        controller=controller,
        number=number,
        at=at,
        options=digest_of(options),
        groups=nesting.digest,
    )
    changes = await _changes(line, options, read_cursor(since), now)
    yield LineReading(line, options, nesting, now, changes)


async def _changes(
    line: Line, options: DirectoryOptions, before: Cursor | None, now: Cursor
) -> Changes | None:
    """Return what changed, None if everybody must be looked at."""
    if before is None or not before.goes_on_to(now):
        return None
    changes = Changes(line, options, before, now)
    return None if await changes.are_boundless() else changes


async def _state_of(line: Line) -> tuple[str, int]:
    """Return the id of the controller's database, and the number of its latest change."""
    root = await entry_at(line, "", ["dsServiceName", "highestCommittedUSN"])
    assert root is not None
    service = await entry_at(line, root.text("dsServiceName"), ["invocationId"])
    known = service.first("invocationId") if service else None
    # Without an id the numbers tell nothing, and each look is at everybody.
    return read_guid(known) if known else "", int(root.text("highestCommittedUSN") or 0)


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except (LineLostError, LdapRefusedError) as error:
        raise UnavailableError(f"The directory: {error}.", retry_after=_RETRY_S) from error
