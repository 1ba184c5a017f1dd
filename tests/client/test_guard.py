"""The guards: they follow the feed by themselves, and let nobody in whom they cannot judge."""

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from client.mint import KEY, Mint, make_key
from client.standin import BILLING, HOME
from parts.waiting import eventually, until
from watchword.client import Guard, InvalidToken, ThreadedGuard, Unavailable

KEYS, FEED = "/.well-known/jwks.json", "/revocations"


@pytest.fixture
def mint() -> Mint:
    return Mint()


@pytest.fixture
async def guard(mint: Mint) -> AsyncIterator[Guard]:
    async with guarding(mint) as made:
        yield made


def guarding(mint: Mint, *, api_key: str = KEY) -> Guard:
    return Guard(
        HOME,
        audience=BILLING,
        api_key=api_key,
        transport=mint.transport,
        surroundings=mint.time.surroundings,
    )


async def refused(guard: Guard, token: str) -> str | None:
    """Return why a token is not accepted, None if it is."""
    try:
        await guard.check(token)
    except InvalidToken as error:
        return error.reason
    except Unavailable:
        return "unavailable"
    return None


async def becomes(guard: Guard, token: str, wanted: str) -> bool:
    """Wait until a token is refused for this reason."""

    async def look() -> bool:
        return await refused(guard, token) == wanted

    return await eventually(look)


async def test_a_started_guard_judges(mint: Mint, guard: Guard) -> None:
    """It has read the feed and the keys when it has started."""
    assert (await guard.check(mint.token())).subject == "account-1"
    assert await refused(guard, "nonsense") == "malformed"


async def test_what_was_revoked_before_the_start_is_known(mint: Mint) -> None:
    """However many pages it fills."""
    mint.page_max = 2
    for number in range(5):
        mint.revoke(f"session-{number}")

    async with guarding(mint) as guard:
        reasons = [await refused(guard, mint.token(sid=f"session-{n}")) for n in range(6)]

    assert reasons == ["revoked"] * 5 + [None]


async def test_a_revocation_is_learnt_without_asking(mint: Mint, guard: Guard) -> None:
    """The open question is answered."""
    token = mint.token()
    before = await refused(guard, token)
    mint.revoke()

    assert before is None
    assert await becomes(guard, token, "revoked")


async def test_a_guard_that_was_not_started_is_a_mistake(mint: Mint) -> None:
    """It says so, and lets nobody in."""
    with pytest.raises(RuntimeError, match="not started"):
        await guarding(mint).check(mint.token())


async def test_a_stopped_guard_can_start_again(mint: Mint) -> None:
    """What was revoked in between is learnt first."""
    guard = guarding(mint)
    token = mint.token()
    async with guard:
        before = await refused(guard, token)
    await guard.stop()
    mint.revoke()
    async with guard:
        after = await becomes(guard, token, "revoked")

    assert before is None
    assert after


async def test_a_new_key_is_found_by_its_first_token(mint: Mint, guard: Guard) -> None:
    """And tokens with keys that do not exist make no storm of questions."""
    await guard.check(mint.token())
    mint.time.advance(3)
    mint.keys["k2"] = make_key()
    token = mint.token(mint.header(kid="k2"))
    found = await asyncio.gather(*(guard.check(token) for _ in range(20)))
    asked = mint.asked.count(KEYS)
    forged = [mint.token(mint.header(kid=f"no-{number}")) for number in range(50)]
    reasons = await asyncio.gather(*(refused(guard, one) for one in forged))

    assert {one.subject for one in found} == {"account-1"}
    assert asked == 2
    assert set(reasons) == {"unknown key"}
    assert mint.asked.count(KEYS) == asked


async def test_void_keys_take_their_tokens_along(mint: Mint, guard: Guard) -> None:
    """Those of the key that came instead are accepted."""
    token = mint.token()
    await guard.check(token)
    mint.distrust(k2=make_key())
    gone = await becomes(guard, token, "unknown key")

    assert gone
    assert await refused(guard, mint.token()) is None


