"""Check-outs in memory: the desk, and the list."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from fakes_rows import MemoryStore, Rows, Write, page_of
from watchword.core.checkouts.model import Checkout, Holder
from watchword.core.kernel.errors import NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page
from watchword.storage.cursor import read_cursor


@dataclass(frozen=True)
class MemoryDesk:
    """Implements CheckoutDesk."""

    change: Callable[[Write], Awaitable[None]]

    async def take(
        self, asset_id: str, holder: Holder, *, at: datetime, is_download: bool
    ) -> Checkout:
        taken: list[Checkout] = []

        def write(rows: Rows) -> None:
            account = rows.accounts.get(holder.account_id)
            if account is None or not account.is_active:
                raise NotFoundError
            new = Checkout(
                asset_id=asset_id,
                holder=holder,
                name=account.name,
                taken_at=at,
                is_download=is_download,
            )
            rows.checkouts.setdefault(asset_id, new)
            taken.append(_named(rows, rows.checkouts[asset_id]))

        await self.change(write)
        return taken[0]

    async def give_back(self, asset_id: str, holder: Holder | None) -> Checkout | None:
        found: list[Checkout] = []

        def write(rows: Rows) -> None:
            if asset_id not in rows.checkouts:
                return
            found.append(_named(rows, rows.checkouts[asset_id]))
            if holder is None or found[0].yields_to(holder):
                del rows.checkouts[asset_id]

        await self.change(write)
        return found[0] if found else None


class MemoryCheckouts(MemoryStore):
    """Implements CheckoutStore."""

    async def of(self, asset_id: str) -> Checkout | None:
        rows = self.look()
        found = rows.checkouts.get(asset_id)
        return _named(rows, found) if found else None

    async def page(
        self, *, account_id: AccountId | None = None, after: str | None = None, limit: int
    ) -> Page[Checkout]:
        listing = "checkouts" if account_id is None else "accountcheckouts"
        _, begin = (0, "") if after is None else read_cursor(listing, after)
        rows = self.look()
        listed = [
            (0, asset_id, _named(rows, one))
            for asset_id, one in sorted(rows.checkouts.items())
            if asset_id > begin and account_id in (None, one.holder.account_id)
        ]
        return page_of(listing, listed, limit)

    def end_old(self, *, before: datetime, limit: int) -> None:
        def write(rows: Rows) -> None:
            old = [one for one in rows.checkouts.values() if one.taken_at < before]
            for one in sorted(old, key=lambda one: (one.taken_at, one.asset_id))[:limit]:
                del rows.checkouts[one.asset_id]

        self.record(write)


def _named(rows: Rows, checkout: Checkout) -> Checkout:
    """Return a check-out with the name that its holder has now."""
    return replace(checkout, name=rows.accounts[checkout.holder.account_id].name)
