"""Which groups lead into those that the settings name, through however many others."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from ldap.filter import escape_filter_chars

from watchword.directory.distinguished import key_of
from watchword.directory.entries import any_of, sid_of, users
from watchword.directory.line import Entry, Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import entry_at, everything, pages, portions, ranges, values_of
from watchword.directory.sids import last_part, sibling
from watchword.directory.watched import SECURITY_GROUP, Sighting

_FACTS = ("objectSid", "uSNChanged", "memberOf")
_FEW = 100
"""So many are asked for by one filter; Samba compares each of them with each group."""

_AT_A_TURN = 500
"""So many names are read before others have a turn: it takes a hundredth of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A group from which one of the settings can be reached, if it is none of them itself.

    `parents` are the keys of the groups that it is in, of all of them. `changed` is another
    text after each change.
    """

    dn: str
    sid: str
    changed: str
    parents: frozenset[str]


class Nesting:
    """The groups of the settings and all that are in them, down to any depth; cycles too.

    So whoever is in one of these directly, or has it as the primary group, is in one of the
    settings. It takes as much room as there are such groups, however many users there are.
    """

    def __init__(self, nodes: dict[str, Node], seen: Sighting) -> None:
        self._specs = _specs_by_key(nodes, seen)
        self._nodes = {key: nodes[key] for key in self._specs}
        self._by_sid = {node.sid: self._specs[key] for key, node in self._nodes.items()}

    @property
    def digest(self) -> str:
        """Return a text that is another one as soon as anybody may be in other groups.

        That somebody comes into a group, or leaves it, changes the group. Only one that is
        deleted changes none that it was in: it is missed here.
        """
        lines = sorted(
            f"{node.sid} {node.changed} {sorted(self._specs[key])}"
            for key, node in self._nodes.items()
        )
        return sha256("\n".join(lines).encode()).hexdigest()

    def specs_of(self, direct: Iterable[bytes], primary: str) -> frozenset[str]:
        """Return which groups of the settings somebody is in, by the DNs of their groups."""
        found = set(self._by_sid.get(primary, ()))
        for dn in direct:
            found |= self._specs.get(_key(dn), frozenset())
        return frozenset(found)

    def groups(self) -> Iterator[tuple[Node, frozenset[str]]]:
        """Return each group, and which of the settings are reached from it."""
        for key, node in self._nodes.items():
            yield node, self._specs[key]

    def has(self, dn: bytes) -> bool:
        """Say whether this is one of the groups."""
        return _key(dn) in self._nodes


async def look_down(
    line: Line, options: DirectoryOptions, seen: Sighting, *, few: int = _FEW
) -> Nesting:
    """Return the groups of the settings with all that are in them, as they are now.

    Where these are more than a few, all groups there are come quicker.
    """
    nodes: dict[str, Node] = {}
    tops = [await entry_at(line, group.dn, _FACTS) for group in seen.groups]
    found = [entry for entry in tops if entry is not None]
    while found:
        new = await _nodes(line, found)
        nodes |= new
        if len(nodes) > few:
            return Nesting(await _all_nodes(line, options.root), seen)
        below = await _children(line, options.root, new.values())
        found = [entry for entry in below if key_of(entry.dn) not in nodes]
    return Nesting(nodes, seen)


async def members_of(
    line: Line, options: DirectoryOptions, nesting: Nesting
) -> dict[str, frozenset[str]]:
    """Return the DNs of everybody in each group of the settings, some of whom may not count."""
    found: dict[str, set[str]] = {spec: set() for spec in options.watched}
    for node, specs in nesting.groups():
        async for some in ranges(line, node.dn, "member"):
            people = await _people(some, nesting)
            for spec in specs:
                found[spec] |= people
    async for person, primary in _by_primary(line, options, nesting):
        for spec in nesting.specs_of((), primary):
            found[spec].add(person)
    return {spec: frozenset(dns) for spec, dns in found.items()}


def primary_of(entry: Entry) -> str:
    """Return the SID of a user's primary group, empty if the entry does not tell."""
    own, number = sid_of(entry), entry.text("primaryGroupID")
    return sibling(own, number) if own and number else ""


async def groups_of(line: Line, entry: Entry) -> list[bytes]:
    """Return the DNs of all groups that somebody is in directly, but for the primary one."""
    return await values_of(line, entry, "memberOf")


async def _people(members: list[bytes], nesting: Nesting) -> set[str]:
    """Return which members are no groups. Samba tells all of them in one go."""
    people: set[str] = set()
    for begin in range(0, len(members), _AT_A_TURN):
        some = members[begin : begin + _AT_A_TURN]
        people |= {dn.decode("utf-8", "replace") for dn in some if not nesting.has(dn)}
        await asyncio.sleep(0)
    return people


async def _by_primary(
    line: Line, options: DirectoryOptions, nesting: Nesting
) -> AsyncIterator[tuple[str, str]]:
    """Return the DN of each user whose primary group is one of these, and that group's SID."""
    numbers = sorted({last_part(node.sid) for node, _ in nesting.groups() if node.sid})
    for some in portions([f"(primaryGroupID={number})" for number in numbers]):
        wanted = users(options, any_of(some))
        asked = ("objectSid", "primaryGroupID")
        async for page in pages(line, options.search_base, wanted, asked):
            for entry in page:
                yield entry.dn, primary_of(entry)


async def _nodes(line: Line, entries: Iterable[Entry]) -> dict[str, Node]:
    return {
        key_of(entry.dn): Node(
            dn=entry.dn,
            sid=sid_of(entry),
            changed=entry.text("uSNChanged"),
            parents=frozenset(map(_key, await groups_of(line, entry))),
        )
        for entry in entries
    }


async def _all_nodes(line: Line, root: str) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    async for page in pages(line, root, f"(&{SECURITY_GROUP})", _FACTS):
        nodes |= await _nodes(line, page)
    return nodes


async def _children(line: Line, root: str, parents: Iterable[Node]) -> list[Entry]:
    clauses = any_of(f"(memberOf={escape_filter_chars(node.dn)})" for node in parents)
    return await everything(line, root, f"(&{SECURITY_GROUP}{clauses})", _FACTS)


def _specs_by_key(nodes: dict[str, Node], seen: Sighting) -> dict[str, frozenset[str]]:
    below: dict[str, set[str]] = defaultdict(set)
    for key, node in nodes.items():
        for parent in node.parents:
            below[parent].add(key)
    reached: dict[str, set[str]] = defaultdict(set)
    for group in seen.groups:
        for key in _all_below(key_of(group.dn), below) & nodes.keys():
            reached[key].add(group.spec)
    return {key: frozenset(specs) for key, specs in reached.items()}


def _all_below(top: str, below: dict[str, set[str]]) -> set[str]:
    """Return a group and all that are in it, each once, in whatever circles they stand."""
    seen, ahead = {top}, [top]
    while ahead:
        new = below[ahead.pop()] - seen
        seen |= new
        ahead.extend(new)
    return seen


def _key(dn: bytes) -> str:
    try:
        return key_of(dn.decode("utf-8", "replace"))
    except ValueError:
        return ""
