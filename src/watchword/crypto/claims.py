"""The header and the claims of our tokens as strict JSON: one spelling, checked types."""

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.sessions.model import AccessToken

TYPE = "at+jwt"
"""RFC 9068, 2.1. Nothing else that these keys may sign one day passes for an access token."""

TEXT_LENGTH_MAX = 8 * 1024
HEADER_LENGTH_MAX = 512
"""Also joserfc's own; ours has 110 characters."""

_TYPES = frozenset({TYPE, f"application/{TYPE}"})  # RFC 9068, section 4
_COMPACT = re.compile(rf"([A-Za-z0-9_-]{{1,{HEADER_LENGTH_MAX}}})\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MEMBERS = {"alg", "kid", "typ"}
_SECONDS_MAX = 253_402_300_799  # the end of the year 9999, where datetime ends


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says of its own signature; to be believed only once a key agrees."""

    algorithm: str
    key_id: str


def read_header(text: str) -> Header | None:
    """Return the header of a compact JWS as we write it, None if it is anything else.

    Exactly our three members: so no key comes along (`jwk`, `jku`, `x5u`), and nothing that
    one must understand (`crit`, `zip`, `b64`).
    """
    compact = _COMPACT.fullmatch(text) if len(text) <= TEXT_LENGTH_MAX else None
    if compact is None:
        return None
    header = _read_object(_decode(compact[1]))
    if header is None or header.keys() != _MEMBERS:
        return None
    algorithm, key_id, kind = header["alg"], header["kid"], header["typ"]
    if not (isinstance(algorithm, str) and isinstance(key_id, str) and isinstance(kind, str)):
        return None
    return Header(algorithm, key_id) if kind in _TYPES else None


def write_claims(token: AccessToken, *, issuer: str) -> bytes:
    """Return the claims of RFC 9068, 2.2 as JSON; for whom no service is named, it is for us."""
    # Whoever may name a service must not come to a token for ourselves that way.
    assert token.audience != issuer
    claims = {
        "iss": issuer,
        "aud": token.audience or issuer,
        "sub": token.account_id,
        "sid": token.session_id,
        "jti": token.id,
        "client_id": token.client_id,
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    return json.dumps(claims, separators=(",", ":")).encode("ascii")


def read_claims(payload: bytes, *, issuer: str, key_id: str) -> AccessToken | None:
    """Return the token that a signed payload describes, None if it is not one of ours.

    `aud` must be our text itself: a list, even of one, is a spelling we never write, and a
    token for a service that trusts us is no token for us.
    """
    claims = _read_object(payload)
    if claims is None or claims.get("iss") != issuer or claims.get("aud") != issuer:
        return None
    texts = [_text(claims.get(name)) for name in ("jti", "sid", "sub", "client_id")]
    times = [_time(claims.get(name)) for name in ("iat", "exp")]
    match texts, times:
        case [str(jti), str(sid), str(sub), str(client)], [datetime() as made, datetime() as end]:
            return AccessToken(
                id=jti,
                session_id=SessionId(sid),
                account_id=AccountId(sub),
                client_id=client,
                issued_at=made,
                expires_at=end,
                key_id=key_id,
            )
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _time(value: object) -> datetime | None:
    # `type is`: True is an int for isinstance, and a float is no time that we ever wrote.
    if type(value) is not int or not 0 <= value <= _SECONDS_MAX:
        return None
    return datetime.fromtimestamp(value, UTC)


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
