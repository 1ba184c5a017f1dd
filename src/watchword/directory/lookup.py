"""Looks for single people of a directory, with the groups of the settings that they are in."""

import asyncio
from weakref import WeakKeyDictionary

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
        self._tokens: WeakKeyDictionary[Line, frozenset[bytes]] = WeakKeyDictionary()

    async def entry(self, line: Line, asked: Asked) -> Entry | None:
        """Return who is asked for, if that is one of the users who count."""
        try:
            clause = clause_for(asked, self._options)
        except ValueError:
            return None
        entry = pick(await self._matching(line, clause, _HITS_MAX), asked, self._options)
        return None if entry is None or await self._may_be_ours(line, entry) else entry

    async def own_entry(self, line: Line, asked: Asked) -> Entry | None:
        """Return who is asked for, if that is who has bound on this line."""
        entry = await self.entry(line, asked)
        if entry is None:
            return None
        # A name may mean one to whoever binds and another to whoever looks.
        return entry if entry.first(_SID) in await self._token(line) else None

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
        found = await self._matching(line, clause, limit)
        entries = [entry for entry in found if not await self._may_be_ours(line, entry)]
        await self._watched.groups(line)  # once, and not once for each of them
        people = await asyncio.gather(*(self.person(line, entry) for entry in entries))
        return tuple(sorted(filter(None, people), key=lambda one: one.login.lower()))

    async def belongings(self, line: Line, person: Person) -> tuple[Belonging, ...]:
        return await belongings(line, self._options, self._watched, person.dn)

    async def _may_be_ours(self, line: Line, entry: Entry) -> bool:
        """Say whether this is the service account, or cannot be told from it.

        It is nobody: a stranger who guesses at it through us would lock it, and us with it.
        """
        if not self._options.can_look:
            return False
        sid, token = entry.first(_SID), await self._token(line)
        return not (sid and token) or sid in token

    async def _token(self, line: Line) -> frozenset[bytes]:
        """Return the SIDs of who has bound on this line, and of the groups they are in."""
        if line not in self._tokens:
            root = await line.search("", ANYTHING, [_TOKEN], scope=BASE)
            sids = (sid for one in root.entries for sid in one.all(_TOKEN))
            self._tokens[line] = frozenset(sids)
        return self._tokens[line]

    async def _matching(self, line: Line, clause: str, limit: int) -> list[Entry]:
        wanted, names = users(self._options, clause), attributes_of(self._options)
        found = await line.search(self._options.search_base, wanted, names, limit=limit)
        return found.entries
