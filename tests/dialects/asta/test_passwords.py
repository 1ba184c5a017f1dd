"""Passwords are changed by who knows them, and set by admins."""

from datetime import timedelta

import httpx
import pytest

from dialects.asking import said
from dialects.asta.conftest import Open
from dialects.asta.talk import ADMIN, ADMIN_PASSWORD, NOBODYS_ID, USERS, Asta, Person, refused
from dialects.household import Choices, Household
from watchword.core.policy.passwords import Preset

CHANGE = "/api/auth/change-password"
DONE = (200, {"ok": True})
INCORRECT = refused(401, "Current password is incorrect")


async def change(
    asta: Asta, person: Person, current: str, new: str, *, method: str = "POST"
) -> httpx.Response:
    body = {"current_password": current, "new_password": new}
    return await asta.ask(method, CHANGE, body, token=person.token)


async def reset(asta: Asta, admin: Person, account_id: str, new: str) -> httpx.Response:
    path = f"{USERS}/{account_id}/reset-password"
    return await asta.put(path, {"new_password": new}, token=admin.token)


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_somebody_changes_their_password(asta: Asta, method: str) -> None:
    """The new one opens, the old one does not."""
    ada = await asta.make("ada")

    answer = await change(asta, ada, ada.password, "other", method=method)
    with_new = await asta.try_log_in("ada", "other")
    with_old = await asta.try_log_in("ada", ada.password)

    assert said(answer) == DONE
    assert (with_new.status_code, with_old.status_code) == (200, 401)


async def test_other_sessions_end_with_the_old_password(asta: Asta) -> None:
    """The session that asks lives on."""
    ada = await asta.make("ada")
    elsewhere = await asta.log_in("ada", ada.password)

    await change(asta, ada, ada.password, "other")

    assert await asta.status_of(ada.token) == 200
    assert await asta.status_of(elsewhere.token) == 401


async def test_who_does_not_know_the_password_cannot_change_it(asta: Asta, admin: Person) -> None:
    """A wrong current password is told before anything about the new one."""
    answer = await change(asta, admin, "wrong", "a")

    assert said(answer) == INCORRECT
    assert (await asta.try_log_in(ADMIN, ADMIN_PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    ("new", "text"),
    [
        ("abc", "Password must be at least 4 characters"),
        ("x" * 1025, "Password must be at most 1024 bytes"),
        ("Admin123", "Password is too common"),
    ],
)
async def test_what_is_no_new_password(asta: Asta, admin: Person, new: str, text: str) -> None:
    """The same rules as at registration."""
    changed = await change(asta, admin, ADMIN_PASSWORD, new)
    set_by_admin = await reset(asta, admin, admin.id, new)

    assert said(changed) == said(set_by_admin) == refused(400, text)


async def test_history_is_minded_where_the_policy_keeps_one(open_asta: Open) -> None:
    """Under `nist` a password that was used before is refused."""
    asta = await open_asta(Choices(preset=Preset.NIST))
    ada = await asta.make("ada", password="the first of many")
    await change(asta, ada, "the first of many", "the second of many")

    again = await change(asta, ada, "the second of many", "the first of many")

    assert said(again) == refused(400, "Password was used before")


async def test_a_stolen_token_is_no_way_to_guess_more_often(
    household: Household, asta: Asta
) -> None:
    """Wrong current passwords count as failed log-ins."""
    ada = await asta.make("ada")
    answers = [await change(asta, ada, "wrong", "other") for _ in range(6)]

    log_in = await asta.try_log_in("ada", ada.password)
    household.clock.advance(timedelta(seconds=1))
    later = await change(asta, ada, ada.password, "other")

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert log_in.status_code == 429
    assert said(later) == DONE


async def test_an_admin_sets_a_password(asta: Asta, admin: Person) -> None:
    """Every session of that account ends; the new password opens."""
    ada = await asta.make("ada")

    answer = await reset(asta, admin, ada.id, "other")
    log_in = await asta.try_log_in("ada", "other")

    assert said(answer) == DONE
    assert await asta.status_of(ada.token) == 401
    assert log_in.status_code == 200


async def test_a_reset_ends_the_wait_after_failures(asta: Asta, admin: Person) -> None:
    """Whom an admin helps need not wait."""
    ada = await asta.make("ada")
    for _ in range(6):
        await asta.try_log_in("ada", "wrong")

    await reset(asta, admin, ada.id, "other")
    log_in = await asta.try_log_in("ada", "other")

    assert log_in.status_code == 200


async def test_a_reset_of_nobody(asta: Asta, admin: Person) -> None:
    """The password is judged first, then whether there is such a user."""
    short = await reset(asta, admin, NOBODYS_ID, "abc")
    unknown = await reset(asta, admin, NOBODYS_ID, "other")

    assert said(short) == refused(400, "Password must be at least 4 characters")
    assert said(unknown) == refused(404, "User not found")


async def test_only_admins_set_passwords(asta: Asta) -> None:
    """Somebody without the role is told so, even about themselves."""
    ada = await asta.make("ada")

    answer = await reset(asta, ada, ada.id, "a")

    assert said(answer) == refused(403, "Admin access required")


async def test_changing_a_password_needs_a_token(asta: Asta) -> None:
    """Nobody is told about the body before they say who they are."""
    answer = await asta.post(CHANGE, {})

    assert said(answer) == refused(401, "Authentication required")
