"""Reads people of a directory, each with those groups of the settings that they are in."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from ldap.filter import escape_filter_chars

from watchword.core.directory.model import Person
from watchword.directory.entries import STATE, any_of, attributes_of, guid_of, person_of, users
from watchword.directory.graph import Nesting, groups_of, primary_of
from watchword.directory.line import SUBTREE, Entry, Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import all_at_once, everything, pages, portions
from watchword.directory.sids import in_filter, write_guid
from watchword.observability.log import get_logger

_log = get_logger("watchword.directory")
_AT_ONCE = 200
"""So many people make one portion; to read one takes some forty microseconds."""

_IDS_AT_ONCE = 2000


class People:
    """The users who count, as they are at one moment; `line` is who is asked for them."""

    def __init__(
        self, line: Line, options: DirectoryOptions, nesting: Nesting, at: datetime
    ) -> None:
        self._line = line
        self._options = options
        self._nesting = nesting
        self._at = at
        self._hidden = 0
        self._stateless = 0

    async def matching(self, *clauses: str) -> AsyncIterator[Sequence[Person]]:
        """Return whom each of these clauses is true of, in portions; memory holds one page."""
        wanted, asked = users(self._options, *clauses), attributes_of(self._options)
        async for page in pages(self._line, self._options.search_base, wanted, asked):
            for begin in range(0, len(page), _AT_ONCE):
                if people := await self._read(page[begin : begin + _AT_ONCE]):
                    yield people
                await asyncio.sleep(0)  # others wait for this loop too
        self._tell()

    async def guids(self) -> frozenset[str]:
        """Return the objectGUIDs of everybody."""
        base, wanted = self._options.search_base, users(self._options)
        entries, found = await all_at_once(self._line, base, wanted, ["objectGUID"]), set[str]()
        for begin in range(0, len(entries), _IDS_AT_ONCE):
            found |= _guids(entries[begin : begin + _IDS_AT_ONCE])
            await asyncio.sleep(0)
        return frozenset(found)

    async def look_up(self, guids: Iterable[str], dns: Iterable[str]) -> tuple[Person, ...]:
        """Return those of these persons who are there and count."""
        found: dict[str, Person] = {}
        for clauses in portions(_clauses(guids, dns)):
            async for some in self.matching(any_of(clauses)):
                found |= {person.guid: person for person in some}
        return tuple(found.values())

    async def still_there(self, guids: Iterable[str]) -> frozenset[str]:
        """Return those of these objectGUIDs whose persons are there and count."""
        found = frozenset[str]()
        for clauses in portions(_clauses(guids, ())):
            wanted = users(self._options, any_of(clauses))
            found |= await guids_of(self._line, self._options.search_base, wanted)
        return found

    async def _read(self, entries: Sequence[Entry]) -> list[Person]:
        read = [await self._person(entry) for entry in entries]
        people = [person for person in read if person is not None]
        self._hidden += len(read) - len(people)
        self._stateless += sum(not entry.first(STATE) for entry in entries)
        return people

    async def _person(self, entry: Entry) -> Person | None:
        direct = await groups_of(self._line, entry)
        groups = self._nesting.specs_of(direct, primary_of(entry))
        return person_of(entry, self._options, groups=groups, at=self._at)

    def _tell(self) -> None:
        """Tell the log what the service account may not see."""
        name = self._options.name
        if self._hidden:
            _log.warning("some people cannot be read", directory=name, people=self._hidden)
        if self._stateless:
            event = "it cannot be read who is disabled"
            _log.warning(event, directory=name, people=self._stateless)
        self._hidden = self._stateless = 0


async def guids_of(
    line: Line, base: str, wanted: str, *, scope: int = SUBTREE, controls: Sequence[Any] = ()
) -> frozenset[str]:
    """Return the objectGUIDs of whatever a filter matches."""
    asked = ["objectGUID"]
    return _guids(await everything(line, base, wanted, asked, scope=scope, controls=controls))


def _guids(entries: Iterable[Entry]) -> frozenset[str]:
    return frozenset(guid for entry in entries if (guid := guid_of(entry)) is not None)


def _clauses(guids: Iterable[str], dns: Iterable[str]) -> list[str]:
    return [
        *(f"(objectGUID={in_filter(write_guid(guid))})" for guid in guids),
        *(f"(distinguishedName={escape_filter_chars(dn)})" for dn in dns),
    ]
