"""GET /user/renew: a session goes on with another token, and ends when it must."""

import asyncio
from datetime import timedelta

import pytest

from dialects.asking import claims_of, said
from dialects.household import Choices, Household, furnish
from dialects.precrime.conftest import Open
from dialects.precrime.talk import ADMIN, ADMIN_PASSWORD, BAD, LOGIN, RENEW, Precrime
from watchword.core.ports import Storage
from watchword.dialects import asta
from watchword.dialects.precrime import dialect
from watchword.dialects.precrime.options import Options

ASTA_ME = "/api/auth/me"
BESIDE_ASTA = Choices(beside=(asta.dialect,))


async def test_a_renewal_says_what_a_log_in_says(household: Household, precrime: Precrime) -> None:
    """And gives the token once more, with how long it lives, in the words of OAuth."""
    logged_in = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)
    household.clock.advance(timedelta(minutes=59))

    answer = await precrime.get(RENEW, token=logged_in.json()["Token"])

    body, before = answer.json(), logged_in.json()
    assert answer.status_code == 200
    assert body.pop("access_token") == body["Token"] != before["Token"]
    assert body.pop("expires_in") == 3600
    assert body.pop("token_type") == "bearer"
    assert {**body, "Token": ""} == {**before, "Token": ""}
    assert answer.headers["cache-control"] == "no-store"


async def test_both_tokens_go_on_working(
    household: Household, precrime: Precrime, token: str
) -> None:
    """Each to its own end: whoever was slow to take the new one is not logged out."""
    household.clock.advance(timedelta(minutes=30))
    renewed = (await precrime.get(RENEW, token=token)).json()["Token"]
    both = await precrime.statuses_of(token, renewed)
    household.clock.advance(timedelta(minutes=30))

    after = await precrime.statuses_of(token, renewed)

    assert both == [200, 200]
    assert after == [401, 200]


async def test_two_renewals_at_once_are_both_right(precrime: Precrime, token: str) -> None:
    """Two clients that share a token both go on, and either can renew again."""
    answers = await asyncio.gather(*(precrime.get(RENEW, token=token) for _ in range(2)))
    tokens = [answer.json()["Token"] for answer in answers]

    again = [await precrime.get(RENEW, token=one) for one in tokens]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({token, *tokens}) == 3
    assert await precrime.statuses_of(token, *tokens) == [200, 200, 200]
    assert [answer.status_code for answer in again] == [200, 200]


async def test_a_dead_token_is_not_renewed(
    household: Household, precrime: Precrime, token: str
) -> None:
    """An hour after it was made nobody can; a new log-in is needed."""
    household.clock.advance(timedelta(hours=1))

    answer = await precrime.get(RENEW, token=token)

    assert said(answer) == BAD


async def test_no_renewal_moves_the_end_of_the_session(opened: Open) -> None:
    """Thirty days after the password was typed it is over, however often it was renewed."""
    household, precrime = await opened(Choices(options=Options(token_minutes=1440)))
    token = await precrime.log_in()
    for _ in range(29):
        household.clock.advance(timedelta(hours=23, minutes=59))
        token = (await precrime.get(RENEW, token=token)).json()["Token"]
    household.clock.advance(timedelta(hours=23, minutes=59))

    last = (await precrime.get(RENEW, token=token)).json()

    # Thirty times a minute short of a day: half an hour is left.
    assert last["expires_in"] == 30 * 60
    household.clock.advance(timedelta(minutes=30))
    assert await precrime.statuses_of(last["Token"]) == [401]


async def test_an_operator_chooses_how_long_a_token_lives(opened: Open) -> None:
    """`token_minutes` is in the first token and in renewed ones."""
    _, precrime = await opened(Choices(options=Options(token_minutes=5)))
    token = await precrime.log_in()

    renewed = (await precrime.get(RENEW, token=token)).json()

    assert renewed["expires_in"] == 300
    assert [_lifetime(one) for one in (token, renewed["Token"])] == [300, 300]


async def test_the_dialects_take_each_others_tokens(opened: Open) -> None:
    """A token of precrime works in asta, and the other way round; what ends one ends it in both."""
    _, precrime = await opened(BESIDE_ASTA)
    ours, astas = await precrime.log_in(), await _asta_token(precrime)
    me = await precrime.get(ASTA_ME, token=ours)
    before = await precrime.statuses_of(ours, astas)

    await precrime.post("/api/auth/logout", token=ours)
    await precrime.get("/user/logout", token=astas)

    assert (me.status_code, me.json()["username"]) == (200, ADMIN)
    assert before == [200, 200]
    assert await precrime.statuses_of(ours, astas) == [401, 401]
    assert (await precrime.get(ASTA_ME, token=astas)).status_code == 401


async def test_a_token_of_asta_is_renewed_for_an_hour(opened: Open) -> None:
    """It lived for thirty days; what comes from here lives as tokens from here do."""
    _, precrime = await opened(BESIDE_ASTA)
    astas = await _asta_token(precrime)

    first = (await precrime.get(RENEW, token=astas)).json()
    second = (await precrime.get(RENEW, token=first["Token"])).json()

    assert _lifetime(astas) == timedelta(days=30).total_seconds()
    assert first["expires_in"] == _lifetime(first["Token"]) == 3600
    assert second["expires_in"] == _lifetime(second["Token"]) == 3600


async def test_clocks_may_be_two_minutes_apart(storage: Storage) -> None:
    """A token of a node that is ahead is taken; one that has ended by our own clock is not."""
    here = await furnish(dialect, storage, Choices())
    ahead = await furnish(dialect, storage, Choices(has_first_account=False))
    behind = await furnish(dialect, storage, Choices(has_first_account=False))
    ahead.clock.advance(timedelta(minutes=2))
    behind.clock.advance(timedelta(minutes=-2))
    body = {"username": ADMIN, "password": ADMIN_PASSWORD}
    async with here.talking() as http, ahead.talking() as early, behind.talking() as late:
        precrime = Precrime(http)
        from_ahead = (await early.post(LOGIN, json=body)).json()["Token"]
        from_behind = (await late.post(LOGIN, json=body)).json()["Token"]

        at_once = await precrime.statuses_of(from_ahead, from_behind)
        here.clock.advance(timedelta(minutes=58))
        after_58 = await precrime.statuses_of(from_ahead, from_behind)
        here.clock.advance(timedelta(minutes=4))
        after_62 = await precrime.statuses_of(from_ahead, from_behind)

    assert at_once == [200, 200]
    assert after_58 == [200, 401]
    assert after_62 == [401, 401]


async def test_a_clock_too_far_ahead_is_not_believed(storage: Storage) -> None:
    """Past two minutes a token is from the future."""
    here = await furnish(dialect, storage, Choices())
    ahead = await furnish(dialect, storage, Choices(has_first_account=False))
    ahead.clock.advance(timedelta(minutes=2, seconds=1))
    async with here.talking() as http, ahead.talking() as early:
        token = await Precrime(early).log_in()

        status = await Precrime(http).statuses_of(token)

    assert status == [401]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_renewal_is_a_get(precrime: Precrime, token: str, method: str) -> None:
    """No other method is documented."""
    answer = await precrime.ask(method, RENEW, token=token)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def _asta_token(precrime: Precrime) -> str:
    body = {"username": ADMIN, "password": ADMIN_PASSWORD}
    answer = await precrime.post("/api/auth/login", body)
    return str(answer.json()["access_token"])


def _lifetime(token: str) -> int:
    claims = claims_of(token)
    return int(claims["exp"]) - int(claims["iat"])
