"""What every keeper promises to those who ask about many accounts at once."""

from dataclasses import replace

from contract.persons import ADA, BOB, NOBODY
from contract.things import account, commit, group, keep, member
from watchword.core.accounts.model import Source
from watchword.core.kernel.ids import AccountId
from watchword.core.ports import Storage, Work


async def test_many_accounts_are_found_by_id(storage: Storage, look: Work) -> None:
    """Those that are there, once each, as they are found one by one."""
    accounts = [account(f"n{number}", directory="corp" * (number % 2)) for number in range(120)]
    await commit(storage, lambda work: work.accounts.add_all(accounts))
    strangers = [AccountId(f"stranger {number}") for number in range(370)]

    found = await look.accounts.by_ids(
        [*(one.id for one in accounts), *strangers, AccountId("\0"), accounts[3].id]
    )

    assert sorted(found, key=lambda one: one.id) == sorted(accounts, key=lambda one: one.id)
    assert await look.accounts.by_ids([]) == ()


async def test_an_account_says_which_directory_knows_its_password(
    storage: Storage, look: Work
) -> None:
    """However it is found, and when that changes."""
    local = replace(ADA, source=Source.LOCAL, directory="")
    await keep(storage, local, BOB)

    await commit(storage, lambda work: work.accounts.update(ADA, before=local))

    assert await look.accounts.by_identifier("ada") == ADA
    assert await look.accounts.by_id(BOB.id) == BOB
    assert (await look.accounts.page(limit=9)).items == (ADA, BOB)


async def test_groups_of_many_are_those_of_each(storage: Storage, look: Work) -> None:
    """In the same order; nothing for who is in none, or is not there."""
    accounts = [account(f"n{number}") for number in range(113)]
    zoo, arts, staff = group("Zoo"), group("arts"), group("Staff")
    members = [
        *(member(one, who) for one in (zoo, arts) for who in accounts[:11]),
        *(member(staff, who, role) for who in accounts[5:20] for role in ("b", "a")),
    ]
    await commit(
        storage,
        lambda work: work.accounts.add_all(accounts),
        *(lambda work, one=one: work.groups.add(one) for one in (zoo, arts, staff)),
        *(lambda work, one=one: work.groups.put_member(one, most=9) for one in members),
    )
    asked = [*(one.id for one in accounts), NOBODY.id, AccountId("\0")]

    found = await look.groups.of_many(asked)

    assert found == {one: await look.groups.of(one) for one in asked}
    assert [one.group.name for one in found[accounts[7].id]] == ["arts", "Staff", "Staff", "Zoo"]
    assert await look.groups.of_many([]) == {}
