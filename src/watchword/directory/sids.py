"""How Active Directory writes the ids of things, and moments."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

_SID = re.compile(r"S-1-(0|[1-9][0-9]{0,14})((?:-(?:0|[1-9][0-9]{0,9})){1,15})", re.ASCII)
_REVISION = 1
_HEAD = 8  # revision, count, and six bytes of authority
_WORD = 4
_PARTS_MAX = 15  # [MS-DTYP] 2.4.2.2
_AUTHORITY_END, _PART_END = 1 << 48, 1 << 32

_YEAR_ONE = datetime(1601, 1, 1, tzinfo=UTC)
_TICKS_PER_MICROSECOND = 10
_NEVER = (1 << 63) - 1
_LAST = (datetime.max.replace(tzinfo=UTC) - _YEAR_ONE) // timedelta(microseconds=1)


def read_sid(raw: bytes) -> str:
    """Return a SID as people write it. Raises ValueError if these are not its bytes."""
    if len(raw) < _HEAD + _WORD or raw[0] != _REVISION or raw[1] > _PARTS_MAX:
        raise ValueError("no SID")
    if len(raw) != _HEAD + _WORD * raw[1]:
        raise ValueError("no SID")
    authority = int.from_bytes(raw[2:_HEAD], "big")
    words = (raw[at : at + _WORD] for at in range(_HEAD, len(raw), _WORD))
    parts = (int.from_bytes(word, "little") for word in words)
    return "-".join(("S", str(_REVISION), str(authority), *map(str, parts)))


def write_sid(text: str) -> bytes:
    """Return the bytes of a SID. Raises ValueError if this is none."""
    matched = _SID.fullmatch(text.upper())
    if matched is None:
        raise ValueError("no SID")
    authority, parts = int(matched[1]), [int(part) for part in matched[2].split("-")[1:]]
    if authority >= _AUTHORITY_END or max(parts) >= _PART_END:
        raise ValueError("no SID")
    head = bytes((_REVISION, len(parts))) + authority.to_bytes(6, "big")
    return head + b"".join(part.to_bytes(_WORD, "little") for part in parts)


def sibling(sid: str, last: str) -> str:
    """Return the SID that differs in its last part alone: another one of the same domain."""
    return f"{sid.rpartition('-')[0]}-{last}"


def last_part(sid: str) -> str:
    """Return what tells the SIDs of one domain apart."""
    return sid.rpartition("-")[2]


def read_guid(raw: bytes) -> str:
    """Return an objectGUID in its usual spelling. Raises ValueError if these are not its bytes."""
    return str(UUID(bytes_le=raw))


def write_guid(text: str) -> bytes:
    """Return the bytes of an objectGUID. Raises ValueError if this is none."""
    return UUID(text).bytes_le


def in_filter(raw: bytes) -> str:
    """Return bytes as a filter may hold them (RFC 4515, 3)."""
    return "".join(f"\\{byte:02x}" for byte in raw)


def read_moment(text: bytes | None) -> datetime | None:
    """Return the moment that an attribute such as accountExpires holds; None: never, or not yet.

    What is before the first moment of that calendar is taken for the first, and what is after
    our last one for never. Raises ValueError if it is no number.
    """
    ticks = int(text or 0)
    if ticks in (0, _NEVER):
        return None
    microseconds = max(ticks, 0) // _TICKS_PER_MICROSECOND
    return None if microseconds > _LAST else _YEAR_ONE + timedelta(microseconds=microseconds)


def write_moment(moment: datetime) -> int:
    """Return a moment as the number that such an attribute holds."""
    return (moment - _YEAR_ONE) // timedelta(microseconds=1) * _TICKS_PER_MICROSECOND
