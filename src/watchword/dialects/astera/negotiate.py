"""Kerberos tickets in HTTP fields, as RFC 4559 has them: `Negotiate <base64>`, both ways."""

from base64 import b64decode, b64encode
from http import HTTPStatus

from starlette.responses import Response

from watchword.http.call import Call

_SCHEME = "Negotiate"
_CHALLENGES = "WWW-Authenticate"


def brings_ticket(call: Call) -> bool:
    """Say whether a ticket came, good or bad."""
    return bool(_tickets(call))


def read_ticket(call: Call) -> bytes | None:
    """Return the ticket, None if it cannot be one; two that differ are none."""
    match _tickets(call):
        case [text]:
            try:
                return b64decode(text, validate=True) or None
            except ValueError:
                return None
    return None


def ask_for_ticket(response: Response) -> Response:
    """Say that a ticket would do as well, if this is a 401."""
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers.append(_CHALLENGES, _SCHEME)
    return response


def prove_ourselves(response: Response, reply: bytes) -> Response:
    """Send what proves to the client that we are who it asked for."""
    # In a 401 it would ask for another round (RFC 4559, 4.1), and there is none.
    if reply and response.status_code != HTTPStatus.UNAUTHORIZED:
        response.headers.append(_CHALLENGES, f"{_SCHEME} {b64encode(reply).decode()}")
    return response


def _tickets(call: Call) -> list[str]:
    """Return the different tickets, as they are written."""
    fields = call.arrival.fields.distinct(b"authorization")
    parts = (field.partition(" ") for field in fields)
    return [text.strip() for scheme, _, text in parts if scheme.lower() == _SCHEME.lower()]
