"""Signing in on terms: what kind of session, for which client, and how many of them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from unit.core.conftest import GOOD, HERE, MONTH, House, ruled
from watchword.core.kernel.caller import Origin
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.revocations.model import sid_digest
from watchword.core.services.sessiondoor import SessionLimits, SignedIn
from watchword.core.sessions.model import CLIENT_LENGTH_MAX, Kind

THERE = Origin("192.0.2.1", "assets")
TWO = replace(MONTH, dialect_max=2)
MINUTE = timedelta(minutes=1)


async def opened(house: House, count: int, origin: Origin = THERE) -> list[SignedIn]:
    """Sign in so many times, a minute apart, without any limit."""
    found = []
    for _ in range(count):
        house.clock.advance(MINUTE)
        found.append(await house.sign_in("ada", origin=origin))
    house.clock.advance(MINUTE)
    return found


async def alive(house: House, *sessions: SignedIn) -> list[bool]:
    authenticate = house.services.authenticate
    return [await authenticate.token(one.token) is not None for one in sessions]


async def test_a_session_is_of_the_kind_that_was_asked_for(house: House) -> None:
    """It stays so, and says which client it is of, whoever looks."""
    await house.add("ada")
    terms = replace(MONTH, kind=Kind.COOKIE, client="editor 2, ünïcode")

    signed_in = await house.sign_in("ada", terms=terms)

    caller = await house.services.authenticate.token(signed_in.token)
    assert caller is not None
    assert caller.session == signed_in.session
    assert (signed_in.session.kind, signed_in.session.client) == (terms.kind, terms.client)
    assert await house.services.sessions.of(caller.account.id) == (signed_in.session,)


async def test_without_a_word_it_is_a_bearer_session_of_no_client(house: House) -> None:
    """As every session was before there were two kinds."""
    await house.add("ada")

    session = (await house.sign_in("ada")).session

    assert (session.kind, session.client, session.last_used_at) == (Kind.BEARER, "", None)


@pytest.mark.parametrize(
    "client", ["c" * (CLIENT_LENGTH_MAX + 1), "a\nb", "\0", "a\u202eb", "\ud800"]
)
async def test_a_client_is_visible_and_not_long(house: House, client: str) -> None:
    """Nothing is hashed and no guess is counted for it, whether the password is right or not."""
    await house.add("ada")
    terms = replace(MONTH, client=client)

    outcomes = [await house.try_sign_in("ada", "wrong", terms=terms) for _ in range(20)]
    outcomes.append(await house.try_sign_in("ada", terms=terms))

    assert outcomes == [Refused(Refusal.CLIENT_INVALID)] * 21
    assert house.hasher.verified == 0
    assert isinstance(await house.try_sign_in("ada"), SignedIn)


async def test_past_the_limit_the_one_used_least_lately_ends(house: House) -> None:
    """A use counts that was only noted in memory so far."""
    await house.add("ada")
    first, second = await opened(house, 2)
    await house.services.authenticate.token(first.token)
    house.clock.advance(MINUTE)

    third = await house.sign_in("ada", origin=THERE, terms=TWO)

    assert await alive(house, first, second, third) == [True, False, True]


async def test_what_was_never_used_counts_from_its_beginning(house: House) -> None:
    """So the oldest of them ends first."""
    await house.add("ada")
    sessions = await opened(house, 2)

    sessions.append(await house.sign_in("ada", origin=THERE, terms=TWO))

    assert await alive(house, *sessions) == [False, True, True]


async def test_a_limit_made_smaller_ends_as_many_as_it_takes(house: House) -> None:
    """The newcomer is always among those who stay."""
    await house.add("ada")
    sessions = await opened(house, 5)
    await house.services.authenticate.token(sessions[1].token)
    house.clock.advance(MINUTE)

    sessions.append(await house.sign_in("ada", origin=THERE, terms=TWO))
    left = await alive(house, *sessions)
    house.clock.advance(MINUTE)
    one = replace(MONTH, dialect_max=1)
    sessions.append(await house.sign_in("ada", origin=THERE, terms=one))

    assert left == [False, True, False, False, False, True]
    assert await alive(house, *sessions) == [False] * 6 + [True]


async def test_other_dialects_sessions_are_left_alone(house: House) -> None:
    """And other people's; a log-in without a limit ends nothing."""
    await house.add("ada")
    await house.add("bob")
    others = [*await opened(house, 3, HERE), await house.sign_in("bob", origin=THERE)]
    ours = await opened(house, 3)

    elsewhere = await house.sign_in("ada", origin=HERE)
    here = await house.sign_in("ada", origin=THERE, terms=TWO)

    assert await alive(house, *others, elsewhere, here) == [True] * 6
    assert await alive(house, *ours) == [False, False, True]


async def test_the_limit_of_all_sessions_holds_as_well(house: House) -> None:
    """Whichever is reached first."""
    await house.add("ada")
    sessions = await opened(house, 2, HERE)
    signin = house.under(ruled(sessions=SessionLimits(per_account_max=2))).signin

    third = await signin.with_password("ada", GOOD, origin=THERE, terms=TWO)

    assert isinstance(third, SignedIn)
    assert await alive(house, *sessions, third) == [False, True, True]


async def test_many_log_ins_at_once_keep_to_the_limit(house: House) -> None:
    """All get in, and two are left."""
    account = await house.add("ada")

    crowd = [house.sign_in("ada", origin=THERE, terms=TWO) for _ in range(20)]
    sessions = await asyncio.gather(*crowd)

    assert len(set(await alive(house, *sessions))) == 2
    assert len(await house.services.sessions.of(account.id)) == 2


async def test_who_does_not_get_in_ends_nobodys_session(house: House) -> None:
    """Else a stranger could log people out."""
    await house.add("ada")
    sessions = await opened(house, 2)

    outcome = await house.try_sign_in("ada", "wrong", THERE, TWO)

    assert outcome == Refused(Refusal.WRONG_CREDENTIALS)
    assert await alive(house, *sessions) == [True, True]


async def test_services_elsewhere_are_told_of_the_end(house: House) -> None:
    """Of that session alone."""
    await house.add("ada")
    idle, _ = await opened(house, 2)

    await house.sign_in("ada", origin=THERE, terms=TWO)

    page = await house.services.revocation_feed.since(0, patience=timedelta(0))
    assert [one.sid for one in page.items] == [sid_digest(idle.session.id)]
