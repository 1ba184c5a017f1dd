"""GET /user/token: a token as long as one wants it, and a token for a service of one's own."""

import asyncio
from datetime import timedelta
from urllib.parse import quote

import pytest

from dialects.asking import claims_of, said
from dialects.household import Choices, Household
from dialects.precrime.conftest import Open
from dialects.precrime.talk import BAD, LOGOUT, RENEW, TOKEN, Precrime, refused
from watchword.dialects.precrime.options import Options

RANGE = refused(400, "Give m from 1 to 43200 minutes or d from 1 to 30 days, as one whole number")
ARABIC_ONE, WIDE_FIVE = "\u0661", "\uff15"
BILLING = "https://billing.example.com"
WITH_BILLING = Choices(audiences=frozenset({BILLING}))


@pytest.mark.parametrize(
    ("query", "lifetime"),
    [
        ("", timedelta(minutes=60)),
        ("?m=1", timedelta(minutes=1)),
        ("?m=90", timedelta(minutes=90)),
        ("?m=43200", timedelta(days=30)),
        ("?M=5", timedelta(minutes=5)),
        ("?m=007", timedelta(minutes=7)),
        ("?d=1", timedelta(days=1)),
        ("?d=30", timedelta(days=30)),
        ("?x=1&d=2&colour=", timedelta(days=2)),
    ],
)
async def test_a_token_lives_as_long_as_was_asked(
    precrime: Precrime, token: str, query: str, lifetime: timedelta
) -> None:
    """In minutes, in days, or as long as any other; the answer is an object with the token."""
    answer = await precrime.get(f"{TOKEN}{query}", token=token)

    claims = claims_of(answer.json()["Token"])
    assert answer.status_code == 200
    assert set(answer.json()) == {"Token"}
    assert claims["exp"] - claims["iat"] == lifetime.total_seconds()
    assert answer.headers["cache-control"] == "no-store"


async def test_the_token_presented_is_dead_afterwards(precrime: Precrime, token: str) -> None:
    """With every other token of its session; another session of the account is not."""
    renewed = (await precrime.get(RENEW, token=token)).json()["Token"]
    elsewhere = await precrime.log_in()

    exchanged = await precrime.token_for(token, "?d=2")

    assert await precrime.statuses_of(token, renewed, elsewhere) == [401, 401, 200]
    assert await precrime.statuses_of(exchanged) == [200]


async def test_an_exchanged_token_is_a_session_like_any_other(
    household: Household, precrime: Precrime, token: str
) -> None:
    """It is good for as long as it says, can be exchanged again, and is ended by a log-out."""
    exchanged = await precrime.token_for(token, "?d=7")
    household.clock.advance(timedelta(days=6))
    again = await precrime.token_for(exchanged, "?m=10")

    await precrime.get(LOGOUT, token=again)

    assert await precrime.statuses_of(exchanged, again) == [401, 401]


async def test_no_exchange_moves_the_end_of_the_session(
    household: Household, precrime: Precrime, token: str
) -> None:
    """A password was typed once: thirty days after that it is over."""
    first = await precrime.token_for(token, "?d=30")
    household.clock.advance(timedelta(days=29))
    second = await precrime.token_for(first, "?d=30")
    household.clock.advance(timedelta(hours=23, minutes=59))

    before = await precrime.statuses_of(second)
    household.clock.advance(timedelta(minutes=1))

    assert before == [200]
    assert await precrime.statuses_of(second) == [401]


@pytest.mark.parametrize(
    "query",
    [
        "?m=0",
        "?m=-1",
        "?m=43201",
        "?m=1.5",
        "?m=1e3",
        "?m=",
        "?m=+5",
        "?m=%205",
        "?m=5%00",
        "?m=0x10",
        "?m=ten",
        "?m=9999999999999",
        "?m=" + "9" * 5000,
        f"?m={quote(ARABIC_ONE)}",
        f"?m={quote(WIDE_FIVE)}",
        "?d=0",
        "?d=-1",
        "?d=31",
        "?d=999999999",
        "?d=0.5",
        "?d=",
        "?m=5&d=1",
        "?m=5&m=5",
        "?m=5&M=5",
        "?d=1&d=2",
    ],
)
async def test_what_is_no_lifetime_is_refused(precrime: Precrime, token: str, query: str) -> None:
    """The answer names the range; the token presented goes on working."""
    answer = await precrime.get(f"{TOKEN}{query}", token=token)

    assert said(answer) == RANGE
    assert await precrime.statuses_of(token) == [200]


async def test_an_operator_chooses_the_longest_lifetime(opened: Open) -> None:
    """`token_days_max` bounds minutes and days, and is in the words of a refusal."""
    _, precrime = await opened(Choices(options=Options(token_days_max=2)))
    token = await precrime.log_in()

    by_days = await precrime.get(f"{TOKEN}?d=3", token=token)
    by_minutes = await precrime.get(f"{TOKEN}?m=2881", token=token)
    longest = await precrime.get(f"{TOKEN}?m=2880", token=token)

    text = "Give m from 1 to 2880 minutes or d from 1 to 2 days, as one whole number"
    assert said(by_days) == said(by_minutes) == refused(400, text)
    assert longest.status_code == 200


async def test_of_two_exchanges_at_once_one_succeeds(precrime: Precrime, token: str) -> None:
    """The other is told what everybody is told whose token has ended."""
    answers = await asyncio.gather(*(precrime.get(TOKEN, token=token) for _ in range(2)))

    lost = [answer for answer in answers if answer.status_code != 200]
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    assert [said(answer) for answer in lost] == [BAD]
    assert lost[0].headers["www-authenticate"] == "Bearer"


async def test_a_token_for_a_service(opened: Open) -> None:
    """It names the service, and no dialect of ours takes it; the one presented lives on."""
    _, precrime = await opened(WITH_BILLING)
    token = await precrime.log_in()

    theirs = await precrime.token_for(token, f"?aud={quote(BILLING, safe='')}&m=5")

    claims, ours = claims_of(theirs), claims_of(token)
    assert claims["aud"] == BILLING
    assert (claims["sub"], claims["sid"]) == (ours["sub"], ours["sid"])
    assert claims["exp"] - claims["iat"] == 300
    assert await precrime.statuses_of(token, theirs) == [200, 401]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("?aud=", "aud is not a registered service"),
        ("?aud=https://other.example.com", "aud is not a registered service"),
        ("?aud=urn:watchword:test", "aud is not a registered service"),
        (f"?aud={BILLING}&aud={BILLING}", "aud can be given once"),
        (f"?aud={BILLING}&AUD={BILLING}", "aud can be given once"),
        (f"?aud={BILLING}&m=0", RANGE[1]["message"]),
        (f"?aud={BILLING}&m=1&d=1", RANGE[1]["message"]),
    ],
)
async def test_a_service_that_is_not_registered(opened: Open, query: str, text: str) -> None:
    """Nobody makes themselves a token for whom they like, nor for ourselves this way."""
    _, precrime = await opened(WITH_BILLING)
    token = await precrime.log_in()

    answer = await precrime.get(f"{TOKEN}{query}", token=token)

    assert said(answer) == refused(400, text)
    assert await precrime.statuses_of(token) == [200]
