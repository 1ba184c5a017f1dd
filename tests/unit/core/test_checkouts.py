"""Checking assets out and in: who gets them, who is told, who may end it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from unit.core.conftest import MONTH, OPERATOR, House
from watchword.core.accounts.model import Role
from watchword.core.apikeys.model import Scope
from watchword.core.checkouts.model import Checkout, Holder, is_asset_id
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services import Services
from watchword.core.services.authenticate import Caller
from watchword.core.services.checkouts import GivenBack, HeldByOther
from watchword.core.services.outside import Rules

ASSET = "2ZyIVNZxqi0BxUoWX-_e1m"
LATER = timedelta(hours=1)


async def at(house: House, name: str, client: str = "") -> Caller:
    """Return a caller whose session names this client."""
    return await house.caller(name, terms=replace(MONTH, client=client))


async def take(house: House, caller: Caller, asset: str = ASSET) -> Checkout:
    taken = await house.services.checkouts.take(caller, asset)
    assert isinstance(taken, Checkout), taken
    return taken


async def assets(house: House, caller: Caller, *, of_all: bool = False) -> list[str]:
    page = await house.services.checkouts.page(caller, of_all=of_all)
    assert isinstance(page, Page), page
    return [one.asset_id for one in page.items]


@pytest.mark.parametrize("asset", ["a", "x" * 64, ASSET, "-", "_", "09AZaz"])
def test_what_an_asset_may_be_called(asset: str) -> None:
    """Up to 64 letters, digits, `_` and `-`."""
    assert is_asset_id(asset)


@pytest.mark.parametrize(
    "asset", ["", "x" * 65, "a/b", "..", "a\0", "a\n", "a b", "ä", "\uff11", "a%00", "a\ud800"]
)
async def test_what_is_no_asset_is_refused(house: House, asset: str) -> None:
    """Whatever is asked about it, and nothing is stored."""
    await house.add("ada")
    ada = await at(house, "ada")
    before = house.storage.rows

    outcomes = [
        await house.services.checkouts.take(ada, asset),
        await house.services.checkouts.give_back(ada, asset),
    ]

    assert outcomes == [Refused(Refusal.ASSET_INVALID)] * 2
    assert house.storage.rows is before


async def test_an_asset_is_checked_out(house: House) -> None:
    """The holder is the user with the client that the session named."""
    account = await house.add("Ada")
    ada = await at(house, "ada", "editor")

    taken = await house.services.checkouts.take(ada, ASSET, is_download=True)

    assert taken == Checkout(
        asset_id=ASSET,
        holder=Holder(account_id=account.id, client="editor"),
        name="Ada",
        taken_at=house.clock.now(),
        is_download=True,
    )


async def test_doing_so_again_changes_nothing(house: House) -> None:
    """From another session of the same client, too."""
    await house.add("ada")
    taken = await take(house, await at(house, "ada", "editor"))
    house.clock.advance(LATER)

    again = await house.services.checkouts.take(
        await at(house, "ada", "editor"), ASSET, is_download=True
    )

    assert again == taken


@pytest.mark.parametrize(
    ("name", "client"), [("bob", "editor"), ("bob", ""), ("ada", "viewer"), ("ada", "")]
)
async def test_another_is_told_who_has_it(house: House, name: str, client: str) -> None:
    """Whether they want to have it or to end it; it stays where it is."""
    await house.add("ada")
    await house.add("bob")
    ada = await at(house, "ada", "editor")
    taken = await take(house, ada)
    other = await at(house, name, client)

    outcomes = [
        await house.services.checkouts.take(other, ASSET),
        await house.services.checkouts.give_back(other, ASSET),
    ]

    assert outcomes == [HeldByOther(taken)] * 2
    assert await assets(house, ada) == [ASSET]


async def test_of_fifty_at_once_one_gets_it(house: House) -> None:
    """The others are told who did."""
    await house.add("ada")
    crowd = [await at(house, "ada", f"client {number}") for number in range(50)]

    outcomes = await asyncio.gather(*(house.services.checkouts.take(one, ASSET) for one in crowd))

    got = [one for one in outcomes if isinstance(one, Checkout)]
    assert len(got) == 1
    assert outcomes.count(HeldByOther(got[0])) == 49


async def test_an_asset_is_given_back(house: House) -> None:
    """The answer says what it was and when it ended; nobody has it after that."""
    await house.add("ada")
    taken = await take(house, await at(house, "ada", "editor"))
    house.clock.advance(LATER)
    ada = await at(house, "ada", "editor")

    outcomes = [await house.services.checkouts.give_back(ada, ASSET) for _ in range(2)]

    assert outcomes == [GivenBack(taken, house.clock.now()), Refused(Refusal.ASSET_FREE)]
    assert await assets(house, ada) == []


async def test_what_was_taken_for_no_client_any_session_gives_back(house: House) -> None:
    """Of the same user."""
    await house.add("ada")
    await house.add("bob")
    taken = await take(house, await at(house, "ada"))
    give_back = house.services.checkouts.give_back

    assert await give_back(await at(house, "bob", "editor"), ASSET) == HeldByOther(taken)
    assert isinstance(await give_back(await at(house, "ada", "editor"), ASSET), GivenBack)


async def test_an_api_key_names_no_client(house: House) -> None:
    """Its user's programs share what it takes, and it ends nothing that a client took."""
    await house.add("ada")
    key = await house.key_holder((await house.make_key("ada")).text)
    mine = await take(house, key)
    theirs = await take(house, await at(house, "ada", "editor"), "theirs")

    assert mine.holder.client == ""
    give_back = house.services.checkouts.give_back
    assert await give_back(key, "theirs") == HeldByOther(theirs)
    assert isinstance(await give_back(await at(house, "ada", "editor"), ASSET), GivenBack)


