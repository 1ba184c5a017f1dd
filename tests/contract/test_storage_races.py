"""What must hold when many come at once, on each real database."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from contract.things import (
    AT,
    DAY,
    account,
    admin,
    attempt,
    commit,
    keep,
    password,
    session,
    signing_key,
    together,
)
from watchword.core.accounts.model import Account, Role, State
from watchword.core.audit.model import Action, Event
from watchword.core.kernel.errors import (
    ConflictError,
    DeniedError,
    NotFoundError,
)
from watchword.core.kernel.ids import SessionId
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import Storage
from watchword.core.sessions.model import Session

ADA = account("Ada")
LIMITS = AttemptLimits()


async def test_parallel_guesses_cannot_outrun_the_limit(database: Storage) -> None:
    """Of forty at once, as many get in as are free, and the others wait."""
    for round_number in range(5):
        one = attempt(f"name {round_number}")

        waits = await asyncio.gather(*(database.attempts.reserve(one, LIMITS) for _ in range(40)))

        assert sorted(waits) == [0] * LIMITS.free + [1] * (40 - LIMITS.free)


async def test_parallel_guesses_at_many_names_cannot_outrun_the_address(
    database: Storage,
) -> None:
    """Of forty names from one address, as many are heard as the window has places."""
    limits = replace(LIMITS, per_address=7)
    names = [attempt(f"name {number}") for number in range(40)]

    waits = await asyncio.gather(*(database.attempts.reserve(one, limits) for one in names))

    assert sorted(waits) == [0] * 7 + [900] * 33


async def test_parallel_guesses_from_everywhere_cannot_outrun_the_lock(database: Storage) -> None:
    """Of forty addresses, as many are heard as a name may fail in a row."""
    limits = replace(LIMITS, per_name=7)
    addresses = [attempt("name", f"203.0.113.{number}") for number in range(40)]

    waits = await asyncio.gather(*(database.attempts.reserve(one, limits) for one in addresses))

    assert sorted(waits) == [0] * 7 + [900] * 33


async def test_a_window_gives_each_place_once(database: Storage) -> None:
    """Of forty at once, twenty register."""
    take = database.attempts.take

    waits = await asyncio.gather(
        *(take("register", "here", at=AT, limit=20, window=DAY) for _ in range(40))
    )

    assert sorted(waits) == [0] * 20 + [86400] * 20


async def test_reserving_and_settling_at_once_is_no_deadlock(database: Storage) -> None:
    """People with the same name and address come and go without waiting for each other's end."""
    limits = replace(LIMITS, free=10**6, per_address=10**6)
    await keep(database, ADA)

    async def come_and_go(number: int) -> None:
        one = attempt(ADA.id, f"192.0.2.{number % 3}")
        assert await database.attempts.reserve(one, limits) == 0
        async with database.open_work() as work:
            if number % 2:
                work.attempts.failed(one, limits)
            else:
                work.attempts.succeeded(one, ADA.id)
            work.audit.add(Event(at=AT, action=Action.SESSION_SIGNIN_OK, subject=ADA.id))
            await work.commit()

    assert set(await together(*(come_and_go(number) for number in range(60)))) == {None}


async def test_two_admins_cannot_take_each_other_away(database: Storage) -> None:
    """Whether they demote, disable or delete each other at once, one stays."""
    for number in range(50):
        pair = admin(f"Ada {number}"), admin(f"Bob {number}")
        await keep(database, *pair)

        refusals = await together(*(_take_away(database, who, number) for who in pair))

        assert sorted(map(str, refusals)) == sorted(map(str, [None, DeniedError]))
        await _clear_admins(database, pair)


async def _take_away(database: Storage, who: Account, number: int) -> None:
    demoted, disabled = replace(who, role=Role.USER), replace(who, state=State.DISABLED)
    async with database.open_work() as work:
        work.accounts.require_not_last_admin(who.id)
        match number % 3:
            case 0:
                work.accounts.update(demoted, before=who)
            case 1:
                work.accounts.update(disabled, before=who)
            case _:
                work.accounts.delete(who.id)
        await work.commit()


async def _clear_admins(database: Storage, accounts: tuple[Account, ...]) -> None:
    for one in accounts:
        async with database.open_work() as work:
            if await work.accounts.by_id(one.id):
                work.accounts.delete(one.id)
                await work.commit()


async def test_a_name_goes_to_one_of_many(database: Storage) -> None:
    """Of twenty who register a name at once, one gets it, in whatever spelling."""
    spellings = ["Ada", "ADA", "ada", " aDa"]
    crowd = [replace(account(spellings[number % 4]), id=f"id {number}") for number in range(20)]  # type: ignore[arg-type]

    refusals = await together(*(keep(database, one) for one in crowd))

    async with database.open_work() as work:
        count = await work.accounts.count()
    assert (refusals.count(None), refusals.count(ConflictError), count) == (1, 19, 1)


async def test_a_name_and_an_address_are_not_both_given_away(database: Storage) -> None:
    """One takes an address as a name while another confirms it: one of them gets it."""
    for number in range(20):
        mail = f"ada{number}@example.org"
        claimed = account(f"Eve {number}", email=mail)
        confirmed = replace(claimed, email_confirmed_at=AT)
        await keep(database, claimed)

        refusals = await together(
            keep(database, account(mail)),
            _update(database, confirmed, claimed),
        )

        async with database.open_work() as work:
            holder = await work.accounts.by_identifier(mail)
        assert holder is not None
        assert ConflictError in refusals
        assert (holder.name == mail) == (refusals[0] is None)


