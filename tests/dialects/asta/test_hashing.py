"""Passwords under the real hash, and what is said when nobody can hash."""

from collections.abc import Iterator

import pytest

from dialects.asking import said
from dialects.asta.conftest import Open
from dialects.asta.talk import ADMIN, ADMIN_PASSWORD, USERS, refused
from dialects.household import Choices
from fakes import PlainHasher
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.ports import Storage
from watchword.crypto.passwords import Argon2Hasher

LONGEST = "\N{KEY}" * 256


@pytest.fixture
def argon2() -> Iterator[Argon2Hasher]:
    """The hash of a real server."""
    hasher = Argon2Hasher(randomness=SystemRandomness(), threads=1)
    yield hasher
    hasher.close()


async def test_passwords_under_the_real_hash(open_asta: Open, argon2: Argon2Hasher) -> None:
    """Register, change, log in: 1,024 bytes count to the last of them."""
    asta = await open_asta(Choices(), hasher=argon2)
    await asta.post("/api/auth/register", {"username": "ada", "password": "enigma"})
    ada = await asta.log_in("ada", "enigma")

    body = {"current_password": "enigma", "new_password": LONGEST}
    changed = await asta.post("/api/auth/change-password", body, token=ada.token)
    tried = [
        await asta.try_log_in("ada", word) for word in (LONGEST, LONGEST[:-1], "enigma", "\ud7ff")
    ]

    assert said(changed) == (200, {"ok": True})
    assert [answer.status_code for answer in tried] == [200, 401, 401, 401]


async def test_who_finds_no_place_in_the_line_is_told_when_to_come_again(open_asta: Open) -> None:
    """Every call that needs a hash says 503 then, and changes nothing."""
    full = PlainHasher()
    asta = await open_asta(Choices(), hasher=full)
    admin = await asta.log_in()
    wish = {"username": "ada", "password": "pass"}
    change = {"current_password": ADMIN_PASSWORD, "new_password": "other"}
    reset = f"{USERS}/{admin.id}/reset-password"
    full.places = 0

    answers = [
        await asta.try_log_in(ADMIN, ADMIN_PASSWORD),
        await asta.post("/api/auth/register", wish),
        await asta.post(USERS, wish, token=admin.token),
        await asta.put("/api/auth/change-password", change, token=admin.token),
        await asta.put(reset, {"new_password": "other"}, token=admin.token),
    ]
    users = await asta.get(USERS, token=admin.token)
    full.places = 1
    log_in = await asta.try_log_in(ADMIN, ADMIN_PASSWORD)

    busy = refused(503, "The server is busy. Try again in 3 seconds.")
    assert [said(answer) for answer in answers] == [busy] * 5
    assert {answer.headers["retry-after"] for answer in answers} == {"3"}
    assert len(users.json()["users"]) == 1
    assert log_in.status_code == 200


async def test_a_database_that_is_away_is_said_too(open_asta: Open, storage: Storage) -> None:
    """503 with a time, in the same shape, for each call that needs it."""
    asta = await open_asta(Choices())
    admin = await asta.log_in()
    await storage.close()

    answers = [
        await asta.try_log_in(ADMIN, ADMIN_PASSWORD),
        await asta.post("/api/auth/logout", token=admin.token),
        await asta.get(USERS, token=admin.token),
    ]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert {tuple(answer.json()) for answer in answers} == {("detail",)}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
