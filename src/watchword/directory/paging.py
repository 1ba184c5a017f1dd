"""Reads what is too long for one answer: many entries, and attributes with many values."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from ldap.controls import SimplePagedResultsControl

from watchword.directory.line import BASE, SUBTREE, Entry, LdapRefusedError, Line

PAGE = 1000
"""Active Directory gives no more at once (MaxPageSize)."""

_AT_ONCE = 100
"""So many clauses make one filter, where things are asked for by name."""

ANYTHING = "(objectClass=*)"

_SIZE_LIMIT_EXCEEDED, _NO_SUCH_OBJECT, _INVALID_DN_SYNTAX = 4, 32, 34


def portions(names: Sequence[str], size: int = _AT_ONCE) -> Iterator[Sequence[str]]:
    """Return names in portions that one filter can ask for."""
    return (names[begin : begin + size] for begin in range(0, len(names), size))


async def pages(
    line: Line,
    base: str,
    wanted: str,
    attributes: Sequence[str],
    *,
    scope: int = SUBTREE,
    controls: Sequence[Any] = (),  # python-ldap has no types
    size: int = PAGE,
) -> AsyncIterator[list[Entry]]:
    """Return everything below a base that a filter matches, page by page (RFC 2696).

    A page may be empty, and others still come. Each is asked for when it is wanted.
    """
    paging = SimplePagedResultsControl(True, size=size, cookie="")  # noqa: FBT003 (its only way)
    while True:
        extras = (paging, *controls)
        answer = await line.search(base, wanted, attributes, scope=scope, controls=extras)
        if answer.entries:
            yield answer.entries
        cookie = _cookie(answer.controls)
        if not cookie:
            return
        paging.cookie = cookie


async def everything(
    line: Line,
    base: str,
    wanted: str,
    attributes: Sequence[str],
    *,
    scope: int = SUBTREE,
    controls: Sequence[Any] = (),
) -> list[Entry]:
    """Return all of it at once, where it cannot be much."""
    found = pages(line, base, wanted, attributes, scope=scope, controls=controls)
    return [entry async for page in found for entry in page]


async def all_at_once(line: Line, base: str, wanted: str, attributes: Sequence[str]) -> list[Entry]:
    """Return the same in one answer if the controller gives one: Samba is slow with pages."""
    try:
        return (await line.search(base, wanted, attributes)).entries
    except LdapRefusedError as error:
        if error.result_code != _SIZE_LIMIT_EXCEEDED:
            raise
    return await everything(line, base, wanted, attributes)


async def entry_at(
    line: Line,
    dn: str,
    attributes: Sequence[str],
    *,
    controls: Sequence[Any] = (),
) -> Entry | None:
    """Return one entry, None if nothing has that DN."""
    try:
        found = await line.search(dn, ANYTHING, attributes, scope=BASE, controls=controls)
    except LdapRefusedError as error:
        if error.result_code in (_NO_SUCH_OBJECT, _INVALID_DN_SYNTAX):
            return None
        raise
    return next(iter(found.entries), None)


async def values_of(line: Line, entry: Entry, attribute: str) -> list[bytes]:
    """Return all values of an attribute that was asked for, also those that were held back."""
    values, after = part_of(entry, attribute)
    if after is None:
        return values
    rest = [one async for some in ranges(line, entry.dn, attribute, after) for one in some]
    return values + rest


async def ranges(
    line: Line, dn: str, attribute: str, begin: int = 0, *, step: int | None = None
) -> AsyncIterator[list[bytes]]:
    """Return the values of an attribute from one on, as many at once as the controller likes.

    With a `step` they are no more than that. An entry that is not there has none.
    """
    after: int | None = begin
    while after is not None:
        last = "*" if step is None else after + step - 1
        entry = await entry_at(line, dn, [f"{attribute};range={after}-{last}"])
        values, after = part_of(entry, attribute) if entry else ([], None)
        if values:
            yield values


def part_of(entry: Entry, attribute: str) -> tuple[list[bytes], int | None]:
    """Return the values that came of an attribute, and where those begin that did not.

    The second is None where all came ([MS-ADTS] 3.1.1.3.1.3.3).
    """
    before = f"{attribute.lower()};range="
    for name, values in entry.values.items():
        if name.startswith(before):
            last = name.removeprefix(before).partition("-")[2]
            # Without values this would go on for ever.
            is_more = last.isdecimal() and bool(values)
            return values, int(last) + 1 if is_more else None
    return entry.all(attribute), None


def _cookie(controls: Sequence[Any]) -> bytes:
    kind = SimplePagedResultsControl.controlType
    return next((one.cookie for one in controls if one.controlType == kind), b"")
