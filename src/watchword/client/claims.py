"""The header and the claims of an access token (RFC 9068) as strict JSON.

The server reads its tokens with the same strictness. The lines stand here once more because
this library must work where the server is not installed.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from watchword.client.errors import InvalidToken
from watchword.client.principal import Principal

TEXT_LENGTH_MAX = 8 * 1024
HEADER_LENGTH_MAX = 512
CLOCKS_APART_S = 120
"""How far the server's clock may be ahead of ours. An end is an end by our own clock."""

_TYPES = frozenset({"at+jwt", "application/at+jwt"})  # RFC 9068, section 4
_COMPACT = re.compile(rf"([A-Za-z0-9_-]{{1,{HEADER_LENGTH_MAX}}})\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MEMBERS = {"alg", "kid", "typ"}
_SECONDS_MAX = 253_402_300_799  # the end of the year 9999, where datetime ends


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says of its own signature; to be believed only once a key agrees."""

    algorithm: str
    key_id: str


def read_header(text: str) -> Header:
    """Return the header of a compact JWS as Watchword writes it.

    Exactly three members: so no key comes along (`jwk`, `jku`, `x5u`), and nothing that one
    must understand (`crit`, `zip`, `b64`).
    """
    compact = _COMPACT.fullmatch(text) if len(text) <= TEXT_LENGTH_MAX else None
    header = _read_object(_decode(compact[1])) if compact else None
    if header is None or header.keys() != _MEMBERS:
        raise InvalidToken("malformed")
    algorithm, key_id, kind = header["alg"], header["kid"], header["typ"]
    if not (isinstance(algorithm, str) and isinstance(key_id, str) and isinstance(kind, str)):
        raise InvalidToken("malformed")
    if kind not in _TYPES:
        raise InvalidToken("no access token")
    return Header(algorithm, key_id)


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose tokens count, and for whom they must be."""

    issuer: str
    audience: str
    life_max: float


def read_claims(payload: bytes, expected: Expected, *, now: float) -> Principal:
    """Return who a signed payload speaks of, at a time in seconds since 1970."""
    claims = _read_object(payload)
    if claims is None:
        raise InvalidToken("malformed")
    if claims.get("iss") != expected.issuer:
        raise InvalidToken("wrong issuer")
    # The text itself: Watchword never writes a list, and we are not one audience of several.
    if claims.get("aud") != expected.audience:
        raise InvalidToken("wrong audience")
    made, ends = (_seconds(claims, name) for name in ("iat", "exp"))
    if ends <= now:
        raise InvalidToken("expired")
    if made > now + CLOCKS_APART_S:
        raise InvalidToken("not yet valid")
    if ends - made > expected.life_max:
        raise InvalidToken("lives too long")
    return Principal(
        subject=_text(claims, "sub"),
        session=_text(claims, "sid"),
        client_id=_text(claims, "client_id"),
        expires_at=datetime.fromtimestamp(ends, UTC),
        claims=MappingProxyType(claims),
    )


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidToken("malformed")
    return value


def _seconds(claims: Mapping[str, object], name: str) -> int:
    value = claims.get(name)
    # `type is`: True is an int for isinstance, and a float is no time that the server writes.
    if type(value) is not int or not 0 <= value <= _SECONDS_MAX:
        raise InvalidToken("malformed")
    return value


def _read_object(octets: bytes) -> dict[str, object] | None:
    try:
        value = _STRICT.decode(octets.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _decode(part: str) -> bytes:
    # Leniently: joserfc refuses other spellings of base64url before the signature counts.
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return b""


def _once(members: Iterable[tuple[str, object]]) -> dict[str, object]:
    # RFC 8259, 4: parsers differ on which of two members counts, so neither does.
    pairs = list(members)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands there twice")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse)
