"""Keeping a session going."""

import asyncio
from datetime import timedelta

import pytest

from unit.core.conftest import GOOD, HERE, OPERATOR, House, ruled
from watchword.core.kernel.caller import Origin
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.authenticate import Caller
from watchword.core.services.sessiondoor import SignedIn, Terms
from watchword.core.services.tokens import Issued
from watchword.core.sessions.model import Kind

HOUR = timedelta(hours=1)
MONTH = timedelta(days=30)
RENEWING = Origin("192.0.2.1", "precrime")
BILLING = "https://billing.example.com"


async def sign_in(house: House, *, lifetime: timedelta = HOUR, origin: Origin = RENEWING) -> Caller:
    await house.add("ada")
    outcome = await house.services.signin.with_password(
        "ada", GOOD, origin=origin, terms=Terms(lifetime=lifetime)
    )
    assert isinstance(outcome, SignedIn)
    return await caller_of(house, outcome.token)


async def caller_of(house: House, token: str) -> Caller:
    caller = await house.services.authenticate.token(token)
    assert caller is not None
    return caller


async def renew(house: House, caller: Caller) -> SignedIn:
    return await house.services.renewal.renew(caller, origin=RENEWING, lifetime=HOUR)


async def test_a_renewed_token_is_of_the_same_session(house: House) -> None:
    """And lives its own full life."""
    caller = await sign_in(house)
    house.clock.advance(timedelta(minutes=50))

    renewed = await renew(house, caller)

    assert (await caller_of(house, renewed.token)).session == caller.session
    assert renewed.expires_at == house.clock.now() + HOUR


async def test_two_renewals_at_once_are_both_good(house: House) -> None:
    """Nobody is logged out by the other, and the old token lives to its own end."""
    caller = await sign_in(house)

    both = await asyncio.gather(renew(house, caller), renew(house, caller))

    tokens = {outcome.token for outcome in both}
    assert len(tokens) == 2
    for token in tokens:
        await caller_of(house, token)
    house.clock.advance(timedelta(minutes=59))
    await caller_of(house, both[0].token)


async def test_no_renewal_outlives_its_session(house: House) -> None:
    """Thirty days after the password was typed it has to be typed again."""
    caller = await sign_in(house)
    assert caller.session is not None
    house.clock.advance(MONTH - timedelta(minutes=10))

    renewed = await renew(house, caller)

    assert renewed.expires_at == caller.session.expires_at


async def test_a_token_of_another_dialect_is_renewed_to_ours(house: House) -> None:
    """A month's token is renewed to an hour's, and a minute's to a minute's."""
    caller = await sign_in(house, lifetime=MONTH, origin=HERE)
    outcome = await house.services.signin.with_password(
        "ada", GOOD, origin=HERE, terms=Terms(lifetime=timedelta(minutes=1))
    )
    assert isinstance(outcome, SignedIn)

    long = await renew(house, caller)
    short = await renew(house, await caller_of(house, outcome.token))
    again = await renew(house, await caller_of(house, short.token))

    now = house.clock.now()
    assert long.expires_at == now + HOUR
    assert short.expires_at == now + timedelta(minutes=1)
    assert again.expires_at == now + timedelta(minutes=1)


async def test_an_exchange_kills_the_old_session(house: House) -> None:
    """All tokens of the old one are dead; the new one ends when the old one would have."""
    caller = await sign_in(house)
    sibling = await renew(house, caller)
    house.clock.advance(timedelta(days=1))
    caller = await sign_in_again(house)

    issued = await house.services.renewal.exchange(
        caller, origin=RENEWING, lifetime=timedelta(days=7), longest=MONTH
    )

    assert isinstance(issued, Issued)
    assert await house.services.authenticate.token(sibling.token) is None
    new = await caller_of(house, issued.token)
    assert new.session is not None
    assert caller.session is not None
    assert new.session.id != caller.session.id
    assert new.session.expires_at == caller.session.expires_at
    async with house.storage.open_work() as work:
        assert await work.sessions.by_id(caller.session.id) is None


async def test_an_exchanged_session_is_new(house: House) -> None:
    """It is not idle because the old one was: its uses are its own."""
    caller = await sign_in(house)
    await house.services.session_uses.write()
    house.clock.advance(timedelta(days=1))
    caller = await caller_of(house, (await renew(house, caller)).token)
    assert caller.session is not None
    assert caller.session.last_used_at is not None

    issued = await house.services.renewal.exchange(
        caller, origin=RENEWING, lifetime=HOUR, longest=MONTH
    )

    assert isinstance(issued, Issued)
    (new,) = await house.services.sessions.of(caller.account.id)
    assert new.created_at == house.clock.now()
    assert new.last_used_at is None


