"""Log in, ask who one is, log out."""

from datetime import timedelta

import httpx
import pytest

from dialects.asking import UUID, claims_of, said
from dialects.asta.conftest import Open
from dialects.asta.talk import ADMIN, ADMIN_PASSWORD, USERS, Asta, Person, refused
from dialects.household import Choices, Household
from watchword.core.policy.signin import AttemptLimits
from watchword.dialects.asta.options import Options

WRONG = refused(401, "Invalid username or password")


async def test_a_log_in_gives_a_token_and_says_who_it_is_for(asta: Asta) -> None:
    """A right password gets a token, the id, the name as it is kept, and the role."""
    answer = await asta.try_log_in(ADMIN, ADMIN_PASSWORD)

    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access_token", "user"}
    assert body["access_token"].count(".") == 2
    assert UUID.fullmatch(body["user"].pop("id"))
    assert body["user"] == {"username": "admin", "role": "admin"}


async def test_a_log_in_says_when_the_password_expires(open_asta: Open) -> None:
    """Where a policy lets it; nobody else is bothered with it."""
    asta = await open_asta(Choices(password_days=90))
    body = (await asta.try_log_in(ADMIN, ADMIN_PASSWORD)).json()

    assert set(body) == {"access_token", "user", "password_expires_at"}
    assert body["password_expires_at"] == "2030-04-01T00:00:00.000000+00:00"


@pytest.mark.parametrize("name", ["ADMIN", " admin ", "\uff41\uff44\uff4d\uff49\uff4e"])
async def test_a_name_is_known_however_it_is_spelled(asta: Asta, name: str) -> None:
    """Case, spaces around it and full-width letters make no other name."""
    answer = await asta.try_log_in(name, ADMIN_PASSWORD)

    assert answer.status_code == 200
    assert answer.json()["user"]["username"] == "admin"


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
    asta: Asta, name: str, password: str
) -> None:
    """A wrong password and an unknown name get the same words."""
    answer = await asta.try_log_in(name, password)

    assert said(answer) == WRONG


async def test_a_disabled_account_is_refused_as_if_the_password_were_wrong(
    asta: Asta, admin: Person
) -> None:
    """The right password of a disabled account gets the very answer of a wrong one."""
    ada = await asta.make("ada")
    await asta.put(f"{USERS}/{ada.id}", {"active": False}, token=admin.token)

    right = await asta.try_log_in("ada", ada.password)
    wrong = await asta.try_log_in("ada", "wrong")

    assert said(right) == said(wrong) == WRONG
    assert _comparable(right) == _comparable(wrong)


async def test_a_log_in_ignores_any_credential(asta: Asta, admin: Person) -> None:
    """A bad token beside a right password does no harm, a good one beside a wrong does no good."""
    login = "/api/auth/login"
    right = {"username": ADMIN, "password": ADMIN_PASSWORD}

    with_bad = await asta.post(login, right, token="rubbish")
    with_good = await asta.post(login, {**right, "password": "no"}, token=admin.token)

    assert with_bad.status_code == 200
    assert said(with_good) == WRONG


async def test_a_token_says_who_holds_it(asta: Asta, admin: Person) -> None:
    """`/me` gives id, name and role."""
    answer = await asta.get("/api/auth/me", token=admin.token)

    assert said(answer) == (200, {"id": admin.id, "username": "admin", "role": "admin"})


async def test_what_names_an_account_is_not_kept_by_anybody_on_the_way(
    asta: Asta, admin: Person
) -> None:
    """Answers with an account or a secret say `no-store`, and carry no referrer onward."""
    answers = [
        await asta.try_log_in(ADMIN, ADMIN_PASSWORD),
        await asta.get("/api/auth/me", token=admin.token),
        await asta.get(f"/api/auth/me?token={admin.token}"),
        await asta.get(USERS, token=admin.token),
    ]

    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert {answer.headers["referrer-policy"] for answer in answers} == {"no-referrer"}
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}


async def test_a_log_out_ends_one_session(asta: Asta, admin: Person) -> None:
    """The token is dead with the answer; another session of the same account lives on."""
    other = await asta.log_in()

    answer = await asta.post("/api/auth/logout", token=admin.token)

    assert said(answer) == (200, {"ok": True})
    assert await asta.status_of(admin.token) == 401
    assert await asta.status_of(other.token) == 200


async def test_nobody_logs_out_twice(asta: Asta, admin: Person) -> None:
    """The second log-out is one with a dead token; one without a token is told to log in."""
    await asta.post("/api/auth/logout", token=admin.token)

    again = await asta.post("/api/auth/logout", token=admin.token)
    without = await asta.post("/api/auth/logout")

    assert said(again) == refused(401, "Invalid or expired token")
    assert said(without) == refused(401, "Authentication required")


async def test_a_token_lives_thirty_days(household: Household, asta: Asta, admin: Person) -> None:
    """It is good until then, and no longer."""
    household.clock.advance(timedelta(days=30, seconds=-1))
    before = await asta.status_of(admin.token)
    household.clock.advance(timedelta(seconds=1))

    after = await asta.get("/api/auth/me", token=admin.token)

    assert before == 200
    assert said(after) == refused(401, "Invalid or expired token")


async def test_an_operator_chooses_how_long_a_token_lives(open_asta: Open) -> None:
    """`token_days` is in the token."""
    asta = await open_asta(Choices(options=Options(token_days=2)))
    person = await asta.log_in()

    claims = claims_of(person.token)

    assert claims["exp"] - claims["iat"] == timedelta(days=2).total_seconds()
    assert claims["sub"] == person.id


async def test_after_five_failures_one_waits(household: Household, asta: Asta) -> None:
    """The sixth attempt is not looked at, right or wrong; after the wait it is."""
    for _ in range(5):
        await asta.try_log_in(ADMIN, "wrong")

    wrong = await asta.try_log_in(ADMIN, "wrong")
    right = await asta.try_log_in(ADMIN, ADMIN_PASSWORD)
    unknown = [await asta.try_log_in("nobody", "x") for _ in range(6)][-1]
    household.clock.advance(timedelta(seconds=1))
    later = await asta.try_log_in(ADMIN, ADMIN_PASSWORD)

    waiting = refused(429, "Too many attempts. Try again in 1 seconds.")
    assert said(wrong) == said(right) == said(unknown) == waiting
    assert wrong.headers["retry-after"] == right.headers["retry-after"] == "1"
    assert later.status_code == 200


async def test_an_address_that_fails_too_often_waits_for_every_name(open_asta: Open) -> None:
    """Names are no way around the limit of an address."""
    asta = await open_asta(Choices(attempts=AttemptLimits(per_address=3)))
    for name in ("one", "two", "three"):
        await asta.try_log_in(name, "x")

    answer = await asta.try_log_in(ADMIN, ADMIN_PASSWORD)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def _comparable(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}
