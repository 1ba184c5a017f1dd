"""Tell a page of ours from another's: the CSRF token of a cookie session."""

import hmac

from watchword.core.ports import Digester
from watchword.core.sessions.model import Kind, Session

TOKEN_LENGTH = 22
"""132 bits as base64url."""


class Csrf:
    """Makes and checks the tokens. Nothing is stored: a token is a keyed digest of its session."""

    def __init__(self, *, digester: Digester) -> None:
        self._digester = digester

    def token_of(self, session: Session) -> str:
        """Return the token that whoever opened the session is told, and no page but theirs."""
        return self._digester.digest("csrf", session.id)[:TOKEN_LENGTH]

    def allows(self, session: Session, presented: str) -> bool:
        """Say whether a request with this token, empty for none, may change something."""
        if session.kind is Kind.BEARER:
            return True
        return hmac.compare_digest(
            self.token_of(session).encode(), presented.encode("utf-8", "replace")
        )