async def sign_in_again(house: House) -> Caller:
    outcome = await house.services.signin.with_password(
        "ada", GOOD, origin=RENEWING, terms=Terms(lifetime=HOUR)
    )
    assert isinstance(outcome, SignedIn)
    return await caller_of(house, outcome.token)


async def test_an_exchanged_cookie_session_is_a_bearers(house: House) -> None:
    """Its token is told to a program; nobody was told a CSRF token for it."""
    await house.add("ada")
    outcome = await house.services.signin.with_password(
        "ada", GOOD, origin=HERE, terms=Terms(lifetime=HOUR, kind=Kind.COOKIE)
    )
    assert isinstance(outcome, SignedIn)
    caller = await caller_of(house, outcome.token)

    issued = await house.services.renewal.exchange(
        caller, origin=RENEWING, lifetime=HOUR, longest=MONTH
    )

    assert isinstance(issued, Issued)
    new = await caller_of(house, issued.token)
    assert new.session is not None
    assert new.session.kind is Kind.BEARER


async def test_of_two_exchanges_one_succeeds(house: House) -> None:
    """One session never becomes two."""
    caller = await sign_in(house)
    renewal = house.services.renewal

    outcomes = await asyncio.gather(
        *(renewal.exchange(caller, origin=RENEWING, lifetime=HOUR, longest=MONTH) for _ in range(5))
    )

    assert outcomes.count(Refused(Refusal.WRONG_CREDENTIALS)) == 4
    assert caller.account is not None
    assert len(await house.services.sessions.of(caller.account.id)) == 1


@pytest.mark.parametrize(
    "lifetime",
    [timedelta(0), timedelta(seconds=59), timedelta(days=-1), MONTH + timedelta(seconds=1)],
)
async def test_a_lifetime_has_bounds(house: House, lifetime: timedelta) -> None:
    """From a minute to what the operator allows; the session that asks lives on."""
    caller = await sign_in(house)

    outcome = await house.services.renewal.exchange(
        caller, origin=RENEWING, lifetime=lifetime, longest=MONTH
    )

    assert outcome == Refused(Refusal.LIFETIME_INVALID, number=30 * 86_400)
    assert caller.account is not None
    assert len(await house.services.sessions.of(caller.account.id)) == 1


async def test_a_token_for_a_service_is_good_there_alone(house: House) -> None:
    """It belongs to the caller's session, which lives on, and no dialect of ours takes it."""
    caller = await sign_in(house)
    services = house.under(ruled(audiences=frozenset({BILLING})))

    issued = await services.renewal.for_service(caller, BILLING, lifetime=HOUR, longest=MONTH)

    assert isinstance(issued, Issued)
    assert await services.authenticate.token(issued.token) is None
    assert len(await services.sessions.of(caller.account.id)) == 1


async def test_only_registered_services_have_tokens(house: House) -> None:
    """Who could ask for any audience could get a token for a service that trusts it."""
    caller = await sign_in(house)
    services = house.under(ruled(audiences=frozenset({BILLING})))
    renewal = services.renewal

    outcomes = [
        await renewal.for_service(caller, "https://other", lifetime=HOUR, longest=MONTH),
        await renewal.for_service(caller, "", lifetime=HOUR, longest=MONTH),
        await renewal.for_service(caller, BILLING, lifetime=2 * MONTH, longest=MONTH),
    ]

    assert outcomes == [
        Refused(Refusal.AUDIENCE_UNKNOWN),
        Refused(Refusal.AUDIENCE_UNKNOWN),
        Refused(Refusal.LIFETIME_INVALID, number=30 * 86_400),
    ]


async def test_an_exchange_after_a_log_out_is_refused(house: House) -> None:
    """The log-out may have come between the check of the token and this."""
    caller = await sign_in(house)
    assert caller.session is not None
    await house.services.sessions.end(OPERATOR, caller.session.id)

    outcome = await house.services.renewal.exchange(
        caller, origin=RENEWING, lifetime=HOUR, longest=MONTH
    )

    assert outcome == Refused(Refusal.WRONG_CREDENTIALS)
    assert await house.services.sessions.of(caller.account.id) == ()
