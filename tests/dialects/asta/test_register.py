"""Strangers make accounts of their own."""

from datetime import timedelta
from typing import Any

import pytest

from dialects.asking import UUID, said
from dialects.asta.conftest import Open
from dialects.asta.talk import USERS, Asta, Person, refused
from dialects.household import OPEN, Choices, furnish
from watchword.core.policy.passwords import Preset
from watchword.core.ports import Storage
from watchword.core.services.signup import Registration
from watchword.dialects.asta import dialect

REGISTER = "/api/auth/register"
UNSEEN_NAME = "Username must be 1 to 100 visible characters"


def wish(name: str = "ada", password: str = "pass") -> dict[str, Any]:
    return {"username": name, "password": password}


async def test_a_stranger_gets_an_account_and_no_token(asta: Asta) -> None:
    """The answer has id, name and the role user; logging in is the next step."""
    answer = await asta.post(REGISTER, wish())
    person = await asta.log_in("ada", "pass")

    body = answer.json()
    assert answer.status_code == 200
    assert UUID.fullmatch(body["user"]["id"])
    assert body == {"user": {"id": person.id, "username": "ada", "role": "user"}}


async def test_a_name_is_kept_as_it_was_typed(asta: Asta) -> None:
    """Spaces around it go, letters stay as they are."""
    answer = await asta.post(REGISTER, wish("  Ada Lovelace "))

    assert answer.json()["user"]["username"] == "Ada Lovelace"


async def test_nobody_registers_before_there_is_a_first_account(open_asta: Open) -> None:
    """In single-user mode registration is closed."""
    asta = await open_asta(Choices(has_first_account=False))

    answer = await asta.post(REGISTER, wish())

    assert said(answer) == refused(403, "Registration is not available")


async def test_an_operator_can_close_registration(open_asta: Open) -> None:
    """That is said before anything about the name."""
    asta = await open_asta(Choices(registration=Registration(is_open=False)))

    answer = await asta.post(REGISTER, wish("a"))

    assert said(answer) == refused(403, "Registration is not available")


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (wish("a", "abc"), 400, "Username must be at least 2 characters"),
        (wish("  a  "), 400, "Username must be at least 2 characters"),
        (wish("", ""), 400, "Username must be at least 2 characters"),
        (wish("admin", "abc"), 400, "Password must be at least 4 characters"),
        (wish("ada", ""), 400, "Password must be at least 4 characters"),
        (wish("admin"), 409, "Username already exists"),
        (wish(" ADMIN "), 409, "Username already exists"),
        (wish("\uff41\uff44\uff4d\uff49\uff4e"), 409, "Username already exists"),
        (wish("n" * 101), 400, UNSEEN_NAME),
        (wish("a\tb"), 400, UNSEEN_NAME),
        (wish("a\u200bda"), 400, UNSEEN_NAME),
        (wish("a\u202eda"), 400, UNSEEN_NAME),
        (wish("ada", "Admin123"), 400, "Password is too common"),
        (wish("ada", "ä" * 513), 400, "Password must be at most 1024 bytes"),
    ],
)
async def test_what_cannot_be_registered(
    asta: Asta, body: dict[str, str], status: int, text: str
) -> None:
    """Name first, then password, then whether the name is taken."""
    answer = await asta.post(REGISTER, body)

    assert said(answer) == refused(status, text)


async def test_the_standard_preset_asks_for_more(open_asta: Open) -> None:
    """Outside a demo the number is ours, and what everybody tries first is refused."""
    asta = await open_asta(Choices(preset=Preset.STANDARD))

    short = await asta.post(REGISTER, wish("ada", "seven77"))
    common = await asta.post(REGISTER, wish("ada", "password1"))
    good = await asta.post(REGISTER, wish("ada", "eight888"))

    assert said(short) == refused(400, "Password must be at least 8 characters")
    assert said(common) == refused(400, "Password is too common")
    assert good.status_code == 200


@pytest.mark.parametrize("password", ["ä" * 512, "🔑" * 256, "    ", "pass\u0001word", "p" * 73])
async def test_a_password_is_the_whole_string(asta: Asta, password: str) -> None:
    """Any characters up to 1,024 bytes, and the last of them counts."""
    registered = await asta.post(REGISTER, wish("ada", password))
    right = await asta.try_log_in("ada", password)
    cut = await asta.try_log_in("ada", password[:-1])

    assert registered.status_code == 200
    assert (right.status_code, cut.status_code) == (200, 401)


async def test_a_role_is_an_admins_to_give(asta: Asta, admin: Person) -> None:
    """A stranger who asks for another role is refused; an admin's token may give it."""
    alone = await asta.post(REGISTER, {**wish(), "role": "admin"})
    given = await asta.post(REGISTER, {**wish(), "role": "admin"}, token=admin.token)

    assert (alone.status_code, alone.json()) == (403, {"detail": "Only an admin can choose a role"})
    assert given.json()["user"]["role"] == "admin"


@pytest.mark.usefixtures("admin")
async def test_the_usual_role_may_be_said(asta: Asta) -> None:
    """Asking for what everybody gets is no sin."""
    answer = await asta.post(REGISTER, {**wish(), "role": "user"})

    assert answer.json()["user"]["role"] == "user"


async def test_a_name_is_free_again_when_its_account_is_gone(asta: Asta, admin: Person) -> None:
    """The new account is another one, with another id."""
    first = (await asta.post(REGISTER, wish())).json()["user"]["id"]
    await asta.delete(f"{USERS}/{first}", token=admin.token)

    second = (await asta.post(REGISTER, wish())).json()["user"]["id"]

    assert second != first


async def test_an_address_registers_so_many_an_hour(open_asta: Open) -> None:
    """Past the number one waits; refused wishes do not count."""
    few = Registration(per_address=2, window=timedelta(hours=1))
    asta = await open_asta(Choices(registration=few))
    names = ("ada", "a", "bob", "cleo")

    answers = [await asta.post(REGISTER, wish(name)) for name in names]

    assert [answer.status_code for answer in answers] == [200, 400, 200, 429]
    assert answers[-1].headers["retry-after"] == "3600"
    assert said(answers[-1]) == refused(429, "Too many attempts. Try again in 3600 seconds.")


async def test_another_address_has_its_own_number(storage: Storage) -> None:
    """One address that registers much is no trouble for others."""
    choices = Choices(registration=Registration(per_address=1), surroundings=OPEN)
    household = await furnish(dialect, storage, choices)
    statuses = []

    for peer, name in (("192.0.2.1", "ada"), ("192.0.2.1", "bob"), ("192.0.2.2", "cleo")):
        async with household.talking(peer=peer) as http:
            statuses.append((await http.post(REGISTER, json=wish(name))).status_code)

    assert statuses == [200, 429, 200]
