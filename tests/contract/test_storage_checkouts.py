"""What every keeper of check-outs promises."""

from dataclasses import replace
from datetime import datetime

import pytest

from contract.things import AT, SECOND, account, commit, keep
from watchword.core.accounts.model import Account, State
from watchword.core.checkouts.model import ASSET_ID_LENGTH_MAX, Checkout, Holder
from watchword.core.kernel.errors import InvalidError, NotFoundError
from watchword.core.ports import Storage, Work

ADA = account("Ada")
BOB = account("Bob")
LATER = AT + SECOND


def holder(of: Account, client: str = "") -> Holder:
    return Holder(account_id=of.id, client=client)


async def take(
    storage: Storage, asset: str, of: Account, client: str = "", *, at: datetime = AT
) -> Checkout:
    desk = storage.checkout_desk
    return await desk.take(asset, holder(of, client), at=at, is_download=False)


async def test_an_asset_goes_to_who_comes_first(storage: Storage, look: Work) -> None:
    """Every field survives, and who comes later is told who has it."""
    await keep(storage, ADA, BOB)
    first = Checkout(
        asset_id="Az-_09",
        holder=holder(ADA, "Photo editor 2, ünïcode"),
        name="Ada",
        taken_at=AT,
        is_download=True,
    )

    taken = await storage.checkout_desk.take(first.asset_id, first.holder, at=AT, is_download=True)

    assert taken == first
    assert await look.checkouts.of(first.asset_id) == first
    assert await take(storage, first.asset_id, BOB, at=LATER) == first
    assert await look.checkouts.of("another") is None


async def test_who_holds_it_already_keeps_it_unchanged(storage: Storage, look: Work) -> None:
    """Neither the moment nor the purpose moves."""
    await keep(storage, ADA)
    first = await take(storage, "asset", ADA, "editor")

    again = await storage.checkout_desk.take(
        "asset", holder(ADA, "editor"), at=LATER, is_download=True
    )

    assert again == first == await look.checkouts.of("asset")


@pytest.mark.parametrize(("has", "wants"), [("editor", "viewer"), ("editor", ""), ("", "editor")])
async def test_another_client_of_the_same_user_is_another_holder(
    storage: Storage, has: str, wants: str
) -> None:
    """The holder is the user together with the client; no client is one of its own."""
    await keep(storage, ADA)
    first = await take(storage, "asset", ADA, has)

    assert await take(storage, "asset", ADA, wants, at=LATER) == first


async def test_the_longest_names_fit(storage: Storage, look: Work) -> None:
    """An asset and a client of the greatest length, also as the place where a page ends."""
    await keep(storage, ADA)
    names = [letter * ASSET_ID_LENGTH_MAX for letter in "ab"]
    for name in names:
        await take(storage, name, ADA, "c" * 200)

    page = await look.checkouts.page(limit=1)
    rest = await look.checkouts.page(after=page.next, limit=1)

    assert [one.asset_id for one in (*page.items, *rest.items)] == names


async def test_the_name_is_the_one_that_the_holder_has_now(storage: Storage, look: Work) -> None:
    """Wherever it is told."""
    await keep(storage, ADA, BOB)
    await take(storage, "asset", ADA)

    await commit(storage, lambda work: work.accounts.update(replace(ADA, name="Eve"), before=ADA))

    told = [
        await look.checkouts.of("asset"),
        (await look.checkouts.page(limit=1)).items[0],
        (await look.checkouts.page(account_id=ADA.id, limit=1)).items[0],
        await take(storage, "asset", ADA),
        await take(storage, "asset", BOB),
        await storage.checkout_desk.give_back("asset", holder(BOB)),
        await storage.checkout_desk.give_back("asset", holder(ADA)),
    ]
    assert [one.name for one in told if one] == ["Eve"] * 7


async def test_nobody_takes_nothing(storage: Storage, look: Work) -> None:
    """An account that is gone is refused, and the asset stays free."""
    with pytest.raises(NotFoundError):
        await take(storage, "asset", ADA)

    assert await look.checkouts.of("asset") is None


async def test_a_disabled_account_takes_nothing(storage: Storage, look: Work) -> None:
    """What it held before stays its own, and it is refused that too."""
    await keep(storage, ADA)
    held = await take(storage, "held", ADA)
    disabled = replace(ADA, state=State.DISABLED)
    await commit(storage, lambda work: work.accounts.update(disabled, before=ADA))

    for asset in ("held", "free"):
        with pytest.raises(NotFoundError):
            await take(storage, asset, ADA)

    assert await look.checkouts.of("held") == held
    assert await look.checkouts.of("free") is None


async def test_what_was_given_back_is_free(storage: Storage, look: Work) -> None:
    """The answer is what it was; giving it back again finds nothing."""
    await keep(storage, ADA, BOB)
    taken = await take(storage, "asset", ADA, "editor")
    await take(storage, "other", ADA, "editor")

    given = [
        await storage.checkout_desk.give_back("asset", holder(ADA, "editor")) for _ in range(2)
    ]

    assert given == [taken, None]
    assert await look.checkouts.of("asset") is None
    assert await look.checkouts.of("other") is not None
    assert (await take(storage, "asset", BOB, at=LATER)).holder == holder(BOB)


