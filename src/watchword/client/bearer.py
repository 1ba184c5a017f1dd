"""Bearer tokens in HTTP (RFC 6750): where one stands, and how to say that it is not accepted."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from watchword.client.errors import InvalidToken, Unavailable

REALM = 'Bearer realm="watchword"'


@dataclass(frozen=True, slots=True)
class Denial:
    """An answer that lets nobody in."""

    status: HTTPStatus
    error: str
    headers: tuple[tuple[str, str], ...]


MISSING = Denial(HTTPStatus.UNAUTHORIZED, "unauthorized", (("WWW-Authenticate", REALM),))
"""RFC 6750, 3.1: who brought no token is told of no error."""

UNCLEAR = Denial(
    HTTPStatus.BAD_REQUEST,
    "invalid_request",
    (("WWW-Authenticate", f'{REALM}, error="invalid_request"'),),
)
INVALID = Denial(
    HTTPStatus.UNAUTHORIZED,
    "invalid_token",
    (("WWW-Authenticate", f'{REALM}, error="invalid_token"'),),
)


def read_bearer(fields: Sequence[str]) -> str | Denial:
    """Return the token in the values of all `Authorization` fields of a request."""
    if len(fields) > 1:
        return UNCLEAR
    scheme, _, token = (fields[0] if fields else "").strip(" ").partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or not token:
        return MISSING
    return token


def denial_of(error: InvalidToken | Unavailable) -> Denial:
    """Return the answer for a token that a guard did not accept."""
    if isinstance(error, Unavailable):
        wait = (("Retry-After", str(error.retry_after)),)
        return Denial(HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable", wait)
    return INVALID
