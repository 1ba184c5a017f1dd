"""A session, and the access tokens that name it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from watchword.core.kernel.ids import AccountId, SessionId

CLIENT_LENGTH_MAX = 200


class Kind(StrEnum):
    """How a session is used: by programs, which send its token, or by browsers, in a cookie.

    A browser sends a cookie to us whoever wrote the page, so what a cookie session changes
    needs proof that the page is ours (CSRF). That holds however its token travels.
    """

    BEARER = "bearer"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Proof, for a while, that someone signed in.

    `expires_at` is the end that no renewal moves: counted from the moment the password
    was typed. `address` is where from, for the person who looks at a list. `client` is
    what the program at the other end calls itself, empty if it did not say.
    `last_used_at` is right to the minute.
    """

    id: SessionId
    account_id: AccountId
    dialect: str
    created_at: datetime
    expires_at: datetime
    address: str = ""
    kind: Kind = Kind.BEARER
    client: str = ""
    last_used_at: datetime | None = None

    def is_idle(self, since: datetime) -> bool:
        """Say whether it was neither used nor made since a moment."""
        return (self.last_used_at or self.created_at) < since


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """The claims of one access token (RFC 9068, section 2.2).

    `client_id` is the dialect that made it. Times are whole seconds, UTC. `key_id` is the
    key that a token which was read is signed with. `audience` is the service that it is
    for, empty for ourselves; a token for another is never read here.
    """

    id: str
    session_id: SessionId
    account_id: AccountId
    client_id: str
    issued_at: datetime
    expires_at: datetime
    key_id: str = ""
    audience: str = ""


def is_client(text: str) -> bool:
    """Say whether a program may call itself so; nothing is fine as well."""
    return len(text) <= CLIENT_LENGTH_MAX and text.isprintable()


def session_label(session_id: SessionId) -> str:
    """Return the name of a session that may be shown and logged: it opens nothing."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:16]


def token_end(now: datetime, *, lifetime: timedelta, session: Session) -> datetime:
    """Return when a token made now ends: its own lifetime, within its session's."""
    return min(now + lifetime, session.expires_at).replace(microsecond=0)