@pytest.mark.parametrize(
    ("who", "client"), [(ADA, "viewer"), (ADA, ""), (BOB, "editor"), (BOB, "")]
)
async def test_another_holder_ends_nothing(
    storage: Storage, look: Work, who: Account, client: str
) -> None:
    """They are told who has it, and it stays so."""
    await keep(storage, ADA, BOB)
    taken = await take(storage, "asset", ADA, "editor")

    given = await storage.checkout_desk.give_back("asset", holder(who, client))

    assert given == taken == await look.checkouts.of("asset")
    assert not taken.yields_to(holder(who, client))


async def test_what_was_taken_for_no_client_any_client_of_the_user_ends(
    storage: Storage, look: Work
) -> None:
    """But nobody else's."""
    await keep(storage, ADA, BOB)
    taken = await take(storage, "asset", ADA)

    assert await storage.checkout_desk.give_back("asset", holder(BOB, "editor")) == taken
    assert await look.checkouts.of("asset") == taken
    assert await storage.checkout_desk.give_back("asset", holder(ADA, "editor")) == taken
    assert await look.checkouts.of("asset") is None


async def test_an_admin_ends_what_is_anybodys(storage: Storage, look: Work) -> None:
    """Whoever holds it; what nobody holds is no error."""
    await keep(storage, ADA)
    taken = await take(storage, "asset", ADA, "editor")

    given = [await storage.checkout_desk.give_back("asset", None) for _ in range(2)]

    assert given == [taken, None]
    assert await look.checkouts.of("asset") is None


async def test_check_outs_go_with_their_account(storage: Storage, look: Work) -> None:
    """The assets are free for others at once; those of others stay."""
    await keep(storage, ADA, BOB)
    for asset in ("a", "b"):
        await take(storage, asset, ADA)
    await take(storage, "c", BOB)

    await commit(storage, lambda work: work.accounts.delete(ADA.id))

    assert [one.asset_id for one in (await look.checkouts.page(limit=9)).items] == ["c"]
    assert (await take(storage, "a", BOB)).holder == holder(BOB)


async def test_pages_go_by_asset(storage: Storage, look: Work) -> None:
    """In the order of bytes, on every engine; each comes once."""
    await keep(storage, ADA, BOB)
    assets = sorted("-09AZ_az")
    for number, asset in enumerate(reversed(assets)):
        await take(storage, asset, [ADA, BOB][number % 2])

    first = await look.checkouts.page(limit=5)
    rest = await look.checkouts.page(after=first.next, limit=5)

    assert [one.asset_id for one in (*first.items, *rest.items)] == assets
    assert [one.name for one in first.items] == ["Bob", "Ada", "Bob", "Ada", "Bob"]
    assert (len(first.items), rest.next) == (5, None)


async def test_pages_of_one_account_hold_no_others(storage: Storage, look: Work) -> None:
    """Its own come in the same order, and all of them."""
    await keep(storage, ADA, BOB)
    for number, asset in enumerate("edcba"):
        await take(storage, asset, [ADA, BOB][number % 2])

    first = await look.checkouts.page(account_id=ADA.id, limit=2)
    rest = await look.checkouts.page(account_id=ADA.id, after=first.next, limit=2)
    nobody = await look.checkouts.page(account_id=account("Eve").id, limit=2)

    assert [one.asset_id for one in (*first.items, *rest.items)] == ["a", "c", "e"]
    assert rest.next is None
    assert nobody.items == ()


async def test_the_cursor_of_another_list_is_refused(storage: Storage, look: Work) -> None:
    """A place among accounts, or among everybody's, is none among one's own."""
    await keep(storage, ADA, BOB)
    for asset in "ab":
        await take(storage, asset, ADA)
    foreign = (await look.accounts.page(limit=1)).next
    of_all = (await look.checkouts.page(limit=1)).next

    for owner, after in ((None, foreign), (ADA.id, of_all), (None, "rubbish")):
        with pytest.raises(InvalidError) as refused:
            await look.checkouts.page(account_id=owner, after=after, limit=1)
        assert refused.value.field == "after"


async def test_old_check_outs_end_a_few_at_a_time(storage: Storage, look: Work) -> None:
    """The oldest first; what was taken at the moment itself, or later, stays."""
    await keep(storage, ADA)
    for number, asset in enumerate("dcba"):
        await take(storage, asset, ADA, at=AT + number * SECOND)

    left = []
    for _ in range(3):
        await commit(storage, lambda work: work.checkouts.end_old(before=AT + 3 * SECOND, limit=2))
        left.append([one.asset_id for one in (await look.checkouts.page(limit=9)).items])

    assert left == [["a", "b"], ["a"], ["a"]]


async def test_checking_out_revokes_nothing(lonely: Storage) -> None:
    """Nobody's token is looked up again for it."""
    await keep(lonely, ADA)
    before = lonely.revocations.stamp()

    await take(lonely, "asset", ADA)
    await lonely.checkout_desk.give_back("asset", holder(ADA))

    assert before is not None
    assert lonely.revocations.stamp() == before
