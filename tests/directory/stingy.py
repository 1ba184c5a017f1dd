"""A line whose controller gives little at once and shows little, as those of Windows may."""

from collections.abc import Collection, Sequence
from typing import Any

from watchword.directory.line import SUBTREE, Answer, Entry, LdapRefusedError, Line

SIZE_LIMIT_EXCEEDED = 4
_RANGED = ("member", "memberOf")


class StingyLine(Line):
    """A real line, of which answers are cut: to so many values, and so many entries.

    `hides` are attributes that it does not show. `asked` is how many searches there were.
    """

    def __init__(  # it is none of its own: it asks another
        self,
        line: Line,
        *,
        values_max: int = 2,
        entries_max: int = 1000,
        hides: Collection[str] = (),
    ) -> None:
        self._line = line
        self._values_max = values_max
        self._entries_max = entries_max
        self._hides = {name.lower() for name in hides}
        self.asked = 0

    async def search(
        self,
        base: str,
        wanted: str,
        attributes: Sequence[str],
        *,
        scope: int = SUBTREE,
        controls: Sequence[Any] = (),
        limit: int = 0,
    ) -> Answer:
        self.asked += 1
        names = [self._narrow(name) for name in attributes if name.lower() not in self._hides]
        answer = await self._line.search(
            base, wanted, names or ["1.1"], scope=scope, controls=controls, limit=limit
        )
        if not controls and not limit and len(answer.entries) > self._entries_max:
            raise LdapRefusedError(SIZE_LIMIT_EXCEEDED, "there is more")
        return Answer([self._shown(entry) for entry in answer.entries], answer.controls)

    def _narrow(self, name: str) -> str:
        """Ask for fewer values: Samba gives them all, unless it is asked for some."""
        attribute, _, option = name.partition(";range=")
        if attribute not in _RANGED:
            return name
        begin = int(option.partition("-")[0] or 0)
        return f"{attribute};range={begin}-{begin + self._values_max - 1}"

    def _shown(self, entry: Entry) -> Entry:
        # Windows names the attribute itself too, without values.
        plain = {name.lower(): list[bytes]() for name in _RANGED} if self._values_max else {}
        return Entry(entry.dn, plain | entry.values)
