"""Admins look after accounts."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from dialects.asking import UUID, said
from dialects.asta.conftest import Open
from dialects.asta.talk import ADMIN, NOBODYS_ID, USERS, Asta, Person, refused
from dialects.household import Choices, Household
from watchword.core.policy.passwords import Preset

FORBIDDEN = refused(403, "Admin access required")
UNKNOWN = refused(404, "User not found")
BEGIN = "2030-01-01T00:00:00.000000+00:00"

NO_IDS = ["default", "1", "%00", "..%2f..", "%F0%9F%94%91", "%ff", "x" * 1000, "%7B%7D", "' OR 1=1"]


def wish(name: str = "ada", password: str = "pass", **more: str) -> dict[str, str]:
    return {"username": name, "password": password, **more}


async def test_accounts_are_found_by_how_their_names_begin(
    household: Household, asta: Asta, admin: Person
) -> None:
    """In the order of the names, whatever the case, and for admins alone; this is ours."""
    for name in ("zoe", "ADB", "ad_"):
        household.clock.advance(timedelta(seconds=1))
        await asta.post("/api/auth/register", wish(name))
    ada = await asta.make("ada")

    asked = ["prefix=Ad", "prefix=ad_", "prefix=x", "prefix=%25", "prefix=%00", "prefix="]
    answers = [await asta.get(f"{USERS}?{one}", token=admin.token) for one in asked]
    stranger = await asta.get(f"{USERS}?prefix=ad", token=ada.token)

    found = [[user["username"] for user in one.json()["users"]] for one in answers]
    everybody = ["ad_", "ada", "ADB", "admin", "zoe"]
    assert found == [everybody[:4], ["ad_"], [], [], [], everybody]
    assert said(stranger) == FORBIDDEN


async def test_accounts_are_listed_oldest_first(
    household: Household, asta: Asta, admin: Person
) -> None:
    """Each has id, name, role, and the time in UTC with microseconds."""
    for name in ("zoe", "ada"):
        household.clock.advance(timedelta(seconds=1, microseconds=5))
        await asta.post("/api/auth/register", wish(name))

    answer = await asta.get(USERS, token=admin.token)

    users = answer.json()["users"]
    first = {"id": admin.id, "username": "admin", "role": "admin", "created_at": BEGIN}
    assert answer.status_code == 200
    assert users[0] == first
    assert [user["username"] for user in users] == ["admin", "zoe", "ada"]
    assert users[2]["created_at"] == "2030-01-01T00:00:02.000010+00:00"
    assert "link" not in answer.headers


@pytest.mark.parametrize("role", ["user", "admin"])
async def test_an_admin_makes_accounts_of_either_role(asta: Asta, admin: Person, role: str) -> None:
    """The answer has the same members as the list."""
    answer = await asta.post(USERS, wish(role=role), token=admin.token)

    user = answer.json()["user"]
    assert answer.status_code == 200
    assert UUID.fullmatch(user.pop("id"))
    assert datetime.fromisoformat(user["created_at"]).utcoffset() == timedelta(0)
    assert user == {"username": "ada", "role": role, "created_at": BEGIN}


async def test_who_is_made_without_a_role_is_a_user(asta: Asta, admin: Person) -> None:
    """The role may be left out; a name may have one letter here, as in the original."""
    answer = await asta.post(USERS, wish("x"), token=admin.token)

    assert answer.json()["user"]["role"] == "user"


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (wish("admin", "abc", role="root"), 400, "Role must be 'admin' or 'user'"),
        (wish(role="Admin"), 400, "Role must be 'admin' or 'user'"),
        (wish(role=""), 400, "Role must be 'admin' or 'user'"),
        (wish("admin", "abc"), 400, "Password must be at least 4 characters"),
        (wish("Admin"), 409, "Username already exists"),
        (wish(""), 400, "Username must be 1 to 100 visible characters"),
        (wish("ada", "Admin123"), 400, "Password is too common"),
    ],
)
async def test_what_an_admin_cannot_make(
    asta: Asta, admin: Person, body: dict[str, str], status: int, text: str
) -> None:
    """Role first, then password, then whether the name is taken."""
    answer = await asta.post(USERS, body, token=admin.token)

    assert said(answer) == refused(status, text)


async def test_the_least_length_is_the_policys(open_asta: Open) -> None:
    """An admin is held to the same number as everybody."""
    asta = await open_asta(Choices(preset=Preset.STANDARD))
    admin = await asta.log_in()

    answer = await asta.post(USERS, wish("ada", "seven77"), token=admin.token)

    assert said(answer) == refused(400, "Password must be at least 8 characters")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", USERS, None),
        ("POST", USERS, wish("admin", "a", role="root")),
        ("PUT", f"{USERS}/{NOBODYS_ID}", {"role": "root"}),
        ("DELETE", f"{USERS}/{NOBODYS_ID}", None),
        ("PUT", f"{USERS}/{NOBODYS_ID}/reset-password", {"new_password": "a"}),
    ],
)
async def test_a_user_administers_nobody(
    asta: Asta, method: str, path: str, body: dict[str, str] | None
) -> None:
    """That is told before anything else about a body of the right shape."""
    ada = await asta.make("ada")

    answer = await asta.ask(method, path, body, token=ada.token)

    assert said(answer) == FORBIDDEN


async def test_a_user_cannot_do_to_themselves_what_admins_do(asta: Asta) -> None:
    """Neither take the admin's role, nor delete their own account."""
    ada = await asta.make("ada")

    promoted = await asta.put(f"{USERS}/{ada.id}", {"role": "admin"}, token=ada.token)
    deleted = await asta.delete(f"{USERS}/{ada.id}", token=ada.token)

    assert said(promoted) == said(deleted) == FORBIDDEN


