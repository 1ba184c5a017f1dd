"""What the core asks of whoever keeps credentials."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from watchword.core.credentials.model import PasswordCredential
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page


class CredentialStore(Protocol):
    """Keeps at most one password per account, and the hashes it had before."""

    async def password_of(self, account_id: AccountId) -> PasswordCredential | None: ...

    async def earlier_passwords(self, account_id: AccountId, *, limit: int) -> tuple[str, ...]:
        """Return encoded hashes that the current one replaced, newest first."""

    async def documented(self) -> tuple[AccountId, ...]:
        """Return the accounts that still have the documented password, 100 at most."""

    async def unannounced(
        self, *, since: datetime, until: datetime, after: str | None = None, limit: int
    ) -> Page[PasswordCredential]:
        """Return passwords set from `since` on and before `until`, the oldest first.

        Only those of active accounts with a confirmed address, and none that was announced.
        """

    def put_password(self, credential: PasswordCredential, *, remember: int = 0) -> None:
        """Record the account's new password, keeping `remember` replaced hashes.

        At commit: NotFoundError if the account is gone.
        """

    def add_passwords(self, credentials: Sequence[PasswordCredential]) -> None:
        """Record the first passwords of accounts that are new in this commit."""

    def rehash(self, credential: PasswordCredential, *, replaces: str) -> None:
        """Record another hash of the same password, unless it changed meanwhile.

        The hash is stored only where `replaces` still is; it enters no history.
        """

    def announce(self, credential: PasswordCredential, *, at: datetime) -> None:
        """Record that a letter says when this password expires.

        At commit: DeniedError if one said so before, or the account has another password.
        """

    def require(self, account_id: AccountId, *, encoded: str) -> None:
        """Make the commit depend on the account being active with this password.

        At commit: DeniedError otherwise. A session is opened under this condition, so that a
        change of password or state that commits first leaves no session behind.
        """
