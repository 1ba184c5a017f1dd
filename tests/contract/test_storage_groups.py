"""What every keeper of groups promises."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from contract.things import AT, SECOND, account, commit, group, keep, member, together
from watchword.core.groups.model import Group, Membership
from watchword.core.kernel.errors import ConflictError, InvalidError, NotFoundError
from watchword.core.kernel.ids import AccountId, GroupId
from watchword.core.ports import Storage, Work

ADA = account("Ada")
BOB = account("Bob")
SALES = group("Sales")
STAFF = group("Staff", password_days=90, password_history=0)
MOST = 200


async def found(storage: Storage, *groups: Group) -> None:
    for one in groups:
        await commit(storage, lambda work: work.groups.add(one))  # noqa: B023 - awaited in this round


async def put(storage: Storage, *members: Membership, most: int = MOST) -> None:
    for one in members:
        await commit(storage, lambda work: work.groups.put_member(one, most=most))  # noqa: B023 - awaited in this round


async def test_a_group_comes_back_as_it_was_stored(storage: Storage, look: Work) -> None:
    """By its id, and by the key of its name however that is spelled."""
    await found(storage, SALES, STAFF)

    assert [await look.groups.by_id(one.id) for one in (SALES, STAFF)] == [SALES, STAFF]
    assert await look.groups.by_name("staff") == STAFF
    assert await look.groups.by_name("Staff") is None
    assert await look.groups.by_id(GroupId("another")) is None
    assert await look.groups.by_name("\0\ud800") is None


async def test_a_name_belongs_to_one_group(storage: Storage, look: Work) -> None:
    """In whatever spelling, of a new group or of one that is changed."""
    await found(storage, SALES, STAFF)

    with pytest.raises(ConflictError) as added:
        await found(storage, group("SALES"))
    with pytest.raises(ConflictError) as changed:
        await commit(storage, lambda work: work.groups.update(replace(STAFF, name="\uff53ales")))

    assert (added.value.field, changed.value.field) == ("name", "name")
    assert (await look.groups.page(limit=9)).items == (SALES, STAFF)


async def test_a_name_that_no_database_can_hold_is_refused(storage: Storage) -> None:
    """It never becomes a fault of ours."""
    with pytest.raises(InvalidError):
        await found(storage, group("a\ud800b"))


async def test_an_id_is_taken_once(storage: Storage) -> None:
    """A second group with the same id is refused."""
    await found(storage, SALES)

    with pytest.raises(ConflictError):
        await found(storage, replace(STAFF, id=SALES.id))


async def test_a_group_changes(storage: Storage, look: Work) -> None:
    """All of its fields, another spelling of its own name too, and the old name is free."""
    await found(storage, SALES)
    loud = replace(SALES, name="SALES", password_days=0)
    other = replace(SALES, name="Support", password_history=5)

    await commit(storage, lambda work: work.groups.update(loud))
    assert await look.groups.by_name("sales") == loud
    await commit(storage, lambda work: work.groups.update(other))

    assert await look.groups.by_id(SALES.id) == other
    await found(storage, group("Sales", id=GroupId("new")))


async def test_a_group_that_is_gone_cannot_be_changed(storage: Storage) -> None:
    """A change or an end of none is said to be one, whoever has the name."""
    await found(storage, STAFF)

    with pytest.raises(NotFoundError):
        await commit(storage, lambda work: work.groups.update(replace(SALES, name="Staff")))
    with pytest.raises(NotFoundError):
        await commit(storage, lambda work: work.groups.delete(SALES.id))


async def test_groups_are_listed_oldest_first(storage: Storage, look: Work) -> None:
    """Every group once, those of one moment in the order of their ids."""
    some = [group(f"g{number}", created_at=AT + SECOND * (number // 2)) for number in range(5)]
    await found(storage, *reversed(some))

    first = await look.groups.page(limit=3)
    rest = await look.groups.page(after=first.next, limit=3)

    assert [*first.items, *rest.items] == some
    assert rest.next is None


async def test_an_account_has_roles_in_groups(storage: Storage, look: Work) -> None:
    """By the name of the group, then by the role, each once however often it is put."""
    admins = group("admins")
    await keep(storage, ADA, BOB)
    await found(storage, STAFF, SALES, admins)
    wanted = [
        member(admins, ADA),
        member(SALES, ADA, "Lead"),
        member(SALES, ADA, "clerk"),
        member(STAFF, ADA),
    ]

    await put(storage, *reversed(wanted), member(SALES, BOB), wanted[1])

    assert await look.groups.of(ADA.id) == tuple(wanted)
    assert await look.groups.of(BOB.id) == (member(SALES, BOB),)
    assert await look.groups.of(AccountId("another")) == ()


async def test_the_groups_of_an_account_are_as_they_are_now(storage: Storage, look: Work) -> None:
    """A change of a group shows at once in what its members are."""
    strict = replace(SALES, name="Strict sales", password_days=30)
    await keep(storage, ADA)
    await found(storage, SALES)
    await put(storage, member(SALES, ADA))

    await commit(storage, lambda work: work.groups.update(strict))

    assert await look.groups.of(ADA.id) == (member(strict, ADA),)


async def test_members_are_listed_by_account_and_role(storage: Storage, look: Work) -> None:
    """A page at a time, each membership once, of this group alone."""
    people = [account("n"), account("n1"), account("m", id=AccountId("id-of"))]
    await keep(storage, *people)
    await found(storage, SALES, STAFF)
    wanted = [
        member(SALES, people[2], "-of-n"),
        member(SALES, people[0], "1"),
        member(SALES, people[0], "1a"),
        member(SALES, people[0], "ünïcode"),
        member(SALES, people[1], "a"),
    ]
    await put(storage, *reversed(wanted), member(STAFF, people[0]))
    pages, after = [], None
    while True:
        page = await look.groups.members(SALES, after=after, limit=1)
        pages.append(page.items)
        if (after := page.next) is None:
            break

    assert pages == [(one,) for one in wanted]
    assert (await look.groups.members(SALES, limit=5)).next is None


async def test_the_longest_role_has_a_place_in_the_list(storage: Storage, look: Work) -> None:
    """A cursor that stands at it can be read again."""
    role = "\U0001d535" * 100
    person = account("Ada", id=AccountId("00000000-0000-4000-8000-000000000001"))
    await keep(storage, person)
    await found(storage, SALES)
    await put(storage, member(SALES, person, role), member(SALES, person, role[1:]))

    first = await look.groups.members(SALES, limit=1)
    rest = await look.groups.members(SALES, after=first.next, limit=1)

    assert [*first.items, *rest.items] == [
        member(SALES, person, role[1:]),
        member(SALES, person, role),
    ]


@pytest.mark.parametrize("cursor", ["", "x", "\0", "YWNjb3VudHM6MTph"])
async def test_a_foreign_cursor_is_refused(look: Work, cursor: str) -> None:
    """Text that this list did not write is no place in it."""
    for page in (
        look.groups.page(after=cursor, limit=5),
        look.groups.members(SALES, after=cursor, limit=5),
    ):
        with pytest.raises(InvalidError) as refused:
            await page

        assert refused.value.field == "after"


@pytest.mark.parametrize("wanted", [member(STAFF, ADA), member(SALES, BOB)])
async def test_nobody_is_put_nowhere(storage: Storage, look: Work, wanted: Membership) -> None:
    """Group and account must be there, even for who has as many roles as one may."""
    await keep(storage, ADA)
    await found(storage, SALES)
    await put(storage, member(SALES, ADA), most=1)

    with pytest.raises(NotFoundError):
        await put(storage, wanted, most=1)

    assert await look.groups.of(ADA.id) == (member(SALES, ADA),)


async def test_an_account_has_so_many_roles(storage: Storage, look: Work) -> None:
    """One more is refused; one that it has already is no more, even past the limit."""
    await keep(storage, ADA, BOB)
    await found(storage, SALES, STAFF)
    await put(storage, member(SALES, BOB), member(SALES, ADA), member(SALES, ADA, "lead"), most=2)

    with pytest.raises(ConflictError) as refused:
        await put(storage, member(STAFF, ADA), most=2)
    await put(storage, member(SALES, ADA), most=1)

    assert refused.value.field == "groups"
    assert len(await look.groups.of(ADA.id)) == 2


async def test_a_role_is_taken_away_alone_or_with_the_others(storage: Storage, look: Work) -> None:
    """Of one account, in one group; where there is none, that is said."""
    await keep(storage, ADA, BOB)
    await found(storage, SALES, STAFF)
    spared = [member(SALES, BOB), member(STAFF, ADA)]
    await put(storage, *(member(SALES, ADA, role) for role in ("a", "b", "c")), *spared)

    await commit(storage, lambda work: work.groups.remove_member(SALES.id, ADA.id, role="b"))
    roles = [one.role for one in (await look.groups.members(SALES, limit=9)).items]
    await commit(storage, lambda work: work.groups.remove_member(SALES.id, ADA.id))

    assert sorted(roles) == ["a", "c", "member"]
    assert await look.groups.of(ADA.id) == (spared[1],)
    assert await look.groups.of(BOB.id) == (spared[0],)
    with pytest.raises(NotFoundError):
        await commit(storage, lambda work: work.groups.remove_member(SALES.id, ADA.id))
    with pytest.raises(NotFoundError):
        await commit(storage, lambda work: work.groups.remove_member(STAFF.id, ADA.id, role="a"))


async def test_memberships_go_with_their_group_or_account(storage: Storage, look: Work) -> None:
    """And with nothing else."""
    await keep(storage, ADA, BOB)
    await found(storage, SALES, STAFF)
    await put(storage, *(member(one, who) for one in (SALES, STAFF) for who in (ADA, BOB)))

    await commit(storage, lambda work: work.groups.delete(SALES.id))
    await commit(storage, lambda work: work.accounts.delete(ADA.id))

    assert await look.groups.by_id(SALES.id) is None
    assert (await look.groups.members(SALES, limit=9)).items == ()
    assert (await look.groups.members(STAFF, limit=9)).items == (member(STAFF, BOB),)
    assert await look.groups.of(ADA.id) == ()
    await found(storage, SALES)


async def test_a_limit_holds_however_many_roles_are_put_at_once(database: Storage) -> None:
    """Of forty at once, seven are put."""
    await keep(database, ADA)
    await found(database, SALES, STAFF)
    wanted = [member((SALES, STAFF)[number % 2], ADA, f"r{number}") for number in range(40)]

    refusals = await together(*(put(database, one, most=7) for one in wanted))

    async with database.open_work() as work:
        assert len(await work.groups.of(ADA.id)) == 7
    assert (refusals.count(None), refusals.count(ConflictError)) == (7, 33)


async def test_a_name_goes_to_one_of_many_groups(database: Storage) -> None:
    """Whether they are new or take another name; the others are told which field is taken."""
    for number in range(8):
        renamed = [group(f"g{number} {one}") for one in range(10)]
        await found(database, *renamed)
        wishes = [
            wish
            for one in renamed
            for wish in (
                commit(database, _renaming(replace(one, name=f"SALES {number}"))),
                found(database, group(f"Sales {number}", id=GroupId(f"new {one.id}"))),
            )
        ]

        outcomes = await asyncio.gather(*wishes, return_exceptions=True)

        refused = [one for one in outcomes if isinstance(one, ConflictError)]
        assert outcomes.count(None) == 1
        assert [one.field for one in refused] == ["name"] * 19


def _renaming(one: Group) -> Callable[[Work], None]:
    return lambda work: work.groups.update(one)


async def test_groups_members_and_accounts_that_go_at_once_are_no_deadlock(
    database: Storage,
) -> None:
    """Whatever goes first, what is left fits together."""
    roles = [f"r{number}" for number in range(5)]
    for number in range(5):
        people = [account(f"n{number} {one}") for one in range(4)]
        groups = [group(f"g{number} {one}") for one in range(4)]
        await keep(database, *people)
        await found(database, *groups)
        wanted = [member(one, who, role) for one in groups for who in people for role in roles]
        await asyncio.gather(*(put(database, one) for one in wanted))

        refusals = await together(
            *(commit(database, _end_of_group(one)) for one in groups[:3]),
            *(commit(database, _end_of_account(one.id)) for one in people[:3]),
            *(commit(database, _removal(one)) for one in wanted[::5]),
            *(put(database, one) for one in wanted[::-7]),
        )

        async with database.open_work() as work:
            left = await work.groups.of(people[3].id)
        assert refusals[:6] == [None] * 6
        assert set(refusals) <= {None, NotFoundError}
        assert {one.group for one in left} <= {groups[3]}


def _end_of_group(one: Group) -> Callable[[Work], None]:
    return lambda work: work.groups.delete(one.id)


def _end_of_account(account_id: AccountId) -> Callable[[Work], None]:
    return lambda work: work.accounts.delete(account_id)


def _removal(one: Membership) -> Callable[[Work], None]:
    return lambda work: work.groups.remove_member(one.group.id, one.account_id)


async def test_the_days_of_all_groups_are_told(storage: Storage, look: Work) -> None:
    """Each number once; never is no number of days, and neither is what is not said."""
    days = {"a": 90, "b": 30, "c": 90, "d": 0, "e": None}
    before = await look.groups.password_days()

    await found(storage, *(group(name, password_days=some) for name, some in days.items()))

    assert before == frozenset()
    assert await look.groups.password_days() == {30, 90}
