"""What the core asks of whoever keeps API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchword.core.apikeys.model import ApiKey
from watchword.core.kernel.ids import AccountId, ApiKeyId
from watchword.core.kernel.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """That a key was used, and when.

    `digest` and `sealed` are set where the key was still kept under a retired key of
    ours: then this is how to keep it from now on.
    """

    key_id: ApiKeyId
    at: datetime
    digest: str = ""
    sealed: str = ""


class ApiKeyStore(Protocol):
    """Keeps API keys until they are deleted.

    Every method that takes a key's power away is felt by all processes of this machine
    before `commit` returns, and by other nodes within a second.
    """

    async def by_id(self, key_id: ApiKeyId) -> ApiKey | None: ...

    async def by_digest(self, digests: Sequence[str]) -> ApiKey | None:
        """Return the key that has one of these digests. For who looks at its own keys."""

    async def page_of(
        self, account_id: AccountId, *, after: str | None = None, limit: int
    ) -> Page[ApiKey]:
        """Return the account's keys, oldest first, expired ones too."""

    async def page(self, *, after: str | None = None, limit: int) -> Page[ApiKey]:
        """Return all keys, oldest first, expired ones too."""

    async def beginning(self, text: str, *, limit: int) -> tuple[ApiKey, ...]:
        """Return up to so many keys whose ids begin with a text, in the order of the ids."""

    def add(self, key: ApiKey, *, most: int) -> None:
        """Record a new key.

        At commit: ConflictError("api_keys") if the account would have more than `most`
        keys that have not expired at the key's `created_at`, however many are added at
        once; DeniedError if the account is gone or not active.
        """

    def end(self, key: ApiKey) -> None:
        """Record the key's `expires_at`, whatever it was before.

        At commit: NotFoundError if it is gone.
        """

    def delete(self, key_id: ApiKeyId) -> None:
        """Record the end of a key. At commit: NotFoundError if it is gone already."""

    def used(self, uses: Sequence[KeyUse]) -> None:
        """Record when keys were last used; a later moment that is stored stays.

        Keys that are gone are left out. This revokes nothing.
        """

    def forget_sealed(self, *, limit: int) -> None:
        """Record that up to `limit` keys are kept without their encrypted text."""

    def delete_expired(self, *, before: datetime, limit: int) -> None:
        """Record the removal of up to `limit` keys that expired before a moment."""
