"""Which groups one person is in: directly, through others, or as the primary group."""

from collections.abc import Sequence

from ldap.filter import escape_filter_chars

from watchword.core.directory.port import Belonging
from watchword.directory.entries import any_of, sid_of
from watchword.directory.graph import groups_of, primary_of
from watchword.directory.line import Entry, Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import entry_at, everything, portions, values_of
from watchword.directory.sids import in_filter, read_sid, write_sid
from watchword.directory.watched import SECURITY_GROUP, Watched

_NESTED = "tokenGroups"
"""The controller follows the groups itself; only for one entry at a time."""

_STEPS = ("objectSid", "memberOf", "primaryGroupID")


async def named_groups(
    line: Line, options: DirectoryOptions, watched: Watched, dn: str
) -> frozenset[str]:
    """Return those groups of the settings that a person is in, as they are spelt there."""
    if not options.watched:
        return frozenset()
    seen = await watched.groups(line)
    return seen.matched(await sids_of(line, options, dn))


async def belongings(
    line: Line, options: DirectoryOptions, watched: Watched, dn: str
) -> tuple[Belonging, ...]:
    """Return every security group that a person is in, by DN; one of elsewhere has none."""
    seen = await watched.groups(line)
    sids = await sids_of(line, options, dn)
    dns = await _dns_of(line, options, sorted(sids))
    found = (Belonging(sid=sid, dn=dns.get(sid, ""), named=seen.spelling(sid)) for sid in sids)
    return tuple(sorted(found, key=lambda one: (one.dn.lower(), one.sid)))


async def sids_of(line: Line, options: DirectoryOptions, dn: str) -> frozenset[str]:
    """Return the SIDs of all security groups that a person is in, nobody's being none."""
    entry = await entry_at(line, dn, [_NESTED])
    told = await values_of(line, entry, _NESTED) if entry else []
    # Everybody has a primary group, so no SID at all means that we may not see them.
    return frozenset(map(read_sid, told)) if told else await climb(line, options, dn)


async def climb(line: Line, options: DirectoryOptions, dn: str) -> frozenset[str]:
    """Return the same by steps from group to group, for where tokenGroups is not shown."""
    person = await entry_at(line, dn, _STEPS)
    if person is None:
        return frozenset()
    primary = primary_of(person)
    ahead = await _above(line, person) | ({_by_sid(primary)} if primary else set())
    found, seen = set[str](), set[str]()
    while ahead:
        seen |= ahead
        groups = await _security_groups(line, options, sorted(ahead))
        found |= {sid_of(group) for group in groups}
        ahead = {one for group in groups for one in await _above(line, group)} - seen
    return frozenset(found - {""})


async def _above(line: Line, entry: Entry) -> set[str]:
    """Return a clause for each group that somebody, or a group, is in directly."""
    dns = (dn.decode("utf-8", "replace") for dn in await groups_of(line, entry))
    return {f"(distinguishedName={escape_filter_chars(dn)})" for dn in dns}


async def _dns_of(line: Line, options: DirectoryOptions, sids: Sequence[str]) -> dict[str, str]:
    groups = await _security_groups(line, options, [_by_sid(sid) for sid in sids])
    return {sid_of(group): group.dn for group in groups}


async def _security_groups(
    line: Line, options: DirectoryOptions, clauses: Sequence[str]
) -> list[Entry]:
    found: list[Entry] = []
    for some in portions(clauses):
        wanted = f"(&{SECURITY_GROUP}{any_of(some)})"
        found += await everything(line, options.root, wanted, _STEPS)
    return found


def _by_sid(sid: str) -> str:
    return f"(objectSid={in_filter(write_sid(sid))})"
