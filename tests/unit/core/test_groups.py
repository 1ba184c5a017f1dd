"""Groups, and what an account is in them."""

import pytest

from unit.core.conftest import OPERATOR, House
from watchword.core.groups.model import GROUPS_OF_ONE_MAX, Group
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.groups import GroupChange


async def make(house: House, name: str, **policy: int) -> Group:
    group = await house.services.groups.make(OPERATOR, GroupChange(name=name, **policy))
    assert isinstance(group, Group), group
    return group


async def test_a_group_is_found_by_name_or_id(house: House) -> None:
    """In any letter case, as all names."""
    group = await make(house, " Crime Lab ")
    find = house.services.groups.find

    assert group.name == "Crime Lab"
    assert await find("crime lab") == await find(group.id) == group
    assert await find("nothing") is None


async def test_a_name_is_taken_once(house: House) -> None:
    """Also when a group takes another's name later."""
    await make(house, "Lab")
    other = await make(house, "Other")
    groups = house.services.groups

    outcomes = [
        await groups.make(OPERATOR, GroupChange(name="LAB")),
        await groups.change(OPERATOR, other, GroupChange(name="lab")),
    ]

    assert outcomes == [Refused(Refusal.GROUP_NAME_TAKEN)] * 2


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\tb", "a\u202eb"])
async def test_names_and_roles_are_visible_and_not_long(house: House, name: str) -> None:
    """The same rule as for accounts."""
    ada = await house.add("ada")
    lab = await make(house, "Lab")
    groups = house.services.groups

    outcomes = [
        await groups.make(OPERATOR, GroupChange(name=name)),
        await groups.put(OPERATOR, lab, ada.id, role=name),
    ]

    assert outcomes == [Refused(Refusal.GROUP_NAME_INVALID, number=100)] * 2


async def test_an_account_has_roles_in_groups(house: House) -> None:
    """Having one already is as good; they are told in order."""
    ada = await house.add("ada")
    lab, archive = await make(house, "Lab"), await make(house, "Archive")
    groups = house.services.groups
    for group, role in ((lab, "reader"), (lab, "auditor"), (lab, "reader"), (archive, "member")):
        assert await groups.put(OPERATOR, group, ada.id, role=role) is None

    of = [(one.group.name, one.role) for one in await groups.of(ada.id)]

    assert of == [("Archive", "member"), ("Lab", "auditor"), ("Lab", "reader")]


async def test_leaving_a_group_takes_one_role_or_all(house: House) -> None:
    """What is not there cannot be taken."""
    ada = await house.add("ada")
    lab = await make(house, "Lab")
    groups = house.services.groups
    for role in ("reader", "auditor", "member"):
        await groups.put(OPERATOR, lab, ada.id, role=role)

    one = await groups.remove(OPERATOR, lab, ada.id, role=" reader ")
    left = len(await groups.of(ada.id))
    rest = await groups.remove(OPERATOR, lab, ada.id)
    again = await groups.remove(OPERATOR, lab, ada.id)

    assert (one, left, rest) == (None, 2, None)
    assert again == Refused(Refusal.NOT_FOUND)
    assert await groups.of(ada.id) == ()


async def test_a_deleted_group_leaves_its_members(house: House) -> None:
    """The accounts stay."""
    ada = await house.add("ada")
    lab = await make(house, "Lab")
    await house.services.groups.put(OPERATOR, lab, ada.id)

    await house.services.groups.delete(OPERATOR, lab)

    assert await house.services.groups.of(ada.id) == ()
    assert await house.services.accounts.find("ada") == ada


async def test_what_is_gone_is_not_found(house: House) -> None:
    """A group or an account may go while somebody types."""
    ada = await house.add("ada")
    lab, gone = await make(house, "Lab"), await make(house, "Gone")
    groups = house.services.groups
    await groups.delete(OPERATOR, gone)

    outcomes = [
        await groups.put(OPERATOR, gone, ada.id),
        await groups.put(OPERATOR, lab, AccountId("x")),
        await groups.change(OPERATOR, gone, GroupChange(name="Back")),
        await groups.delete(OPERATOR, gone),
    ]

    assert outcomes == [Refused(Refusal.NOT_FOUND)] * 4


async def test_an_account_has_so_many_roles(house: House) -> None:
    """Each answer to a log-in names them all, so there is an end to them."""
    ada = await house.add("ada")
    lab = await make(house, "Lab")
    put = house.services.groups.put
    for number in range(GROUPS_OF_ONE_MAX):
        assert await put(OPERATOR, lab, ada.id, role=f"r{number}") is None

    assert await put(OPERATOR, lab, ada.id, role="one more") == Refused(
        Refusal.GROUP_LIMIT, number=GROUPS_OF_ONE_MAX
    )


async def test_members_come_in_pages(house: House) -> None:
    """A group can be large."""
    lab = await make(house, "Lab")
    for name in ("ada", "eve", "bob"):
        account = await house.add(name)
        await house.services.groups.put(OPERATOR, lab, account.id)

    first = await house.services.groups.members(OPERATOR, lab, limit=2)
    assert isinstance(first, Page)
    rest = await house.services.groups.members(OPERATOR, lab, after=first.next, limit=2)

    assert isinstance(rest, Page)
    assert (len(first.items), len(rest.items), rest.next) == (2, 1, None)


async def test_only_admins_see_and_change_groups(house: House) -> None:
    """Their names say who works with whom."""
    ada = await house.add("ada")
    lab = await make(house, "Lab")
    actor, groups = await house.actor("ada"), house.services.groups

    outcomes = [
        await groups.page(actor),
        await groups.members(actor, lab),
        await groups.make(actor, GroupChange(name="mine")),
        await groups.change(actor, lab, GroupChange(name="mine")),
        await groups.delete(actor, lab),
        await groups.put(actor, lab, ada.id),
        await groups.remove(actor, lab, ada.id),
    ]

    assert outcomes == [Refused(Refusal.NOT_ADMIN)] * len(outcomes)
