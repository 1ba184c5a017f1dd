"""Check assets out and in."""

from dataclasses import dataclass
from datetime import datetime

from watchword.core.apikeys.model import Scope
from watchword.core.checkouts.model import Checkout, Holder, is_asset_id
from watchword.core.checkouts.store import CheckoutDesk
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import NotFoundError
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork
from watchword.core.services.authenticate import Caller


@dataclass(frozen=True, slots=True)
class HeldByOther:
    """Somebody else has the asset."""

    checkout: Checkout


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The check-out was ended, at this moment."""

    checkout: Checkout
    at: datetime


class Checkouts:
    """Gives assets to one holder at a time: an account together with the client it named."""

    def __init__(self, *, open_work: OpenWork, desk: CheckoutDesk, clock: Clock) -> None:
        self._open_work = open_work
        self._desk = desk
        self._clock = clock

    async def take(
        self, caller: Caller, asset_id: str, *, is_download: bool = False
    ) -> Checkout | HeldByOther | Refused:
        """Check an asset out; doing so again changes nothing."""
        if not is_asset_id(asset_id):
            return Refused(Refusal.ASSET_INVALID)
        holder = holder_of(caller)
        try:
            found = await self._desk.take(
                asset_id, holder, at=self._clock.now(), is_download=is_download
            )
        except NotFoundError:
            # The account was deleted or disabled since we looked.
            return Refused(Refusal.WRONG_CREDENTIALS)
        return found if found.holder == holder else HeldByOther(found)

    async def give_back(
        self, caller: Caller, asset_id: str, *, is_for_anybody: bool = False
    ) -> GivenBack | HeldByOther | Refused:
        """End a check-out of the caller's; `is_for_anybody` lets an admin end anyone's."""
        if not is_asset_id(asset_id):
            return Refused(Refusal.ASSET_INVALID)
        holder = holder_of(caller)
        is_free = is_for_anybody and _administers(caller)
        found = await self._desk.give_back(asset_id, None if is_free else holder)
        if found is None:
            return Refused(Refusal.ASSET_FREE)
        if not is_free and not found.yields_to(holder):
            return HeldByOther(found)
        return GivenBack(found, self._clock.now())

    async def page(
        self,
        caller: Caller,
        *,
        of_all: bool = False,
        after: str | None = None,
        limit: int = PAGE_MAX,
    ) -> Page[Checkout] | Refused:
        """Return a page of the caller's check-outs, or of everybody's for an admin."""
        if of_all and not _administers(caller):
            return Refused(Refusal.NOT_ADMIN)
        account_id = None if of_all else caller.account.id
        async with self._open_work() as work:
            return await work.checkouts.page(
                account_id=account_id, after=after, limit=min(limit, PAGE_MAX)
            )


def holder_of(caller: Caller) -> Holder:
    """Return as whom a caller holds assets. An API key names no client."""
    client = caller.session.client if caller.session else ""
    return Holder(account_id=caller.account.id, client=client)


def _administers(caller: Caller) -> bool:
    """Say whether the caller is an admin, by a credential that may administer."""
    return caller.account.is_admin and caller.may(Scope.ACCOUNTS_WRITE)
