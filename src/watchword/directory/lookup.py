"""Looks for single people of a directory, with the groups of the settings that they are in."""

import asyncio

from watchword.core.directory.model import Asked, Person
from watchword.core.directory.port import Belonging
from watchword.core.kernel.clock import Clock
from watchword.directory.belongs import belongings, named_groups
from watchword.directory.entries import attributes_of, person_of, users
from watchword.directory.filters import beginning_with, clause_for, pick
from watchword.directory.line import BASE, Entry, Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import ANYTHING
from watchword.directory.watched import Watched

_HITS_MAX = 10
"""More than one is too many already, or nearly."""

_SID, _TOKEN = "objectSid", "tokenGroups"


class Lookup:
    """Asks for people on a line that is given; what it raises is of the line."""

    def __init__(self, options: DirectoryOptions, watched: Watched, clock: Clock) -> None:
        self._options = options
        self._watched = watched
        self._clock = clock

    async def entry(self, line: Line, asked: Asked) -> Entry | None:
        """Return who is asked for, if that is one of the users who count."""
        try:
            clause = clause_for(asked, self._options)
        except ValueError:
            return None
        return pick(await self._matching(line, clause, _HITS_MAX), asked, self._options)

    async def own_entry(self, line: Line, asked: Asked) -> Entry | None:
        """Return who is asked for, if that is who has bound on this line."""
        entry = await self.entry(line, asked)
        if entry is None:
            return None
        # A name may mean one to whoever binds and another to whoever looks.
        root = await line.search("", ANYTHING, [_TOKEN], scope=BASE)
        sids = [sid for one in root.entries for sid in one.all(_TOKEN)]
        return entry if entry.first(_SID) in sids else None

    async def person(self, line: Line, entry: Entry) -> Person | None:
        """Return who an entry is, None if it does not tell."""
        groups = await named_groups(line, self._options, self._watched, entry.dn)
        return person_of(entry, self._options, groups=groups, at=self._clock.now())

    async def find(self, line: Line, asked: Asked) -> Person | None:
        entry = await self.entry(line, asked)
        return None if entry is None else await self.person(line, entry)

    async def search(self, line: Line, text: str, limit: int) -> tuple[Person, ...]:
        """Return some of those whose names begin so."""
        if not text.strip() or not text.isprintable() or limit < 1:
            return ()
        clause = beginning_with(text.strip(), self._options)
        entries = await self._matching(line, clause, limit)
        await self._watched.groups(line)  # once, and not once for each of them
        people = await asyncio.gather(*(self.person(line, entry) for entry in entries))
        return tuple(sorted(filter(None, people), key=lambda one: one.login.lower()))

    async def belongings(self, line: Line, person: Person) -> tuple[Belonging, ...]:
        return await belongings(line, self._options, self._watched, person.dn)

    async def _matching(self, line: Line, clause: str, limit: int) -> list[Entry]:
        wanted, names = users(self._options, clause), attributes_of(self._options)
        found = await line.search(self._options.search_base, wanted, names, limit=limit)
        return found.entries