async def test_an_admin_changes_role_and_state(asta: Asta, admin: Person) -> None:
    """The answer shows the account as it is now."""
    ada = await asta.make("ada")
    at_ada = f"{USERS}/{ada.id}"
    user = {"id": ada.id, "username": "ada", "role": "admin", "created_at": BEGIN, "active": True}

    promoted = await asta.put(at_ada, {"role": "admin"}, token=admin.token)
    disabled = await asta.put(at_ada, {"active": False, "role": "user"}, token=admin.token)
    enabled = await asta.put(at_ada, {"active": True, "role": None}, token=admin.token)

    assert said(promoted) == (200, {"user": user})
    assert said(disabled) == (200, {"user": {**user, "role": "user", "active": False}})
    assert said(enabled) == (200, {"user": {**user, "role": "user"}})


@pytest.mark.parametrize("body", [{}, {"role": None, "active": None}, {"colour": "red"}])
async def test_who_asks_for_no_change_gets_none(
    asta: Asta, admin: Person, body: dict[str, Any]
) -> None:
    """An empty change is answered with the account as it was."""
    answer = await asta.put(f"{USERS}/{admin.id}", body, token=admin.token)

    assert answer.status_code == 200
    assert answer.json()["user"]["role"] == "admin"


async def test_a_change_is_judged_role_first(asta: Asta, admin: Person) -> None:
    """A wrong role is told even about nobody."""
    role = await asta.put(f"{USERS}/{NOBODYS_ID}", {"role": "root"}, token=admin.token)
    unknown = await asta.put(f"{USERS}/{NOBODYS_ID}", {"role": "user"}, token=admin.token)

    assert said(role) == refused(400, "Role must be 'admin' or 'user'")
    assert said(unknown) == UNKNOWN


@pytest.mark.parametrize("change", [{"role": "user"}, {"active": False}])
async def test_the_last_admin_stays_one(asta: Asta, admin: Person, change: dict[str, Any]) -> None:
    """Not even they themselves can change that; a disabled admin does not count."""
    eve = await asta.make("eve", role="admin")
    await asta.put(f"{USERS}/{eve.id}", {"active": False}, token=admin.token)

    answer = await asta.put(f"{USERS}/{admin.id}", change, token=admin.token)

    assert said(answer) == refused(400, "Cannot demote the last admin")
    assert await asta.status_of(admin.token) == 200


async def test_one_of_two_admins_may_step_down(asta: Asta, admin: Person) -> None:
    """And is no admin from then on."""
    await asta.make("eve", role="admin")

    stepped_down = await asta.put(f"{USERS}/{admin.id}", {"role": "user"}, token=admin.token)
    after = await asta.get(USERS, token=admin.token)

    assert stepped_down.status_code == 200
    assert said(after) == FORBIDDEN


async def test_an_admin_deletes_an_account(asta: Asta, admin: Person) -> None:
    """It is gone: from the list, from the log-in, and its token is dead."""
    ada = await asta.make("ada")

    answer = await asta.delete(f"{USERS}/{ada.id}", token=admin.token)
    again = await asta.delete(f"{USERS}/{ada.id}", token=admin.token)
    left = (await asta.get(USERS, token=admin.token)).json()["users"]
    log_in = await asta.try_log_in("ada", ada.password)

    assert said(answer) == (200, {"ok": True})
    assert said(again) == UNKNOWN
    assert [user["username"] for user in left] == [ADMIN]
    assert log_in.status_code == 401
    assert await asta.status_of(ada.token) == 401


async def test_nobody_deletes_themselves(asta: Asta, admin: Person) -> None:
    """Not even one of two admins."""
    await asta.make("eve", role="admin")

    answer = await asta.delete(f"{USERS}/{admin.id}", token=admin.token)

    assert said(answer) == refused(400, "Cannot delete yourself")


@pytest.mark.parametrize("no_id", NO_IDS)
async def test_what_is_no_id_is_nobodys(asta: Asta, admin: Person, no_id: str) -> None:
    """An id that is no UUID is not found, whatever stands there."""
    token = admin.token
    new = {"new_password": "other"}

    answers = [
        await asta.put(f"{USERS}/{no_id}", {"active": False}, token=token),
        await asta.delete(f"{USERS}/{no_id}", token=token),
        await asta.put(f"{USERS}/{no_id}/reset-password", new, token=token),
    ]

    # A quoted slash is a slash: there is no such path at all.
    expected = refused(404, "Not Found") if "%2f" in no_id else UNKNOWN
    assert [said(answer) for answer in answers] == [expected] * 3
