"""What changed in a directory between two looks at it, as far as its controller can tell."""

from datetime import timedelta

from ldap.controls import LDAPControl

from watchword.directory.cursor import Cursor
from watchword.directory.entries import any_of
from watchword.directory.line import ONE_LEVEL, LdapRefusedError, Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import entry_at
from watchword.directory.people import People, guids_of
from watchword.directory.sids import write_moment

_SHOW_DELETED = "1.2.840.113556.1.4.417"
_PEOPLE = "(objectCategory=person)(objectClass=user)"
_PLACES = "(|(objectCategory=organizationalUnit)(objectCategory=container))"
_MICROSECOND = timedelta(microseconds=1)


class Changes:
    """What has a number above that of the last look (uSNChanged), or fell due since."""

    def __init__(self, line: Line, options: DirectoryOptions, before: Cursor, now: Cursor) -> None:
        self._line = line
        self._options = options
        self._before = before
        self._now = now
        self._by_groups = "memberof" in options.user_filter.lower()

    @property
    def of_groups(self) -> bool:
        """Say whether anybody may have come into a group of the settings, or left one."""
        return self._before.groups != self._now.groups

    @property
    def clause(self) -> str:
        """Return what is true of those who changed, or whose accounts expired."""
        return any_of((self._changed, self._fell_due))

    async def are_boundless(self) -> bool:
        """Say whether people may have changed who do not look as if they had.

        When a place in the tree is renamed or moved, the DNs of all below it change with it,
        and nothing else of them. Where the filter of the settings asks for groups, who counts
        depends on changes of groups.
        """
        if await self._has_any(f"{_PLACES}(uSNCreated<={self._before.number})"):
            return True
        return self._by_groups and await self._has_any("(objectClass=group)")

    async def gone(self, people: People, told: frozenset[str]) -> frozenset[str] | None:
        """Return the objectGUIDs of who does not count any more, None if that is not shown.

        `told` are some who are known to count.
        """
        if self._before.number == self._now.number:
            return frozenset()
        deleted = await self._deleted()
        if deleted is None or self._by_groups:
            return None
        candidates = (deleted | await self._moved()) - told
        return candidates - await people.still_there(candidates)

    async def _moved(self) -> frozenset[str]:
        """Return who changed anywhere, and so may have left the place or the filter."""
        if self._options.search_base == self._options.root and not self._options.user_filter:
            return frozenset()
        # The number comes first: Samba looks at everybody, and this way soon away again.
        wanted = f"(&{self._changed}{_PEOPLE})"
        return await guids_of(self._line, self._options.root, wanted)

    async def _deleted(self) -> frozenset[str] | None:
        """Return whose entries were deleted, None if the service account may not see that."""
        base = f"CN=Deleted Objects,{self._options.root}"
        shows = [LDAPControl(_SHOW_DELETED, criticality=True)]
        if not await self._is_shown(base, shows):
            return None
        wanted = f"(&(isDeleted=TRUE)(objectClass=user){self._changed})"
        return await guids_of(self._line, base, wanted, scope=ONE_LEVEL, controls=shows)

    async def _is_shown(self, base: str, shows: list[LDAPControl]) -> bool:
        try:
            place = await entry_at(self._line, base, ["isDeleted"], controls=shows)
        except LdapRefusedError:
            return False
        # Samba names the place to everybody, and shows nothing of it but to those who may look.
        return place is not None and bool(place.first("isDeleted"))

    async def _has_any(self, clauses: str) -> bool:
        wanted = f"(&{clauses}{self._changed})"
        answer = await self._line.search(self._options.root, wanted, ["1.1"], limit=1)
        return bool(answer.entries)

    @property
    def _changed(self) -> str:
        return f"(uSNChanged>={self._before.number + 1})"

    @property
    def _fell_due(self) -> str:
        # If the clock was put back, they are those who are not to be closed yet after all.
        first, last = sorted((self._before.at, self._now.at))
        begin, end = write_moment(first + _MICROSECOND), write_moment(last + _MICROSECOND) - 1
        return f"(&(accountExpires>={begin})(accountExpires<={end}))"