async def test_an_admin_may_end_anybodys(house: House) -> None:
    """If they say so: by mistake they end nothing that is not theirs."""
    await house.add("ada")
    await house.add("root", role=Role.ADMIN)
    taken = await take(house, await at(house, "ada", "editor"))
    root = await at(house, "root")
    give_back = house.services.checkouts.give_back

    assert await give_back(root, ASSET) == HeldByOther(taken)
    assert await give_back(root, ASSET, is_for_anybody=True) == GivenBack(taken, house.clock.now())
    assert await give_back(root, ASSET, is_for_anybody=True) == Refused(Refusal.ASSET_FREE)


async def test_nobody_else_may(house: House) -> None:
    """Neither who is no admin, nor an admin's key that may not administer."""
    await house.add("ada")
    await house.add("bob")
    await house.add("root", role=Role.ADMIN)
    taken = await take(house, await at(house, "ada", "editor"))
    keys = [
        await house.make_key("root"),
        await house.make_key("root", scopes=frozenset({Scope.ACCOUNTS_READ})),
        await house.make_key("bob", scopes=frozenset({Scope.ACCOUNTS_WRITE})),
    ]
    callers = [await at(house, "bob"), *[await house.key_holder(key.text) for key in keys]]

    outcomes = [
        await house.services.checkouts.give_back(one, ASSET, is_for_anybody=True) for one in callers
    ]

    assert outcomes == [HeldByOther(taken)] * 4


async def test_asking_for_anybodys_ends_ones_own_too(house: House) -> None:
    """Who may not end what is others' may still end what is theirs."""
    await house.add("ada")
    ada = await at(house, "ada", "editor")
    await take(house, ada)

    outcome = await house.services.checkouts.give_back(ada, ASSET, is_for_anybody=True)

    assert isinstance(outcome, GivenBack)


async def test_an_admins_key_that_administers_may(house: House) -> None:
    """It has the scope for it."""
    await house.add("ada")
    await house.add("root", role=Role.ADMIN)
    await take(house, await at(house, "ada", "editor"))
    made = await house.make_key("root", scopes=frozenset({Scope.ACCOUNTS_WRITE}))
    key = await house.key_holder(made.text)

    outcome = await house.services.checkouts.give_back(key, ASSET, is_for_anybody=True)

    assert isinstance(outcome, GivenBack)


