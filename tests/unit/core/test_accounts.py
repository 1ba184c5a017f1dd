"""Administering accounts: who may, and what must always stay true."""

import asyncio

from unit.core.conftest import OPERATOR, House
from watchword.core.accounts.model import Account, Role, State
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page
from watchword.core.policy.refusals import Refusal, Refused


async def test_users_administer_nothing(house: House) -> None:
    """Every door is closed to who is no admin."""
    ada = await house.add("ada")
    actor, accounts = await house.actor("ada"), house.services.accounts

    outcomes = [
        await accounts.page(actor),
        await accounts.change(actor, ada.id, role="admin"),
        await accounts.delete(actor, ada.id),
        await accounts.unlock(actor, ada.id),
        await house.services.passwords.reset(actor, ada.id, new="x", documented=1),
        await house.services.sessions.end_all_of(actor, ada.id),
    ]

    assert outcomes == [Refused(Refusal.NOT_ADMIN)] * 6


async def test_nobody_there(house: House) -> None:
    """An id that nobody has is not found, whatever it looks like."""
    nobody, accounts = AccountId("no such id"), house.services.accounts

    assert await accounts.change(OPERATOR, nobody, role="user") == Refused(Refusal.NOT_FOUND)
    assert await accounts.delete(OPERATOR, nobody) == Refused(Refusal.NOT_FOUND)
    assert await accounts.unlock(OPERATOR, nobody) == Refused(Refusal.NOT_FOUND)


async def test_a_role_that_is_none(house: House) -> None:
    """Roles are admin and user."""
    ada = await house.add("ada")

    outcome = await house.services.accounts.change(OPERATOR, ada.id, role="king")

    assert outcome == Refused(Refusal.ROLE_UNKNOWN)


async def test_the_last_admin_stays(house: House) -> None:
    """Nobody deletes, disables or demotes the last enabled admin, unless forced."""
    root = await house.add("root", role=Role.ADMIN)
    spare = await house.add("spare", role=Role.ADMIN)
    accounts = house.services.accounts
    await accounts.change(OPERATOR, spare.id, active=False)

    assert await accounts.change(OPERATOR, root.id, role="user") == Refused(Refusal.LAST_ADMIN)
    assert await accounts.change(OPERATOR, root.id, active=False) == Refused(Refusal.LAST_ADMIN)
    assert await accounts.delete(OPERATOR, root.id) == Refused(Refusal.LAST_ADMIN)

    forced = await accounts.change(OPERATOR, root.id, role="user", force=True)

    assert isinstance(forced, Account)
    assert forced.role is Role.USER


async def test_without_any_admin_users_can_still_be_looked_after(house: House) -> None:
    """Whoever forced the last admin away can clean up from the command line."""
    ada = await house.add("ada")

    assert isinstance(await house.services.accounts.change(OPERATOR, ada.id, active=False), Account)
    assert await house.services.accounts.delete(OPERATOR, ada.id) is None


async def test_two_admins_cannot_remove_each_other(house: House) -> None:
    """Of two that demote one another at the same moment, one stays."""
    await house.add("one", role=Role.ADMIN)
    await house.add("two", role=Role.ADMIN)
    one, two = await house.actor("one"), await house.actor("two")
    assert one.account_id is not None
    assert two.account_id is not None
    change = house.services.accounts.change

    outcomes = await asyncio.gather(
        change(one, two.account_id, role="user"), change(two, one.account_id, role="user")
    )

    assert outcomes.count(Refused(Refusal.LAST_ADMIN)) == 1


async def test_nobody_deletes_themselves(house: House) -> None:
    """An admin asks another admin for that."""
    await house.add("root", role=Role.ADMIN)
    actor = await house.actor("root")
    assert actor.account_id is not None

    outcome = await house.services.accounts.delete(actor, actor.account_id)

    assert outcome == Refused(Refusal.SELF)


async def test_two_changes_at_once_both_last(house: House) -> None:
    """A new role and a new state do not overwrite each other."""
    await house.add("root", role=Role.ADMIN)
    ada = await house.add("ada")
    change = house.services.accounts.change

    await asyncio.gather(
        change(OPERATOR, ada.id, role="admin"), change(OPERATOR, ada.id, active=False)
    )

    found = await house.services.accounts.find("ada")
    assert found is not None
    assert (found.role, found.state) == (Role.ADMIN, State.DISABLED)


async def test_the_list_is_oldest_first(house: House) -> None:
    """In pages, nobody twice and nobody left out."""
    added = [await house.add(f"name{number}") for number in range(5)]

    first = await house.services.accounts.page(OPERATOR, limit=3)
    assert isinstance(first, Page)
    second = await house.services.accounts.page(OPERATOR, limit=3, after=first.next)
    assert isinstance(second, Page)

    assert [*first.items, *second.items] == added
    assert second.next is None


async def test_what_was_done_is_on_the_trail(house: House) -> None:
    """Who did what to whom, newest first."""
    ada = await house.add("ada")
    await house.services.accounts.change(OPERATOR, ada.id, role="admin", active=False)
    await house.services.accounts.delete(OPERATOR, ada.id, force=True)

    page = await house.services.audit.page(subject=ada.id)

    assert [(event.action, event.actor) for event in page.items] == [
        ("account.delete", "operator"),
        ("account.disable", "operator"),
        ("account.role", "operator"),
        ("account.create", "operator"),
    ]