async def _update(database: Storage, after: Account, before: Account) -> None:
    await commit(database, lambda work: work.accounts.update(after, before=before))


async def test_a_password_change_leaves_no_session_behind(database: Storage) -> None:
    """Who signs in with the old password while it is changed holds nothing afterwards."""
    await keep(database, ADA)
    for number in range(30):
        old, new = f"old {number}", f"new {number}"
        await commit(database, lambda work: work.credentials.put_password(password(ADA, old)))  # noqa: B023 - awaited in this round

        logins = [_sign_in(database, old, f"s {number} {n}") for n in range(4)]
        await together(*logins[:2], _change_password(database, new), *logins[2:])

        async with database.open_work() as work:
            assert await work.sessions.count_of(ADA.id) == 0


async def _sign_in(database: Storage, encoded: str, name: str) -> None:
    opened = session(name, ADA)
    await commit(
        database,
        lambda work: work.credentials.require(ADA.id, encoded=encoded),
        lambda work: work.sessions.add(opened),
    )


async def _change_password(database: Storage, encoded: str) -> None:
    new = password(ADA, encoded)
    await commit(
        database,
        lambda work: work.credentials.put_password(new),
        lambda work: work.sessions.end_all_of(ADA.id),
    )


async def test_a_disabled_account_gets_no_session_that_lasts(database: Storage) -> None:
    """Who signs in while the account is closed holds nothing afterwards."""
    for number in range(30):
        who = account(f"Ada {number}")
        await keep(database, who)
        await commit(database, _puts_password(who))
        opened = session(f"s {number}", who)

        await together(_open(database, opened), _close(database, who))

        async with database.open_work() as work:
            assert await work.sessions.count_of(who.id) == 0


def _puts_password(who: Account) -> Callable[..., None]:
    return lambda work: work.credentials.put_password(password(who))


async def _open(database: Storage, opened: Session) -> None:
    await commit(
        database,
        lambda work: work.credentials.require(opened.account_id, encoded="hash"),
        lambda work: work.sessions.add(opened),
    )


async def _close(database: Storage, who: Account) -> None:
    await commit(
        database,
        lambda work: work.accounts.update(replace(who, state=State.DISABLED), before=who),
        lambda work: work.sessions.end_all_of(who.id),
    )


async def test_a_deleted_account_gets_no_session(database: Storage) -> None:
    """Either the session is opened first and goes too, or it is refused."""
    for number in range(30):
        who = account(f"Ada {number}")
        await keep(database, who)
        opened = session(f"s {number}", who)

        refusals = await together(
            commit(database, lambda work: work.sessions.add(opened)),  # noqa: B023 - awaited in this round
            commit(database, lambda work: work.accounts.delete(who.id)),  # noqa: B023 - awaited in this round
        )

        async with database.open_work() as work:
            assert await work.sessions.by_id(SessionId(f"s {number}")) is None
        assert refusals[0] in (None, NotFoundError)
        assert refusals[1] is None


async def test_there_is_one_first_admin(database: Storage) -> None:
    """Of ten who set the server up at once, one succeeds."""
    crowd = [admin(f"admin {number}") for number in range(10)]

    refusals = await together(*(_set_up(database, one) for one in crowd))

    async with database.open_work() as work:
        count = await work.accounts.count()
    assert (refusals.count(None), refusals.count(ConflictError), count) == (1, 9, 1)


async def _set_up(database: Storage, first: Account) -> None:
    await commit(
        database,
        lambda work: work.setup.require_no_account_yet(),
        lambda work: work.accounts.add(first),
    )


async def test_a_setup_token_gives_each_try_once(database: Storage) -> None:
    """Of twenty at once, five are heard."""
    await commit(database, lambda work: work.setup.put_token("digest", at=AT))

    refusals = await together(
        *(commit(database, lambda work: work.setup.use_try(limit=5)) for _ in range(20))
    )

    assert (refusals.count(None), refusals.count(DeniedError)) == (5, 15)


async def test_there_is_one_first_signing_key(database: Storage) -> None:
    """Of ten workers that start at once, one makes the key."""
    keys = [signing_key(f"k{number}") for number in range(10)]

    refusals = await together(*(_first_key(database, key.id) for key in keys))

    async with database.open_work() as work:
        stored = await work.signing_keys.all()
    assert (refusals.count(None), len(stored)) == (1, 1)


async def _first_key(database: Storage, name: str) -> None:
    await commit(database, lambda work: work.signing_keys.add_first(signing_key(name)))


async def test_a_failing_commit_takes_no_other_with_it(database: Storage) -> None:
    """Good and refused commits that come together each get their own answer."""
    await keep(database, account("taken"))
    wanted = [
        account(f"n{number}" if number % 3 else "TAKEN", id=f"i{number}") for number in range(60)
    ]

    refusals = await together(*(_with_event(database, one) for one in wanted))

    async with database.open_work() as work:
        events = await work.audit.page(limit=100)
        count = await work.accounts.count()
    assert [refused is None for refused in refusals] == [number % 3 != 0 for number in range(60)]
    assert {event.subject for event in events.items} == {f"i{n}" for n in range(60) if n % 3}
    assert count == 41


async def _with_event(database: Storage, one: Account) -> None:
    await commit(
        database,
        lambda work: work.audit.add(Event(at=AT, action=Action.ACCOUNT_CREATE, subject=one.id)),
        lambda work: work.accounts.add(one),
    )
