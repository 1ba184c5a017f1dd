"""Which credential of a request counts, and who holds it (safety.md, Which credential counts)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from urllib.parse import parse_qsl

from watchword.core.apikeys.model import looks_like_key
from watchword.core.policy.refusals import Refused
from watchword.core.services.authenticate import Authenticate, Caller
from watchword.core.services.checkkey import CheckKey
from watchword.http.cookies import tokens_in_cookies
from watchword.http.fields import Fields

CREDENTIAL_CHARACTERS_MAX = 4096
"""Ours have less than a thousand; what is longer is refused before anything is computed."""

QUERY_PARAMETERS_MAX = 100

# Schemes that are not ours, when they stand alone and so look like a bare token
# (IANA, HTTP Authentication Schemes).
_FOREIGN_SCHEMES = frozenset(
    {"basic", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "ntlm", "oauth"}
    | {"privatetoken", "scram-sha-1", "scram-sha-256", "vapid"}
)


class CredentialProblem(StrEnum):
    """Why nobody is known: nothing of ours came, or something that is not good."""

    MISSING = "missing"
    BAD = "bad"


class Carrier(Enum):
    """How a credential travelled."""

    AUTHORIZATION = "Authorization"
    X_AUTHORIZATION = "X-Authorization"
    COOKIE = "Cookie"
    QUERY = "token"


@dataclass(frozen=True, slots=True)
class Presented:
    """A credential as it came; nobody has looked whether it is good."""

    text: str = field(repr=False)
    carrier: Carrier


async def caller_of(
    presented: Presented, *, authenticate: Authenticate, check_key: CheckKey, is_use: bool = True
) -> Caller | Refused | None:
    """Return who holds a credential, None if it is bad, Refused if it came too often.

    Without `is_use` an API key is looked at again, for the same request.
    """
    text = presented.text
    match _kind_of(presented):
        case _Kind.TOKEN:
            return await authenticate.token(text)
        case _Kind.KEY:
            return await check_key.caller(text, is_use=is_use)
    return None


def caller_at_once(
    presented: Presented,
    *,
    authenticate: Authenticate,
    check_key: CheckKey,
    reaches: Callable[[Caller], bool],
) -> Caller | None:
    """Return who holds a credential that memory alone can speak for, and which reaches so far.

    None says nothing of the credential, and is no use of it.
    """
    text = presented.text
    match _kind_of(presented):
        case _Kind.TOKEN:
            return authenticate.at_once(text)
        case _Kind.KEY:
            return check_key.at_once(text, reaches=reaches)
    return None


class _Kind(Enum):
    TOKEN = 1
    KEY = 2


def _kind_of(presented: Presented) -> _Kind | None:
    """Return what the text has to be, None if nothing of ours comes so."""
    text, carrier = presented.text, presented.carrier
    if not text or len(text) > CREDENTIAL_CHARACTERS_MAX or not text.isascii() or " " in text:
        return None
    if carrier is Carrier.X_AUTHORIZATION:
        return _Kind.KEY
    if looks_like_key(text):
        # What browsers send by themselves, and what ends in logs and histories, is no key.
        return _Kind.KEY if carrier is Carrier.AUTHORIZATION else None
    return _Kind.TOKEN


def find_credential(fields: Fields, query: bytes | None) -> Presented | CredentialProblem:
    """Return the most explicit credential; a worse one never stands in for a bad one.

    `query` is given where a token may stand in `?token=`.
    """
    found = (
        _in_authorization(fields.distinct(b"authorization"))
        or _one(fields.distinct(b"x-authorization"), Carrier.X_AUTHORIZATION)
        or _one(tokens_in_cookies(fields), Carrier.COOKIE)
    )
    if found is None and query:
        found = _in_query(query)
    return CredentialProblem.MISSING if found is None else found


def _one(values: set[str], carrier: Carrier) -> Presented | CredentialProblem | None:
    """Two that disagree are bad: we do not guess which of them was meant."""
    if not values:
        return None
    return CredentialProblem.BAD if len(values) > 1 else Presented(values.pop(), carrier)


def _in_authorization(values: set[str]) -> Presented | CredentialProblem | None:
    found = _one(values, Carrier.AUTHORIZATION)
    if not isinstance(found, Presented):
        return found
    scheme, _, rest = found.text.partition(" ")
    if scheme.lower() == "bearer":
        return Presented(rest.strip(), Carrier.AUTHORIZATION)
    if rest or scheme.lower() in _FOREIGN_SCHEMES:
        return None
    # Real clients also send "Bearer<token>", and the token alone.
    text = scheme[len("bearer") :] if scheme[:6].lower() == "bearer" else scheme
    return Presented(text, Carrier.AUTHORIZATION)


def _in_query(query: bytes) -> Presented | CredentialProblem | None:
    try:
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=QUERY_PARAMETERS_MAX)
    except ValueError:
        return CredentialProblem.BAD
    return _one({text for name, text in pairs if name == "token"}, Carrier.QUERY)
