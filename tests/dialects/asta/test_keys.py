"""What an API key does in asta: as much as its scopes say, and never more than its account."""

from datetime import timedelta

import pytest

from dialects.asking import said
from dialects.asta.talk import NOBODYS_ID, USERS, Asta, refused
from dialects.household import Household
from watchword.core.apikeys.model import Scope

ME = "/api/auth/me"
NOT_FOR_KEYS = refused(403, "An API key may not do this")


async def test_a_key_says_who_holds_it(household: Household, asta: Asta) -> None:
    """In X-Authorization, or in the place of a token."""
    ada = await household.make("ada")
    key = await household.key(ada)

    as_header = await asta.get(ME, headers={"X-Authorization": key})
    as_token = await asta.get(ME, token=key)

    expected = (200, {"id": ada.id, "username": "ada", "role": "user"})
    assert said(as_header) == said(as_token) == expected


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/auth/logout", None),
        ("POST", "/api/auth/change-password", {"current_password": "a", "new_password": "b"}),
        ("PUT", f"{USERS}/{NOBODYS_ID}/reset-password", {"new_password": "b"}),
        ("POST", "/api/auth/register", {"username": "eve", "password": "apple"}),
    ],
)
async def test_no_scope_lets_a_key_at_passwords_and_sessions(
    household: Household, asta: Asta, method: str, path: str, body: dict[str, str] | None
) -> None:
    """Not even an admin's key with every scope there is."""
    admin = await household.services.accounts.find("admin")
    assert admin is not None
    key = await household.key(admin, scopes=frozenset(Scope))

    answer = await asta.ask(method, path, body, headers={"X-Authorization": key})

    assert said(answer) == NOT_FOR_KEYS


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.IDENTIFY, {ME}),
        (Scope.ACCOUNTS_READ, {USERS}),
        (Scope.ACCOUNTS_WRITE, {"make", "change", "delete"}),
        (Scope.REVOCATIONS_READ, set[str]()),
        (Scope.JOBS_RUN, set[str]()),
    ],
)
async def test_each_scope_opens_its_own_calls(
    household: Household, asta: Asta, scope: Scope, allowed: set[str]
) -> None:
    """An admin's key administers as far as it was given scopes for."""
    admin = await household.services.accounts.find("admin")
    assert admin is not None
    bob, eve = await household.make("bob"), await household.make("eve")
    header = {"X-Authorization": await household.key(admin, scopes=frozenset({scope}))}
    new = {"username": "grace", "password": "apple"}

    answers = {
        ME: await asta.get(ME, headers=header),
        USERS: await asta.get(USERS, headers=header),
        "make": await asta.post(USERS, new, headers=header),
        "change": await asta.put(f"{USERS}/{bob.id}", {"active": False}, headers=header),
        "delete": await asta.delete(f"{USERS}/{eve.id}", headers=header),
    }

    assert {name for name, answer in answers.items() if answer.status_code == 200} == allowed
    assert all(said(one) == NOT_FOR_KEYS for one in answers.values() if one.status_code != 200)


async def test_a_scope_makes_nobody_an_admin(household: Household, asta: Asta) -> None:
    """A key may do no more than its account may."""
    key = await household.key(await household.make("ada"), scopes=frozenset(Scope))

    answer = await asta.get(USERS, headers={"X-Authorization": key})

    assert said(answer) == refused(403, "Admin access required")


async def test_no_key_makes_an_admin(household: Household, asta: Asta) -> None:
    """Neither a new account nor one that is there: whoever has the key could log in to it."""
    admin = await household.services.accounts.find("admin")
    assert admin is not None
    bob = await household.make("bob")
    header = {"X-Authorization": await household.key(admin, scopes=frozenset(Scope))}
    new = {"username": "grace", "password": "apple", "role": "admin"}

    made = await asta.post(USERS, new, headers=header)
    raised = await asta.put(f"{USERS}/{bob.id}", {"role": "admin"}, headers=header)

    assert said(made) == said(raised) == NOT_FOR_KEYS


async def test_a_key_in_the_query_or_a_cookie_is_bad(household: Household, asta: Asta) -> None:
    """Both end in places where nobody keeps a secret."""
    key = await household.key(await household.make("ada"))

    in_query = await asta.get(f"{ME}?token={key}")
    in_cookie = await asta.get(ME, headers={"Cookie": f"authToken={key}"})

    assert said(in_query) == said(in_cookie) == refused(401, "Invalid or expired token")


async def test_a_key_goes_when_its_account_does(household: Household, asta: Asta) -> None:
    """At once: the next request is refused."""
    ada = await household.make("ada")
    header = {"X-Authorization": await household.key(ada)}
    before = await asta.get(ME, headers=header)

    await household.disable(ada)
    after = await asta.get(ME, headers=header)

    assert before.status_code == 200
    assert said(after) == refused(401, "Invalid or expired token")


async def test_a_key_that_is_used_too_often_waits(household: Household, asta: Asta) -> None:
    """It is told for how long."""
    key = await household.key(await household.make("ada"), per_minute=1)
    first = await asta.get(ME, headers={"X-Authorization": key})

    second = await asta.get(ME, headers={"X-Authorization": key})

    assert first.status_code == 200
    assert said(second) == refused(429, "Too many requests. Try again in 60 seconds.")
    assert second.headers["retry-after"] == "60"


async def test_an_expired_password_is_told_to_its_owner_alone(
    household: Household, asta: Asta
) -> None:
    """The right one gets 403; a wrong one learns nothing."""
    ada = await household.make("ada")
    await household.group("Staff", ada, days=30)
    household.clock.advance(timedelta(days=30))

    right = await asta.try_log_in("ada", "pass-word")
    wrong = await asta.try_log_in("ada", "wrong")

    assert said(right) == refused(403, "Password has expired")
    assert said(wrong) == refused(401, "Invalid username or password")
