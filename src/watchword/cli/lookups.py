"""Finding what somebody named, and reading lists to their end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from watchword.cli.calls import OPERATOR
from watchword.cli.exits import Failure, refused
from watchword.core.accounts.model import Account
from watchword.core.apikeys.model import ApiKey
from watchword.core.groups.model import Group
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page
from watchword.core.policy.refusals import Refusal, Refused

if TYPE_CHECKING:
    from watchword.core.services import Services
    from watchword.core.services.accounts import Accounts

Item = TypeVar("Item")


async def named(services: "Services", name: str) -> Account:
    """Return the account that somebody named. Raises Failure if there is none."""
    account = await services.accounts.find(name)
    if account is None:
        raise refused(Refused(Refusal.NOT_FOUND))
    return account


async def group_named(services: "Services", name: str) -> Group:
    """Return the group that somebody named. Raises Failure if there is none."""
    group = await services.groups.find(name)
    if group is None:
        raise Failure(
            "not_found",
            "There is no such group. `watchword group list` shows those that there are.",
        )
    return group


async def api_key_by(services: "Services", beginning: str) -> ApiKey:
    """Return the one API key whose id begins so. Raises Failure if there is none, or another."""
    found = await services.api_keys.beginning(OPERATOR, beginning)
    assert not isinstance(found, Refused), "the operator is never refused"
    if not found:
        raise no_key()
    if len(found) > 1:
        raise Failure("ambiguous", f"{len(found)} ids begin like this. Give more of it.")
    return found[0]


def no_key() -> Failure:
    """Return the failure of who named an API key that is not there."""
    return Failure("not_found", "No API key has this id. `watchword apikey list` shows them.")


def granted(page: Page[Item] | Refused) -> Page[Item]:
    """Return the page, which the operator is never refused."""
    assert not isinstance(page, Refused)
    return page


async def every(page_after: Callable[[str | None], Awaitable[Page[Item]]]) -> AsyncIterator[Item]:
    """Yield the items of all pages."""
    after: str | None = None
    while True:
        page = await page_after(after)
        for item in page.items:
            yield item
        after = page.next
        if after is None:
            return


class Names:
    """Tells names of accounts by id, each looked up once."""

    def __init__(self, accounts: "Accounts") -> None:
        self._accounts = accounts
        self._known: dict[str, str] = {}

    async def of(self, account_id: AccountId | str) -> str:
        """Return the name, or the id itself if nobody has it (any more)."""
        if account_id not in self._known:
            found = await self._accounts.find(account_id)
            # `find` goes by name too, and a name can be anything.
            is_it = found is not None and found.id == account_id
            self._known[account_id] = found.name if found and is_it else account_id
        return self._known[account_id]
