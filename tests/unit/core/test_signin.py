"""Signing in: who gets a session, who waits, and what is told to whom."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

from unit.core.conftest import ELSEWHERE, GOOD, HERE, OPERATOR, House, ruled
from watchword.core.audit.model import Action
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import AttemptLimits
from watchword.core.services.sessiondoor import SessionLimits, SignedIn, Terms

WRONG = Refused(Refusal.WRONG_CREDENTIALS)


async def test_right_password_opens_a_session(house: House) -> None:
    """The token that is handed out finds the account, in any spelling of its name."""
    ada = await house.add("Ada")

    signed_in = await house.sign_in(" ADA ")

    caller = await house.services.authenticate.token(signed_in.token)
    assert caller is not None
    assert caller.account == ada
    assert signed_in.expires_at == house.clock.now() + timedelta(days=30)


async def test_unknown_name_costs_one_hash(house: House) -> None:
    """A stranger's name takes as long as a member's, and gets the same answer."""
    await house.add("ada")

    assert await house.try_sign_in("nobody") == await house.try_sign_in("ada", "wrong") == WRONG
    assert house.hasher.verified == 2


async def test_decoy_password_is_no_key(house: House) -> None:
    """The password behind the decoy hash opens nothing."""
    assert await house.try_sign_in("nobody", "nobody knows this") == WRONG


async def test_a_disabled_account_is_admitted_to_exist_to_its_owner_only(house: House) -> None:
    """The right password learns of the closed account, a wrong one does not."""
    ada = await house.add("ada")
    await house.services.accounts.change(OPERATOR, ada.id, active=False)

    assert await house.try_sign_in("ada", "wrong") == WRONG
    assert await house.try_sign_in("ada") == Refused(Refusal.DISABLED)


async def test_parallel_guesses_cannot_outrun_the_limit(house: House) -> None:
    """Forty guesses at once are worth five; the right password waits then, too."""
    await house.add("ada")
    guesses = [house.try_sign_in("ada", "wrong") for _ in range(40)]

    outcomes = await asyncio.gather(*guesses)

    assert outcomes.count(WRONG) == 5
    assert outcomes.count(Refused(Refusal.THROTTLED, retry_after=1)) == 35
    assert house.hasher.verified == 5
    assert await house.try_sign_in("ada") == Refused(Refusal.THROTTLED, retry_after=1)


async def test_unknown_names_wait_alike(house: House) -> None:
    """Being told to wait says nothing about whether a name exists."""
    for _ in range(5):
        await house.try_sign_in("nobody")

    assert await house.try_sign_in("nobody") == Refused(Refusal.THROTTLED, retry_after=1)


async def test_the_wait_ends_and_doubles(house: House) -> None:
    """After the wait one more guess is heard; being wrong again costs twice as much."""
    await house.add("ada")
    for _ in range(5):
        await house.try_sign_in("ada", "wrong")
    house.clock.advance(timedelta(seconds=1))

    assert await house.try_sign_in("ada", "wrong") == WRONG
    assert await house.try_sign_in("ada") == Refused(Refusal.THROTTLED, retry_after=2)

    house.clock.advance(timedelta(seconds=2))

    assert isinstance(await house.try_sign_in("ada"), SignedIn)


async def test_getting_in_clears_the_slate(house: House) -> None:
    """Four slips a day never add up for someone who does get in."""
    await house.add("ada")

    for _ in range(4):
        for _ in range(4):
            assert await house.try_sign_in("ada", "wrong") == WRONG
        await house.sign_in("ada")


async def test_many_right_log_ins_at_once_all_get_in(house: House) -> None:
    """A script that logs in thirty times in parallel is no guesser."""
    await house.add("robot")

    outcomes = await asyncio.gather(*(house.try_sign_in("robot") for _ in range(30)))

    assert all(isinstance(outcome, SignedIn) for outcome in outcomes)


async def test_a_line_that_is_too_long_is_sent_away(house: House) -> None:
    """Hundreds at once for one name are refused at once, not queued without end."""
    await house.add("robot")
    crowd = [house.try_sign_in("robot") for _ in range(200)]

    outcomes = await asyncio.gather(*crowd, return_exceptions=True)

    assert sum(isinstance(outcome, UnavailableError) for outcome in outcomes) == 200 - 69
    assert sum(isinstance(outcome, SignedIn) for outcome in outcomes) == 69


async def test_an_address_that_guesses_at_many_names_waits(house: House) -> None:
    """A hundred failures in a quarter of an hour from one address are enough."""
    await house.add("ada")
    for number in range(100):
        assert await house.try_sign_in(f"name{number}") == WRONG

    outcome = await house.try_sign_in("ada")

    assert outcome == Refused(Refusal.THROTTLED, retry_after=900)
    assert isinstance(await house.try_sign_in("ada", origin=ELSEWHERE), SignedIn)


async def test_an_exempt_address_is_not_counted(house: House) -> None:
    """A proxy that hides many people can be let off the limit per address, and of no other."""
    here = (ip_network("192.0.2.0/24"),)
    signin = house.under(ruled(attempts=AttemptLimits(exempt=here))).signin
    for number in range(105):
        refused = await signin.with_password(
            f"name{number}", "x", origin=HERE, terms=Terms(lifetime=timedelta(1))
        )
        assert refused == WRONG

    for _ in range(5):
        await signin.with_password("ada", "x", origin=HERE, terms=Terms(lifetime=timedelta(1)))
    last = await signin.with_password("ada", "x", origin=HERE, terms=Terms(lifetime=timedelta(1)))

    assert last == Refused(Refusal.THROTTLED, retry_after=1)


async def guess_from_everywhere(house: House, name: str, times: int) -> None:
    for number in range(times):
        stranger = Origin(f"203.0.113.{number}", "asta")
        await house.try_sign_in(name, "wrong", origin=stranger)


async def test_a_stranger_locks_nobody_out(house: House) -> None:
    """A name under attack from everywhere answers to the addresses that know it."""
    await house.add("ada")
    await house.sign_in("ada", origin=HERE)
    await guess_from_everywhere(house, "ada", 100)

    assert isinstance(await house.try_sign_in("ada", origin=HERE), SignedIn)
    assert await house.try_sign_in("ada", origin=ELSEWHERE) == Refused(
        Refusal.THROTTLED, retry_after=900
    )


async def test_unlocking_ends_the_distrust(house: House) -> None:
    """An admin ends what a hundred failures began; getting in from home does not."""
    ada = await house.add("ada")
    await house.sign_in("ada", origin=HERE)
    await guess_from_everywhere(house, "ada", 100)
    await house.sign_in("ada", origin=HERE)
    assert isinstance(await house.try_sign_in("ada", origin=ELSEWHERE), Refused)

    await house.services.accounts.unlock(OPERATOR, ada.id)

    assert isinstance(await house.try_sign_in("ada", origin=ELSEWHERE), SignedIn)


async def test_a_full_hasher_counts_nothing(house: House) -> None:
    """Who is sent away because the server is busy has not used up a guess."""
    await house.add("ada")
    house.hasher.places = 0
    guesses = [house.try_sign_in("ada", "wrong") for _ in range(10)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)

    house.hasher.places = 1

    assert [type(one) for one in outcomes] == [UnavailableError] * 10
    assert isinstance(await house.try_sign_in("ada"), SignedIn)


async def test_a_password_changed_in_mid_sign_in_opens_nothing(house: House) -> None:
    """Between the look at the hash and the commit somebody may change the password."""
    ada = await house.add("ada")

    async def reset() -> None:
        passwords = house.services.passwords
        await passwords.reset(OPERATOR, ada.id, new="quite another one", documented=4)

    signin = house.interrupted(reset).signin
    outcome = await signin.with_password(
        "ada", GOOD, origin=HERE, terms=Terms(lifetime=timedelta(1))
    )

    assert outcome == WRONG


async def test_an_account_closed_in_mid_sign_in_opens_nothing(house: House) -> None:
    """Disabling an account ends its sessions, and none opens after that."""
    ada = await house.add("ada")

    async def disable() -> None:
        await house.services.accounts.change(OPERATOR, ada.id, active=False)

    signin = house.interrupted(disable).signin
    outcome = await signin.with_password(
        "ada", GOOD, origin=HERE, terms=Terms(lifetime=timedelta(1))
    )

    assert outcome == WRONG
    assert await house.services.sessions.of(ada.id) == ()


async def test_an_old_hash_is_made_anew(house: House) -> None:
    """A hash with weaker parameters is replaced when its owner comes by."""
    ada = await house.add("ada")
    async with house.storage.open_work() as work:
        credential = await work.credentials.password_of(ada.id)
        assert credential is not None
        work.credentials.put_password(replace(credential, encoded=f"old-plain:{GOOD}"))
        await work.commit()

    await house.sign_in("ada")

    async with house.storage.open_work() as work:
        stored = await work.credentials.password_of(ada.id)
    assert stored is not None
    assert stored.encoded == f"plain:{GOOD}"


async def test_a_new_hash_of_the_same_password_is_no_refusal(house: House) -> None:
    """Another log-in may make a stronger hash between our look and our commit."""
    ada = await house.add("ada")

    async def hash_anew() -> None:
        async with house.storage.open_work() as work:
            credential = await work.credentials.password_of(ada.id)
            assert credential is not None
            work.credentials.put_password(replace(credential, encoded=f"old-plain:{GOOD}"))
            await work.commit()

    signin = house.interrupted(hash_anew).signin
    outcome = await signin.with_password(
        "ada", GOOD, origin=HERE, terms=Terms(lifetime=timedelta(1))
    )

    assert isinstance(outcome, SignedIn)


async def test_past_the_limit_the_oldest_session_ends(house: House) -> None:
    """Sessions of one account are bounded; the newest ones stay."""
    await house.add("ada")
    services = house.under(ruled(sessions=SessionLimits(per_account_max=2)))
    tokens = []
    for _ in range(3):
        house.clock.advance(timedelta(seconds=1))
        outcome = await services.signin.with_password(
            "ada", GOOD, origin=HERE, terms=Terms(lifetime=timedelta(1))
        )
        assert isinstance(outcome, SignedIn)
        tokens.append(outcome.token)

    alive = [await services.authenticate.token(token) is not None for token in tokens]

    assert alive == [False, True, True]


async def test_a_small_limit_holds_for_those_who_come_together(house: House) -> None:
    """All have looked how many there are before the first of them is in."""
    await house.add("ada")
    services = house.under(ruled(sessions=SessionLimits(per_account_max=1)))
    comings = (
        services.signin.with_password("ada", GOOD, origin=HERE, terms=Terms(lifetime=timedelta(1)))
        for _ in range(4)
    )

    outcomes = await asyncio.gather(*comings)

    tokens = [one.token for one in outcomes if isinstance(one, SignedIn)]
    alive = [await services.authenticate.token(token) is not None for token in tokens]
    assert len(tokens) == 4
    assert alive.count(True) == 1


async def test_the_trail_holds_no_typed_name(house: House) -> None:
    """People type passwords into the name field; the trail must not keep them."""
    await house.try_sign_in("hunter2-secret")

    page = await house.services.audit.page(action=Action.SESSION_SIGNIN_REFUSED)
    assert len(page.items) == 1
    assert "hunter2" not in repr(page.items)


async def test_a_witness_sees_each_outcome(house: House) -> None:
    """Who gets in and who does not is counted, and a printed password is taken away."""
    await house.add("ada")

    for _ in range(5):
        await house.try_sign_in("ada", "wrong")
    await house.try_sign_in("ada")
    await house.wait_is_over()
    await house.sign_in("ada")

    assert house.witness.seen == [
        *["wrong_credentials by asta"] * 5,
        "throttled by asta",
        "ada got in by asta",
    ]
