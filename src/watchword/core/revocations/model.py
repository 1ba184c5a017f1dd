"""One revocation, as other services learn of it."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from watchword.core.kernel.ids import SessionId


class Kind(StrEnum):
    """What was revoked: one session with all its tokens, or signing keys and what they signed."""

    SESSION = "session"
    KEYS = "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """`number` grows with each one, in the order of the commits.

    `sid` is the lower-case hexadecimal SHA-256 of the session's id: who knows the session
    recognises it, and nobody else learns anything. It is empty for keys.
    """

    number: int
    kind: Kind
    sid: str = ""


def sid_digest(session_id: SessionId) -> str:
    """Return the name of a session in the feed of revocations."""
    return hashlib.sha256(session_id.encode()).hexdigest()
