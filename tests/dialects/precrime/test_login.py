"""POST /user/login: who gets a token, what is said of them, and what strangers are told."""

import uuid
from datetime import timedelta

import httpx
import pytest

from dialects.asking import UUID, claims_of, said
from dialects.household import PASSWORD, Choices, Household
from dialects.precrime.conftest import Open
from dialects.precrime.talk import ADMIN, ADMIN_PASSWORD, LOGIN, WRONG, Precrime, refused
from watchword.core.groups.model import Group
from watchword.core.policy.signin import AttemptLimits

MEMBERS = [
    "Id",
    "Created",
    "Username",
    "Email",
    "Firstname",
    "Lastname",
    "Token",
    "PasswordExpiration",
    "Active",
    "Authorizations",
]
NEVER = "0001-01-01T00:00:00"


async def test_a_log_in_says_everything_that_is_documented(
    household: Household, precrime: Precrime
) -> None:
    """The members are those of the page, in its spelling and its order; no other is there."""
    ada = await household.make(
        "ada", email="ada@example.com", first_name="Ada", last_name="Lovelace"
    )

    answer = await precrime.try_log_in("ada", PASSWORD)

    body = answer.json()
    token = body.pop("Token")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == MEMBERS
    assert token.count(".") == 2
    assert UUID.fullmatch(body["Id"])
    assert body == {
        "Id": ada.id,
        "Created": "2030-01-01T00:00:00",
        "Username": "ada",
        "Email": "ada@example.com",
        "Firstname": "Ada",
        "Lastname": "Lovelace",
        "PasswordExpiration": NEVER,
        "Active": True,
        "Authorizations": [],
    }


async def test_what_nobody_said_is_an_empty_text(precrime: Precrime) -> None:
    """An account without address and names has them empty, not null."""
    body = (await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)).json()

    assert (body["Email"], body["Firstname"], body["Lastname"]) == ("", "", "")


async def test_times_are_whole_seconds_without_a_zone(
    household: Household, precrime: Precrime
) -> None:
    """Clients of .NET read what has no zone; a fraction and an offset are left out."""
    household.clock.advance(timedelta(days=13, hours=10, seconds=1, microseconds=654_321))
    await household.make("ada")

    body = (await precrime.try_log_in("ada", PASSWORD)).json()

    assert body["Created"] == "2030-01-14T10:00:01"


async def test_groups_are_companies_with_roles(household: Household, precrime: Precrime) -> None:
    """Each group is there once, by name, with every role that the account has in it."""
    ada = await household.make("ada")
    west = await household.group("West", ada)
    east = await household.group("East", ada, "analyst", "lead")
    await household.group("North", await household.make("bob"))

    body = (await precrime.try_log_in("ada", PASSWORD)).json()

    assert body["Authorizations"] == [
        {
            "Company": {"Id": east.id, "Name": "East"},
            "Roles": [
                {"Id": _role(east, "analyst"), "Name": "analyst"},
                {"Id": _role(east, "lead"), "Name": "lead"},
            ],
        },
        {
            "Company": {"Id": west.id, "Name": "West"},
            "Roles": [{"Id": _role(west, "member"), "Name": "member"}],
        },
    ]


@pytest.mark.parametrize("name", ["ADMIN", " admin ", "\uff41\uff44\uff4d\uff49\uff4e"])
async def test_a_name_is_known_however_it_is_spelled(precrime: Precrime, name: str) -> None:
    """Case, spaces around it and full-width letters make no other name."""
    answer = await precrime.try_log_in(name, ADMIN_PASSWORD)

    assert answer.status_code == 200
    assert answer.json()["Username"] == "admin"


async def test_a_confirmed_address_is_as_good_as_a_name(
    household: Household, precrime: Precrime
) -> None:
    """Whoever confirmed an address may type it in the place of the name."""
    await household.make("ada", email="Ada@Example.com")

    answer = await precrime.try_log_in("ada@example.com", PASSWORD)

    assert answer.json()["Username"] == "ada"


