"""POST /user/password, and passwords that expire."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from dialects.asking import said
from dialects.household import PASSWORD, Choices, Household
from dialects.precrime.conftest import Open
from dialects.precrime.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    CHANGE,
    WRONG,
    Precrime,
    refused,
)
from fakes import PlainHasher
from watchword.core.policy.passwords import Preset
from watchword.dialects import asta

CHANGED = (200, {"message": "Password changed"})
EXPIRED = refused(403, "Password expired")
DIFFER = refused(400, "new and confirm differ")
EXPIRING = Choices(password_days=30)


async def test_somebody_changes_their_password(household: Household, precrime: Precrime) -> None:
    """The new one opens, the old one does not; no token is needed."""
    await household.make("ada")

    answer = await precrime.change("ada", PASSWORD, "other")
    with_new = await precrime.try_log_in("ada", "other")
    with_old = await precrime.try_log_in("ada", PASSWORD)

    assert said(answer) == CHANGED
    assert with_new.status_code == 200
    assert said(with_old) == WRONG


async def test_every_session_ends_with_the_old_password(
    household: Household, precrime: Precrime
) -> None:
    """Also that of whoever asks: a token beside the request is not looked at."""
    await household.make("ada")
    tokens = [await precrime.log_in("ada", PASSWORD) for _ in range(2)]
    stranger = await precrime.log_in()
    body = {"username": "ada", "old": PASSWORD, "new": "other", "confirm": "other"}

    answer = await precrime.post(CHANGE, body, token=tokens[0])

    assert said(answer) == CHANGED
    assert await precrime.statuses_of(*tokens, stranger) == [401, 401, 200]


async def test_a_key_outlives_a_password(household: Household, precrime: Precrime) -> None:
    """A cron job goes on: its key is deleted by whoever wants it dead."""
    await household.make("ada")
    key = (await precrime.add_key(await precrime.log_in("ada", PASSWORD)))["token"]

    await precrime.change("ada", PASSWORD, "other")

    assert await precrime.status_of_key(key) == 200


@pytest.mark.parametrize(
    ("name", "old"), [(ADMIN, "wrong"), (ADMIN, ""), ("nobody", ADMIN_PASSWORD), ("", "")]
)
async def test_a_wrong_password_gets_the_words_of_a_failed_log_in(
    precrime: Precrime, name: str, old: str
) -> None:
    """Before anything is said about the new one, which is not even as long as it must be."""
    answer = await precrime.change(name, old, "")

    assert said(answer) == WRONG
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)).status_code == 200


async def test_a_disabled_account_changes_nothing(household: Household, precrime: Precrime) -> None:
    """Its right password is told no more than a wrong one."""
    await household.disable(await household.make("ada"))

    answer = await precrime.change("ada", PASSWORD, "other")

    assert said(answer) == WRONG


async def test_two_new_passwords_that_differ(opened: Open) -> None:
    """It is said before anybody is looked for: of a right, a wrong and an unknown name alike."""
    hasher = PlainHasher()
    _, precrime = await opened(Choices(), hasher=hasher)

    answers = [
        await precrime.change(name, old, "other", confirm="another")
        for name, old in [(ADMIN, ADMIN_PASSWORD), (ADMIN, "wrong"), ("nobody", "x")] * 3
    ]

    assert [said(answer) for answer in answers] == [DIFFER] * 9
    assert hasher.verified == 0
    assert (await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    ("new", "text"),
    [
        ("", "Password must be at least 1 characters"),
        ("x" * 1025, "Password must be at most 1024 bytes"),
        ("\u00e9" * 513, "Password must be at most 1024 bytes"),
        ("Admin123", "Password is too common"),
    ],
)
async def test_what_is_no_new_password(
    household: Household, precrime: Precrime, new: str, text: str
) -> None:
    """The reason is told, and the old password stays."""
    await household.make("ada")

    answer = await precrime.change("ada", PASSWORD, new)

    assert said(answer) == refused(400, text)
    assert (await precrime.try_log_in("ada", PASSWORD)).status_code == 200


async def test_the_policy_asks_for_its_own_number(opened: Open) -> None:
    """Outside a demo eight characters and no common password, in this dialect as in every other."""
    household, precrime = await opened(Choices(preset=Preset.STANDARD))
    await household.make("ada")

    short = await precrime.change("ada", PASSWORD, "seven77")
    common = await precrime.change("ada", PASSWORD, "password1")
    own_name = await precrime.change("ada", PASSWORD, "ada")

    assert said(short) == refused(400, "Password must be at least 8 characters")
    assert said(common) == refused(400, "Password is too common")
    assert own_name.status_code == 400


async def test_history_is_minded_where_the_policy_keeps_one(opened: Open) -> None:
    """Under `nist` neither the current password nor an earlier one can be had again."""
    household, precrime = await opened(Choices(preset=Preset.NIST))
    first, second = "the first of many", "the second of many"
    await household.make("ada", password=first)
    current = await precrime.change("ada", first, first)

    changed = await precrime.change("ada", first, second)
    earlier = await precrime.change("ada", second, first)

    assert said(current) == said(earlier) == refused(400, "Password was used before")
    assert said(changed) == CHANGED


async def test_it_is_no_way_to_guess_more_often(household: Household, precrime: Precrime) -> None:
    """Wrong passwords count as failed log-ins, and failed log-ins count here."""
    await household.make("ada")
    guesses = [await precrime.change("ada", "wrong", "other") for _ in range(3)]
    guesses += [await precrime.try_log_in("ada", "wrong") for _ in range(2)]

    right = await precrime.change("ada", PASSWORD, "other")
    log_in = await precrime.try_log_in("ada", PASSWORD)
    household.clock.advance(timedelta(seconds=1))
    later = await precrime.change("ada", PASSWORD, "other")

    waiting = refused(429, "Too many attempts. Try again in 1 seconds.")
    assert [said(answer) for answer in guesses] == [WRONG] * 5
    assert said(right) == said(log_in) == waiting
    assert right.headers["retry-after"] == "1"
    assert said(later) == CHANGED


async def test_of_two_changes_at_once_one_counts(household: Household, precrime: Precrime) -> None:
    """The other had typed a password that was current no more."""
    await household.make("ada")

    answers = await asyncio.gather(
        precrime.change("ada", PASSWORD, "one"), precrime.change("ada", PASSWORD, "two")
    )
    log_ins = [(await precrime.try_log_in("ada", new)).status_code for new in ("one", "two")]

    assert sorted(said(answer) for answer in answers) == [CHANGED, WRONG]
    assert [answer.status_code for answer in answers] == log_ins


async def test_the_way_out_of_an_expired_password(opened: Open) -> None:
    """Wrong is 401, right is 403, a change by the right one opens the account again."""
    household, precrime = await opened(EXPIRING)
    await household.make("ada")
    household.clock.advance(timedelta(days=30))

    wrong = await precrime.try_log_in("ada", "wrong")
    right = await precrime.try_log_in("ada", PASSWORD)
    wrong_change = await precrime.change("ada", "wrong", "other")
    same = await precrime.change("ada", PASSWORD, PASSWORD)
    changed = await precrime.change("ada", PASSWORD, "other")
    log_in = await precrime.try_log_in("ada", "other")

    assert said(wrong) == said(wrong_change) == WRONG
    assert said(right) == EXPIRED
    assert said(same) == refused(400, "Password was used before")
    assert said(changed) == CHANGED
    assert log_in.status_code == 200
    assert log_in.json()["PasswordExpiration"] == "2030-03-02T00:00:00"


async def test_a_password_expires_to_the_second(opened: Open) -> None:
    """Until the announced moment it opens, from then on it does not."""
    household, precrime = await opened(EXPIRING)
    household.clock.advance(timedelta(days=30, seconds=-1))

    before = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)
    household.clock.advance(timedelta(seconds=1))
    after = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)

    assert before.json()["PasswordExpiration"] == "2030-01-31T00:00:00"
    assert said(after) == EXPIRED


async def test_an_expired_password_is_no_failed_guess(opened: Open) -> None:
    """Whoever types it again and again is told the same each time."""
    household, precrime = await opened(EXPIRING)
    household.clock.advance(timedelta(days=31))

    answers = [await precrime.try_log_in(ADMIN, ADMIN_PASSWORD) for _ in range(8)]

    assert [said(answer) for answer in answers] == [EXPIRED] * 8


async def test_a_session_outlives_its_password(opened: Open) -> None:
    """Expiry is asked at log-ins: who is in stays in, and a renewal says when it was."""
    household, precrime = await opened(EXPIRING)
    household.clock.advance(timedelta(days=29, hours=23, minutes=30))
    token = await precrime.log_in()
    household.clock.advance(timedelta(minutes=45))

    renewed = await precrime.get("/user/renew", token=token)

    assert renewed.json()["PasswordExpiration"] == "2030-01-31T00:00:00"
    assert renewed.status_code == 200


async def test_a_group_says_when_its_members_passwords_expire(household: Household) -> None:
    """The strictest of several groups counts; who is in none has the rule of the server."""
    ada, bob, eve = [await household.make(name) for name in ("ada", "bob", "eve")]
    await household.group("Staff", ada, days=90)
    await household.group("Admins", ada, days=30)
    await household.group("Guests", bob)
    async with household.talking() as http:
        precrime = Precrime(http)
        ends = [
            (await precrime.try_log_in(one.name, PASSWORD)).json()["PasswordExpiration"]
            for one in (ada, bob, eve)
        ]
        household.clock.advance(timedelta(days=30))

        answers = [await precrime.try_log_in(one.name, PASSWORD) for one in (ada, bob, eve)]

    assert ends == ["2030-01-31T00:00:00", "0001-01-01T00:00:00", "0001-01-01T00:00:00"]
    assert [answer.status_code for answer in answers] == [403, 200, 200]


async def test_a_group_can_say_that_passwords_never_expire(opened: Open) -> None:
    """What a group says counts instead of what the server says."""
    household, precrime = await opened(EXPIRING)
    await household.group("Machines", await household.make("robot"), days=0)
    household.clock.advance(timedelta(days=365))

    answer = await precrime.try_log_in("robot", PASSWORD)

    assert answer.json()["PasswordExpiration"] == "0001-01-01T00:00:00"


async def test_an_expired_password_is_refused_in_every_dialect(opened: Open) -> None:
    """And what was changed here opens there."""
    household, precrime = await opened(replace(EXPIRING, beside=(asta.dialect,)))
    await household.make("ada")
    household.clock.advance(timedelta(days=30))
    login = "/api/auth/login"

    expired = await precrime.http.post(login, json={"username": "ada", "password": PASSWORD})
    wrong = await precrime.http.post(login, json={"username": "ada", "password": "wrong"})
    await precrime.change("ada", PASSWORD, "other")
    changed = await precrime.http.post(login, json={"username": "ada", "password": "other"})

    assert [one.status_code for one in (expired, wrong, changed)] == [403, 401, 200]
