"""What the core asks of whoever keeps accounts."""

from collections.abc import Sequence
from typing import Protocol

from watchword.core.accounts.model import Account
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page

ACCOUNTS_AT_ONCE = 500
"""No more are asked for by one call."""


class AccountStore(Protocol):
    """Keeps accounts, found by id and by identifier.

    An identifier is the canonical key of a name or of a confirmed address; over all
    accounts each key belongs to one of them. A name that looks like an address is also
    refused while any other account has that address, confirmed or not.
    """

    async def by_id(self, account_id: AccountId) -> Account | None: ...

    async def by_ids(self, ids: Sequence[AccountId]) -> tuple[Account, ...]:
        """Return those of up to ACCOUNTS_AT_ONCE accounts that are there, in any order."""

    async def by_identifier(self, key: str) -> Account | None:
        """Return the account whose name or confirmed address has this canonical key."""

    async def page(self, *, after: str | None = None, limit: int) -> Page[Account]:
        """Return accounts, oldest first."""

    async def search(self, prefix: str, *, after: str | None = None, limit: int) -> Page[Account]:
        """Return accounts with an identifier that begins with a canonical prefix, in its order.

        Each is there once, where its first such identifier is. Every character of the prefix
        stands for itself.
        """

    async def count(self) -> int:
        """Return how many accounts there are, without looking at each."""

    async def has_admin(self) -> bool:
        """Say whether any enabled account is an admin's."""

    async def identifiers_among(self, keys: Sequence[str]) -> frozenset[str]:
        """Return those of up to 1,000 canonical keys that identify an account."""

    async def addresses_among(self, keys: Sequence[str]) -> frozenset[str]:
        """Return those of up to 1,000 canonical keys that are an account's address.

        Confirmed or not.
        """

    def add(self, account: Account) -> None:
        """Record a new account.

        At commit: ConflictError("name") or ConflictError("email") when a key is taken.
        The first account ever also records that single-user mode has ended.
        """

    def add_all(self, accounts: Sequence[Account]) -> None:
        """Record many new accounts, each as `add` does, in few statements.

        At commit: ConflictError("name") or ConflictError("email") when a key of any of them
        is taken, also by another of them.
        """

    def update(self, account: Account, *, before: Account) -> None:
        """Record the fields in which the account differs from what it was before.

        Only those are written, so that two changes at once (a role and a state) both last.

        At commit: NotFoundError if it is gone, ConflictError as `add`.
        """

    def delete(self, account_id: AccountId) -> None:
        """Record the end of the account and of everything that belongs to it.

        At commit: NotFoundError if it is gone. Audit events stay. Its sessions enter the
        RevocationLog.
        """

    def add_up(self, *, limit: int) -> None:
        """Record that what `count` adds up gets shorter, by so many parts; it stays the same."""

    def require_not_last_admin(self, account_id: AccountId) -> None:
        """Make the commit depend on the account not being the only enabled admin.

        Recorded before the change that would take the admin away. At commit: DeniedError
        if it is the last one by then, whatever the caller saw. Two commits that would
        each take away the other's admin cannot both pass, whatever the engine.
        """