@pytest.mark.parametrize(
    ("name", "password"),
    [("Username", "Password"), ("USERNAME", "PASSWORD"), ("userName", "pAsSwOrD")],
)
async def test_members_are_read_in_any_letter_case(
    precrime: Precrime, name: str, password: str
) -> None:
    """.NET reads them so, and its clients send them so; what is no member is ignored."""
    body = {name: ADMIN, password: ADMIN_PASSWORD, "Remember": [True]}

    answer = await precrime.post(LOGIN, body)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (ADMIN, "wrong"),
        (ADMIN, ""),
        (ADMIN, "admin123"),
        (ADMIN, "x" * 5000),
        ("nobody", ADMIN_PASSWORD),
        ("", ""),
        ("n" * 5000, "x"),
        ("nobody@example.com", "x"),
    ],
)
async def test_a_wrong_log_in_is_told_no_more_than_that(
    precrime: Precrime, name: str, password: str
) -> None:
    """A wrong password and an unknown name get the same words."""
    answer = await precrime.try_log_in(name, password)

    assert said(answer) == WRONG
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_disabled_account_is_refused_as_if_the_password_were_wrong(
    household: Household, precrime: Precrime
) -> None:
    """The right password of a disabled account gets the very answer of a wrong one."""
    ada = await household.make("ada")
    await household.disable(ada)

    right = await precrime.try_log_in("ada", PASSWORD)
    wrong = await precrime.try_log_in("ada", "wrong")

    assert said(right) == said(wrong) == WRONG
    assert _comparable(right) == _comparable(wrong)


async def test_a_log_in_ignores_any_credential(precrime: Precrime, token: str) -> None:
    """A bad token beside a right password does no harm, a good one beside a wrong does no good."""
    right = {"username": ADMIN, "password": ADMIN_PASSWORD}

    with_bad = await precrime.post(LOGIN, right, token="rubbish")
    with_good = await precrime.post(LOGIN, {**right, "password": "no"}, token=token)

    assert with_bad.status_code == 200
    assert said(with_good) == WRONG


async def test_after_five_failures_one_waits(household: Household, precrime: Precrime) -> None:
    """The sixth attempt is not looked at, right or wrong; after the wait it is."""
    for _ in range(5):
        await precrime.try_log_in(ADMIN, "wrong")

    wrong = await precrime.try_log_in(ADMIN, "wrong")
    right = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)
    unknown = [await precrime.try_log_in("nobody", "x") for _ in range(6)][-1]
    household.clock.advance(timedelta(seconds=1))
    later = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)

    waiting = refused(429, "Too many attempts. Try again in 1 seconds.")
    assert said(wrong) == said(right) == said(unknown) == waiting
    assert wrong.headers["retry-after"] == right.headers["retry-after"] == "1"
    assert later.status_code == 200


async def test_an_address_that_fails_too_often_waits_for_every_name(opened: Open) -> None:
    """Names are no way around the limit of an address."""
    _, precrime = await opened(Choices(attempts=AttemptLimits(per_address=3)))
    for name in ("one", "two", "three"):
        await precrime.try_log_in(name, "x")

    answer = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_the_answer_is_kept_by_nobody_on_the_way(precrime: Precrime) -> None:
    """It has a token and an account in it."""
    answer = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_announced_expiry_is_a_date(opened: Open) -> None:
    """Where passwords expire, the log-in says when this one does."""
    household, precrime = await opened(Choices(password_days=90))
    household.clock.advance(timedelta(hours=7, microseconds=5))
    await household.make("ada")
    household.clock.advance(timedelta(days=3))

    body = (await precrime.try_log_in("ada", PASSWORD)).json()

    assert body["PasswordExpiration"] == "2030-04-01T07:00:00"


async def test_the_token_says_the_same_as_the_answer(precrime: Precrime) -> None:
    """It is for the account of the answer, and lives for an hour."""
    answer = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)

    claims = claims_of(answer.json()["Token"])
    assert claims["sub"] == answer.json()["Id"]
    assert int(claims["exp"]) - int(claims["iat"]) == 3600


def _role(group: Group, name: str) -> str:
    return str(uuid.uuid5(uuid.UUID(group.id), name))


def _comparable(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}
