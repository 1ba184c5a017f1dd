"""What the core asks of whoever keeps the facts of this installation."""

from datetime import datetime
from typing import Protocol


class SetupStore(Protocol):
    """Keeps a few facts, each written once, and the setup token of the running server."""

    async def instance(self) -> str | None:
        """Return the installation's id, None before it has one."""

    def name_instance(self, instance: str) -> None:
        """Record the installation's id, unless it has one already."""

    async def has_had_account(self) -> bool:
        """Say whether single-user mode has ended. The first account ends it for ever."""

    def require_no_account_yet(self) -> None:
        """Make the commit depend on no account having ever been made.

        At commit: ConflictError("setup") otherwise. Of several first admins made at
        once, one commits.
        """

    async def token_digest(self) -> str | None:
        """Return the digest of the setup token, None if there is none."""

    def put_token(self, digest: str, *, at: datetime) -> None:
        """Record the digest of a new setup token, with no tries used."""

    def use_try(self, *, limit: int) -> None:
        """Record one try at the setup token. At commit: DeniedError once `limit` are used."""

    def drop_token(self) -> None:
        """Record the end of the setup token."""
