"""A token that the client holds, and when it is time for the next one."""

import base64
import json
import re
from dataclasses import dataclass, field

RENEW_EARLIEST = 0.5
RENEW_LATEST = 0.8
"""The part of its life after which a token is replaced lies between these, drawn for each one:
so that a fleet that started together does not renew together."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Held:
    """A token, its life in seconds, and two moments of our own clock.

    The life is what the token says, the moments count from when we asked for it: so it does
    not matter whether our clock and the server's agree.
    """

    text: str = field(repr=False)
    life: float
    renew_at: float
    ends_at: float


def hold(text: str, *, asked_at: float, chance: float) -> Held | None:
    """Return a token with its moments, None if it is no token that says how long it lives."""
    life = _life(text)
    if life is None:
        return None
    part = RENEW_EARLIEST + (RENEW_LATEST - RENEW_EARLIEST) * chance
    return Held(text, life, asked_at + life * part, asked_at + life)


def _life(text: str) -> float | None:
    """Read `exp` and `iat`. Nobody checks the signature: the server itself gave us the token."""
    parts = _COMPACT.fullmatch(text)
    if parts is None:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        life = claims["exp"] - claims["iat"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return float(life) if life > 0 else None
