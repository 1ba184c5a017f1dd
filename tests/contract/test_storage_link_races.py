"""What must hold of links when many come at once, on each real database."""

from collections.abc import Sequence
from dataclasses import replace

from contract.persons import ADA, change, join, require, welcome
from contract.things import account, commit, keep, link, session, together
from watchword.core.accounts.model import Account, State
from watchword.core.directory.model import Closed, Link
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.ports import Storage

ROUNDS = 20


async def test_of_many_first_log_ins_one_makes_the_account(database: Storage) -> None:
    """The others hear that the person has one, and leave nothing behind."""
    for number in range(ROUNDS):
        who = [account(f"n{number} {n}") for n in range(6)]
        person = link(who[0]).guid

        refusals = await together(*(_come(database, [one], guid=person) for one in who))

        async with database.open_work() as work:
            found = await work.links.by_guids("corp", [person])
            left = await work.accounts.by_ids([one.id for one in who])
        assert sorted(map(str, refusals)) == sorted(map(str, [None, *[ConflictError] * 5]))
        assert [one.id for one in left] == [one.account_id for one in found]


async def _come(database: Storage, accounts: Sequence[Account], *, guid: str) -> None:
    links = [link(accounts[0], guid=guid), *map(link, accounts[1:])]
    await commit(
        database,
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.links.add_all(links),
    )


async def test_two_synchronisations_at_once_are_no_deadlock(database: Storage) -> None:
    """They meet the same persons in other orders: one brings them all, the other nobody."""
    for number in range(ROUNDS):
        people = [f"p{number} {n:03}" for n in range(120)]
        one = [account(f"a{number} {n:03}") for n in range(120)]
        other = [account(f"b{number} {n:03}") for n in range(120)]

        refusals = await together(
            _bring(database, one, people), _bring(database, other, people[::-1])
        )

        async with database.open_work() as work:
            found = await work.links.by_guids("corp", people)
            links = {of.account_id[:5] for of in found}
        assert sorted(map(str, refusals)) == sorted(map(str, [None, ConflictError]))
        assert (len(found), len(links)) == (120, 1)


async def _bring(database: Storage, accounts: Sequence[Account], people: Sequence[str]) -> None:
    pairs = zip(accounts, people, strict=True)
    links = [link(one, guid=guid) for one, guid in pairs]
    await commit(
        database,
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.links.add_all(links),
    )


async def test_changes_in_other_orders_are_no_deadlock(database: Storage) -> None:
    """Two commits that change the same links both pass."""
    accounts = [account(f"n{number:02}") for number in range(30)]
    await commit(
        database,
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.links.add_all([link(one) for one in accounts]),
    )

    for number in range(ROUNDS):
        refusals = await together(
            *(_move(database, some, f"CN={number}") for some in (accounts, accounts[::-1]) * 2)
        )

        assert set(refusals) == {None}


async def _move(database: Storage, accounts: Sequence[Account], dn: str) -> None:
    async with database.open_work() as work:
        for one in accounts:
            work.links.update(link(one, dn=dn), before=link(one))
        await work.commit()


async def test_a_link_is_changed_while_its_account_goes(database: Storage) -> None:
    """It is changed first and goes too, or it is gone."""
    for number in range(ROUNDS):
        who = account(f"n{number}")
        await welcome(database, who)

        refusals = await together(
            change(database, link(who, closed=Closed.GONE), link(who)),
            commit(database, lambda work: work.accounts.delete(who.id)),  # noqa: B023 - awaited in this round
            change(database, link(who, dn="CN=b"), link(who)),
        )

        async with database.open_work() as work:
            assert await work.links.of(who.id) is None
        assert refusals[1] is None
        assert {refusals[0], refusals[2]} <= {None, NotFoundError}


async def test_an_account_goes_while_it_is_linked(database: Storage) -> None:
    """No link is left of it, and the person may have another account."""
    for number in range(ROUNDS):
        who = account(f"n{number}")
        await keep(database, who)

        refusals = await together(
            join(database, link(who)),
            commit(database, lambda work: work.accounts.delete(who.id)),  # noqa: B023 - awaited in this round
        )

        async with database.open_work() as work:
            assert await work.links.by_guids("corp", [link(who).guid]) == ()
        assert refusals[0] in (None, NotFoundError)
        assert refusals[1] is None


async def test_a_closing_leaves_no_session_behind(database: Storage) -> None:
    """Who comes in while the directory closes the account holds nothing afterwards."""
    for number in range(ROUNDS):
        who = account(f"n{number}")
        await welcome(database, who)

        entries = [_enter(database, link(who), f"s{number} {n}") for n in range(4)]
        refusals = await together(*entries[:2], _close(database, who), *entries[2:])

        async with database.open_work() as work:
            assert await work.sessions.count_of(who.id) == 0
        assert refusals[2] is None
        assert set(refusals) <= {None, DeniedError}


async def _enter(database: Storage, one: Link, name: str) -> None:
    opened = session(name, ADA, account_id=one.account_id)
    await commit(
        database,
        lambda work: work.links.require(one),
        lambda work: work.sessions.add(opened),
    )


async def _close(database: Storage, who: Account) -> None:
    """Close it by the link alone: the account may have been closed here before."""
    await commit(
        database,
        lambda work: work.links.update(link(who, closed=Closed.GONE), before=link(who)),
        lambda work: work.sessions.end_all_of(who.id),
    )


async def test_a_person_changes_while_somebody_relies_on_them(database: Storage) -> None:
    """Who disables the account here is as good as the directory."""
    for number in range(ROUNDS):
        who = account(f"n{number}")
        await welcome(database, who)
        off = replace(who, state=State.DISABLED)

        refusals = await together(
            *(require(database, link(who)) for _ in range(2)),
            commit(database, lambda work: work.accounts.update(off, before=who)),  # noqa: B023 - awaited in this round
        )

        assert set(refusals) <= {None, DeniedError}
        assert refusals[2] is None
        assert await together(require(database, link(who))) == [DeniedError]


async def test_two_hundred_are_closed_while_others_come_in(database: Storage) -> None:
    """In one commit, with everything that goes with it: nobody waits for anybody for ever."""
    accounts = [account(f"n{number:03}") for number in range(200)]
    await commit(
        database,
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.links.add_all([link(one) for one in accounts]),
        *(lambda work, one=one: work.sessions.add(session(one.id, one)) for one in accounts),
    )

    refusals = await together(
        *(_enter(database, link(one), f"before {one.id}") for one in accounts[:8:2]),
        _close_all(database, accounts),
        *(_enter(database, link(one), f"beside {one.id}") for one in accounts[:8:2]),
        _close_all(database, accounts[::-1]),
    )

    async with database.open_work() as work:
        assert [await work.sessions.count_of(one.id) for one in accounts] == [0] * 200
        ended = await work.revocation_log.since(0, limit=1000)
        assert await work.links.count_open("corp") == 0
    assert set(refusals) <= {None, DeniedError}
    assert [refusals[4], refusals[-1]] == [None, None]
    assert len(ended) == 200 + refusals[:-1].count(None) - 1


async def _close_all(database: Storage, accounts: Sequence[Account]) -> None:
    async with database.open_work() as work:
        for one in accounts:
            work.accounts.require_not_last_admin(one.id)
            work.accounts.update(replace(one, state=State.DISABLED), before=one)
            work.links.update(link(one, closed=Closed.GONE), before=link(one))
            work.sessions.end_all_of(one.id)
        await work.commit()
