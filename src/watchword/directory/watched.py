"""The groups that the settings name, as they are in the directory now."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchword.core.kernel.clock import Clock
from watchword.directory.entries import sid_of
from watchword.directory.line import Entry, Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import entry_at
from watchword.directory.sids import in_filter, write_sid
from watchword.observability.log import get_logger

_log = get_logger("watchword.directory")

SECURITY_GROUP = "(objectClass=group)(groupType:1.2.840.113556.1.4.803:=2147483648)"
"""To stand in an &. Groups that are for letters alone give no rights, and are in no token."""

_SECURITY_ENABLED = 1 << 31
_KEPT_FOR = timedelta(minutes=5)
_LACK_KEPT_FOR = timedelta(seconds=10)
"""Where one was not found: it may come, or was not shown to whoever asked."""

_FACTS = ("objectSid", "groupType")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedGroup:
    """A group that the settings spell as `spec`, and where it is."""

    spec: str
    sid: str
    dn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What became of the names in the settings: the groups, and why there is none of the rest."""

    groups: tuple[WatchedGroup, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)

    def matched(self, sids: frozenset[str]) -> frozenset[str]:
        """Return how the settings spell those of these groups that they name."""
        return frozenset(group.spec for group in self.groups if group.sid in sids)

    def spelling(self, sid: str) -> str:
        """Return how the settings spell a group, empty if they do not name it."""
        return next((group.spec for group in self.groups if group.sid == sid), "")


class Watched:
    """Finds the groups of the settings, and remembers for some minutes where they are.

    Without a service account it asks each time: what one person may not see is there for others.
    A SID is the same group whatever it is called and wherever it is; a DN is whichever group
    stands there.
    """

    def __init__(self, options: DirectoryOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._seen = Sighting()
        self._seen_at: datetime | None = None

    async def groups(self, line: Line, *, fresh: bool = False) -> Sighting:
        """Return them; `fresh`: as they are at this moment."""
        at = self._clock.now()
        kept_for = _LACK_KEPT_FOR if self._seen.missing else _KEPT_FOR
        is_known = self._seen_at is not None and abs(at - self._seen_at) < kept_for
        if fresh or not is_known or not self._options.can_look:
            self._keep(await self._look(line), at)
        return self._seen

    async def _look(self, line: Line) -> Sighting:
        groups, missing = [], {}
        specs = sorted(self._options.watched)
        # All at once, for somebody who logs in may wait for it.
        looked = await asyncio.gather(*(_find(line, self._options.root, spec) for spec in specs))
        for spec, found in zip(specs, looked, strict=True):
            if isinstance(found, WatchedGroup):
                groups.append(found)
            else:
                missing[spec] = found
        return Sighting(groups=tuple(groups), missing=missing)

    def _keep(self, seen: Sighting, at: datetime) -> None:
        if seen.missing != self._seen.missing:
            for spec, why in seen.missing.items():
                _log.warning(
                    "a group of the settings matches nobody",
                    directory=self._options.name,
                    group=spec,
                    because=why,
                )
        self._seen, self._seen_at = seen, at


async def _find(line: Line, root: str, spec: str) -> WatchedGroup | str:
    """Return a group, or why there is none."""
    entry = await _entry_of(line, root, spec)
    if entry is None:
        return "there is nothing of that name"
    if not _is_security_group(entry):
        return "it is no security group"
    sid = sid_of(entry)
    return WatchedGroup(spec=spec, sid=sid, dn=entry.dn) if sid else "its SID is hidden"


async def _entry_of(line: Line, root: str, spec: str) -> Entry | None:
    try:
        sid = write_sid(spec)
    except ValueError:
        return await entry_at(line, spec, _FACTS)
    found = await line.search(root, f"(objectSid={in_filter(sid)})", _FACTS)
    return next(iter(found.entries), None)


def _is_security_group(entry: Entry) -> bool:
    return bool(int(entry.first("groupType") or 0) & _SECURITY_ENABLED)
