"""What the core asks of whoever keeps check-outs."""

from datetime import datetime
from typing import Protocol

from watchword.core.checkouts.model import Checkout, Holder
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page


class CheckoutDesk(Protocol):
    """Gives assets out and takes them back. Each is one step of its own, durable when it returns.

    However many ask at once, on whatever engine, an asset has one holder or none.
    """

    async def take(
        self, asset_id: str, holder: Holder, *, at: datetime, is_download: bool
    ) -> Checkout:
        """Give the asset to this holder if nobody has it; return who has it now.

        Raises NotFoundError if the account is gone or not active. Whoever holds it already
        keeps their check-out as it was.
        """

    async def give_back(self, asset_id: str, holder: Holder | None) -> Checkout | None:
        """End a check-out that yields to this holder, or any for None.

        Return the check-out as it was, whether it was ended or not: the caller sees by
        `yields_to`. None if nobody had it.
        """


class CheckoutStore(Protocol):
    """Lists and clears check-outs. They end with their account."""

    async def of(self, asset_id: str) -> Checkout | None:
        """Return the check-out of an asset."""

    async def page(
        self, *, account_id: AccountId | None = None, after: str | None = None, limit: int
    ) -> Page[Checkout]:
        """Return check-outs by asset id, of one account if asked."""

    def end_old(self, *, before: datetime, limit: int) -> None:
        """Record the end of up to `limit` check-outs made before a moment."""