async def test_everybody_sees_their_own(house: House) -> None:
    """Whatever client they were taken for, by asset; an admin may see all."""
    await house.add("ada")
    await house.add("root", role=Role.ADMIN)
    root = await at(house, "root")
    await take(house, await at(house, "ada", "editor"), "b")
    await take(house, await at(house, "ada"), "a")
    await take(house, root, "c")

    assert await assets(house, await at(house, "ada", "viewer")) == ["a", "b"]
    assert await assets(house, root) == ["c"]
    assert await assets(house, root, of_all=True) == ["a", "b", "c"]


async def test_only_admins_see_all(house: House) -> None:
    """By a credential that may administer."""
    await house.add("ada")
    await house.add("root", role=Role.ADMIN)
    callers = [
        await at(house, "ada"),
        await house.key_holder((await house.make_key("root")).text),
    ]

    outcomes = [await house.services.checkouts.page(one, of_all=True) for one in callers]

    assert outcomes == [Refused(Refusal.NOT_ADMIN)] * 2


async def test_a_long_list_comes_in_pages(house: House) -> None:
    """However many are asked for."""
    await house.add("ada")
    ada = await at(house, "ada")
    for number in range(5):
        await take(house, ada, f"asset{number}")

    page = house.services.checkouts.page
    first = await page(ada, limit=3)
    assert isinstance(first, Page)
    rest = await page(ada, after=first.next, limit=10 * PAGE_MAX)
    assert isinstance(rest, Page)

    found = [one.asset_id for one in (*first.items, *rest.items)]
    assert found == [f"asset{number}" for number in range(5)]
    assert len(first.items) == 3
    assert rest.next is None


async def disable(services: Services, caller: Caller) -> None:
    await services.accounts.change(OPERATOR, caller.account.id, active=False)


async def delete(services: Services, caller: Caller) -> None:
    await services.accounts.delete(OPERATOR, caller.account.id)


@pytest.mark.parametrize("close", [disable, delete])
async def test_an_account_closed_meanwhile_takes_nothing(
    house: House, close: Callable[[Services, Caller], Awaitable[None]]
) -> None:
    """Between the look at the token and this an admin may have closed it."""
    await house.add("ada")
    ada = await at(house, "ada")
    await close(house.services, ada)

    outcome = await house.services.checkouts.take(ada, ASSET)

    assert outcome == Refused(Refusal.WRONG_CREDENTIALS)
    assert house.storage.rows.checkouts == {}


async def test_check_outs_outlast_sessions_and_not_accounts(house: House) -> None:
    """Logging out and being disabled give nothing back; being deleted does."""
    await house.add("root", role=Role.ADMIN)
    root = await at(house, "root")
    await house.add("ada")
    ada = await at(house, "ada")
    await take(house, ada)

    await house.services.sessions.end_all_of(OPERATOR, ada.account.id)
    await disable(house.services, ada)
    kept = await assets(house, root, of_all=True)
    await delete(house.services, ada)

    assert kept == [ASSET]
    assert await assets(house, root, of_all=True) == []


async def test_no_check_out_ends_by_time_alone(house: House) -> None:
    """Unless the rules say after how long; then the old ones go, and the others stay."""
    await house.add("ada")
    ada = await at(house, "ada")
    await take(house, ada, "old")
    house.clock.advance(timedelta(days=30))
    await take(house, ada, "new")

    await house.services.housekeeping.sweep()
    kept = await assets(house, ada)
    await house.under(Rules(checkouts_end_after=timedelta(days=30))).housekeeping.sweep()
    at_the_end = await assets(house, ada)
    await house.under(Rules(checkouts_end_after=timedelta(days=29))).housekeeping.sweep()

    assert kept == at_the_end == ["new", "old"]
    assert await assets(house, ada) == ["new"]