async def test_without_keys_nobody_is_let_in(mint: Mint, guard: Guard) -> None:
    """Void keys that cannot be read anew leave none: that is 503, not 401."""
    token = mint.token()
    await guard.check(token)
    mint.status[KEYS] = 500
    mint.distrust(k2=make_key())

    assert await becomes(guard, token, "unavailable")
    assert await refused(guard, mint.token()) == "unavailable"


async def test_a_key_that_is_revoked_closes_at_once(mint: Mint, guard: Guard) -> None:
    """We are told that we shall not hear."""
    token = mint.token()
    await guard.check(token)
    mint.fail(FEED, 401)

    assert await becomes(guard, token, "unavailable")


async def test_a_guard_with_a_bad_key_never_opens(mint: Mint) -> None:
    """It starts, since the key may come to be, and says no."""
    guard = guarding(mint, api_key="ww_wrong")
    starting = asyncio.create_task(guard.start())

    async def has_asked() -> bool:
        return FEED in mint.asked

    await eventually(has_asked)

    assert await refused(guard, mint.token()) == "unavailable"
    await guard.stop()
    starting.cancel()


async def test_a_server_that_comes_back_is_heard_again(mint: Mint, guard: Guard) -> None:
    """What was revoked meanwhile is learnt before anybody is let in."""
    token, other = mint.token(), mint.token(sid="session-2")
    await guard.check(token)
    mint.is_down = True
    mint.fail("nowhere", 500)
    mint.status.clear()
    mint.time.advance(11)
    silent = await refused(guard, token)
    mint.is_down = False
    mint.revoke()
    back = await becomes(guard, token, "revoked")

    assert silent == "unavailable"
    assert back
    assert await refused(guard, other) is None


async def test_a_bug_does_not_end_the_reader(
    mint: Mint, guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, without the key, and the feed is followed on."""

    async def has_said() -> bool:
        return bool(caplog.records)

    chance = mint.time.chance
    mint.time.chance = "no number"  # type: ignore[assignment] # what nobody foresaw
    with caplog.at_level(logging.ERROR):
        mint.fail(FEED, 500)
        await eventually(has_said)
    mint.time.chance = chance
    mint.status.clear()
    token = mint.token()
    mint.revoke()

    assert await becomes(guard, token, "revoked")
    assert KEY not in caplog.text


def test_threads_are_guarded_too(mint: Mint) -> None:
    """By the same rules; the feed is followed in a thread of its own."""
    guard = ThreadedGuard(
        HOME,
        audience=BILLING,
        api_key=KEY,
        transport=httpx.MockTransport(mint.answer_now),
        surroundings=mint.time.surroundings,
    )
    token, other = mint.token(), mint.token(sid="session-2")

    with pytest.raises(RuntimeError, match="not started"):
        guard.check(token)
    with guard:
        accepted = guard.check(token)
        mint.revoke()
        until(lambda: _refused(guard, token) == "revoked")
        second = guard.check(other)
        mint.time.advance(3)
        mint.keys["k2"] = make_key()
        third = guard.check(mint.token(mint.header(kid="k2"), sid="session-3"))
        forged = [mint.token(mint.header(kid=f"no-{number}")) for number in range(50)]
        unknown = {_refused(guard, one) for one in forged}
        asked = mint.asked.count(KEYS)
        mint.status[FEED] = 401
        until(lambda: _refused(guard, other) == "unavailable")
    guard.stop()

    assert [one.session for one in (accepted, second, third)] == [
        "session-1",
        "session-2",
        "session-3",
    ]
    assert (unknown, asked) == ({"unknown key"}, 2)


def _refused(guard: ThreadedGuard, token: str) -> str | None:
    try:
        guard.check(token)
    except InvalidToken as error:
        return error.reason
    except Unavailable:
        return "unavailable"
    return None
