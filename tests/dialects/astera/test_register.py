"""POST /api/account/register: who gets an account, which letters go out, and what is refused."""

import re
from datetime import timedelta

import pytest

from dialects.asking import UUID, Json, said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    ADMIN,
    BAD_ADDRESS,
    BAD_TOKEN,
    NO_KEYS,
    REGISTER,
    Astera,
    misread,
    only,
    refused,
)
from dialects.household import OPEN, PASSWORD, Choices, Household, furnish
from watchword.core.outbox.model import LetterKind
from watchword.core.policy.passwords import Preset
from watchword.core.ports import Storage
from watchword.core.services.signup import Registration
from watchword.dialects.astera import dialect

ADDRESS = "Ada@example.com"
NOT_OPEN = refused(403, "Registration is not open.", "closed")
NO_CHOICE = refused(403, "Only an admin can choose a role.", "role_reserved")
UNSEEN = refused(
    400,
    "user must have 1 to 100 visible characters, firstName and lastName at most 100.",
    "name_invalid",
)


async def test_a_stranger_gets_an_account(household: Household, astera: Astera) -> None:
    """The answer is the account; no token comes with it, and a letter asks for the address."""
    answer = await astera.register(
        "ada", "pass", email=ADDRESS, firstName="Ada", lastName="Lovelace"
    )

    body = answer.json()
    letter = only(await household.letters())
    assert answer.status_code == 200
    assert UUID.fullmatch(body.pop("id"))
    assert body == {
        "user": "ada",
        "email": ADDRESS,
        "emailConfirmed": False,
        "firstName": "Ada",
        "lastName": "Lovelace",
        "role": "user",
        "created": "2030-01-01T00:00:00Z",
    }
    assert (letter.kind, letter.to, letter.name) == (LetterKind.CONFIRM, ADDRESS, "ada")
    assert (await astera.try_log_in("ada", "pass")).status_code == 200


@pytest.mark.parametrize("email", [{}, {"email": None}, {"email": ""}])
async def test_without_an_address_no_letter_is_written(
    household: Household, astera: Astera, email: Json
) -> None:
    """An account needs none; null and an empty text are none."""
    answer = await astera.register("ada", **email)

    assert answer.json()["email"] is None
    assert await household.letters() == []


async def test_all_that_may_be_left_out_may_be_null(astera: Astera) -> None:
    """As clients of .NET write what they do not know."""
    nothing = dict.fromkeys(["email", "firstName", "lastName", "role", "invitation"])

    answer = await astera.post(REGISTER, {"user": "ada", "password": "pass", **nothing})

    body = answer.json()
    assert (body["firstName"], body["lastName"], body["role"]) == ("", "", "user")


@pytest.mark.parametrize(
    "spell", [str.upper, str.lower, str.swapcase, lambda name: name[0].upper() + name[1:]]
)
async def test_members_are_read_in_any_letter_case(astera: Astera, spell: Json) -> None:
    """The account has what was sent, however the members were spelled."""
    sent = {"user": "ada", "password": "pass", "email": ADDRESS, "firstName": "A", "lastName": "L"}

    answer = await astera.post(REGISTER, {spell(name): text for name, text in sent.items()})

    body = answer.json()
    assert [body[name] for name in ("user", "email", "firstName", "lastName")] == [
        *("ada", ADDRESS, "A", "L")
    ]


async def test_a_name_is_kept_as_it_was_typed(astera: Astera) -> None:
    """Spaces around it go, letters stay as they are."""
    answer = await astera.register("  Ada Lovelace ")

    assert answer.json()["user"] == "Ada Lovelace"


async def test_an_address_that_somebody_has_looks_like_a_fresh_one(
    household: Household, astera: Astera
) -> None:
    """Status, headers and body are alike; the owner of the address is told, and gets no link."""
    await household.make("ada", email=ADDRESS)

    known = await astera.register("eve", email=ADDRESS.lower())
    fresh = await astera.register("eva", email="eva@example.com")

    letters = {letter.to: letter for letter in await household.letters()}
    first, second = letters[ADDRESS.lower()], letters["eva@example.com"]
    assert _shape(known.text, "eve", ADDRESS.lower()) == _shape(
        fresh.text, "eva", "eva@example.com"
    )
    assert known.status_code == fresh.status_code == 200
    assert set(known.headers) == set(fresh.headers)
    assert (first.kind, first.name) == (LetterKind.ALREADY_REGISTERED, "ada")
    assert (first.secret, first.code) == ("", "")
    assert second.kind is LetterKind.CONFIRM


@pytest.mark.parametrize("name", [ADMIN, " ADMIN ", "\uff41\uff44\uff4d\uff49\uff4e"])
async def test_a_taken_name(household: Household, astera: Astera, name: str) -> None:
    """It is told, and no letter goes anywhere."""
    answer = await astera.register(name, email=ADDRESS)

    assert said(answer) == refused(409, "The user name is taken.", "name_taken")
    assert await household.letters() == []


async def test_a_name_that_is_somebodys_address(household: Household, astera: Astera) -> None:
    """Nobody can be called what somebody else is reached by."""
    await household.make("ada", email=ADDRESS)

    answer = await astera.register(ADDRESS)

    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"user": ""}, refused(400, "user must have at least 1 characters.", "name_short")),
        ({"user": "   "}, refused(400, "user must have at least 1 characters.", "name_short")),
        ({"user": "n" * 101}, UNSEEN),
        ({"user": "ada\r\nBcc: eve@example.com"}, UNSEEN),
        ({"user": "ada\u200b"}, UNSEEN),
        ({"user": "ada\u202eeve"}, UNSEEN),
        ({"firstName": "Ada\nSubject: You won"}, UNSEEN),
        ({"lastName": "L\r"}, UNSEEN),
        ({"lastName": "n" * 101}, UNSEEN),
        ({"email": "ada"}, BAD_ADDRESS),
        ({"email": "ada@"}, BAD_ADDRESS),
        ({"email": "@example.com"}, BAD_ADDRESS),
        ({"email": "a@b@example.com"}, BAD_ADDRESS),
        ({"email": "ada@example.com\r\nBcc: eve@example.com"}, BAD_ADDRESS),
        ({"email": "ada@example.com, eve@example.com"}, BAD_ADDRESS),
        ({"email": "Ada <ada@example.com>"}, BAD_ADDRESS),
        ({"email": "ada example@example.com"}, BAD_ADDRESS),
        ({"email": "a" * 250 + "@example.com"}, BAD_ADDRESS),
        (
            {"password": ""},
            refused(400, "The password must have at least 1 characters.", "password_short"),
        ),
        (
            {"password": "x" * 1025},
            refused(400, "The password must have at most 1024 bytes.", "password_long"),
        ),
        ({"password": "Admin123"}, refused(400, "The password is too common.", "password_common")),
    ],
)
async def test_what_no_account_may_have(
    household: Household, astera: Astera, sent: Json, refusal: Json
) -> None:
    """It is said; there is no account then, and no letter."""
    answer = await astera.post(REGISTER, {"user": "ada", "password": "pass", **sent})

    assert said(answer) == refusal
    assert await household.services.accounts.find("ada") is None
    assert await household.letters() == []


async def test_the_policy_asks_for_its_own_number(opened: Open) -> None:
    """Outside a demo eight characters and no common password, in this dialect as in every other."""
    _, astera = await opened(Choices(preset=Preset.STANDARD))

    short = await astera.register("ada", "seven77")
    common = await astera.register("ada", "password1")
    good = await astera.register("ada", "a river of small stones")

    text = "The password must have at least 8 characters."
    assert said(short) == refused(400, text, "password_short")
    assert said(common) == refused(400, "The password is too common.", "password_common")
    assert good.status_code == 200


async def test_only_an_admin_gives_roles(household: Household, astera: Astera, token: str) -> None:
    """A stranger and a user cannot choose; an admin can, and `user` is everybody's."""
    await household.make("bob")
    bobs = await astera.log_in("bob", PASSWORD)
    wish = {"user": "ada", "password": "pass", "role": "admin"}

    strangers = await astera.post(REGISTER, wish)
    users = await astera.post(REGISTER, wish, token=bobs)
    admins = await astera.post(REGISTER, wish, token=token)
    plain = await astera.register("cleo", role="user")

    assert said(strangers) == said(users) == NO_CHOICE
    assert (admins.status_code, admins.json()["role"]) == (200, "admin")
    assert plain.json()["role"] == "user"


async def test_a_role_that_is_none(astera: Astera, token: str) -> None:
    """An admin is told so; a stranger learns no more than that there is no choice."""
    wish = {"user": "ada", "password": "pass", "role": "root"}

    admins = await astera.post(REGISTER, wish, token=token)
    strangers = await astera.post(REGISTER, wish)

    assert said(admins) == refused(400, "role must be admin or user.", "role_unknown")
    assert said(strangers) == NO_CHOICE


async def test_an_account_made_by_an_admin_confirms_its_address_too(
    household: Household, astera: Astera, token: str
) -> None:
    """Admins mistype addresses as well."""
    wish = {"user": "ada", "password": "pass", "role": "admin", "email": ADDRESS}

    answer = await astera.post(REGISTER, wish, token=token)

    assert answer.json()["emailConfirmed"] is False
    assert only(await household.letters()).kind is LetterKind.CONFIRM


async def test_a_bad_credential_is_not_overlooked(
    household: Household, astera: Astera, token: str
) -> None:
    """Nothing falls back to being a stranger, and no API key registers anybody."""
    admin = await household.services.accounts.find(ADMIN)
    assert admin is not None
    key = await household.key(admin)
    wish = {"user": "ada", "password": "pass"}

    with_bad = await astera.post(REGISTER, wish, token=f"{token}x")
    with_key = await astera.post(REGISTER, wish, headers={"X-Authorization": key})

    assert said(with_bad) == BAD_TOKEN
    assert said(with_key) == NO_KEYS
    assert await household.services.accounts.find("ada") is None


async def test_nobody_registers_before_there_is_a_first_account(opened: Open) -> None:
    """In single-user mode registration is closed."""
    _, astera = await opened(Choices(has_first_account=False))

    answer = await astera.register("ada")

    assert said(answer) == NOT_OPEN


@pytest.mark.parametrize("takes_invitations", [True, False])
async def test_an_operator_can_close_registration(opened: Open, takes_invitations: bool) -> None:  # noqa: FBT001 - pytest gives it
    """That is said before anything about the wish."""
    closed = Registration(is_open=False, takes_invitations=takes_invitations)
    _, astera = await opened(Choices(registration=closed))

    answers = [await astera.register(name) for name in ("ada", ADMIN, "")]

    assert [said(answer) for answer in answers] == [NOT_OPEN] * 3


async def test_an_address_registers_twenty_an_hour(household: Household, astera: Astera) -> None:
    """Then one waits for the rest of the hour; who looks for names that are taken waits too."""
    malformed = await astera.register("ada", email="ada")
    answers = [await astera.register(f"name {number}") for number in range(19)]
    taken = await astera.register(ADMIN)
    household.clock.advance(timedelta(minutes=20))
    late = await astera.register("one too many", email=ADDRESS)
    household.clock.advance(timedelta(minutes=40))
    later = await astera.register("one too many", email=ADDRESS)

    assert {answer.status_code for answer in answers} == {200}
    assert (malformed.status_code, taken.status_code) == (400, 409)
    assert said(late) == refused(429, "Too many attempts. Try again in 2400 seconds.", "throttled")
    assert late.headers["retry-after"] == "2400"
    assert later.status_code == 200


async def test_another_address_has_its_own_number(storage: Storage) -> None:
    """One address that registers much is no trouble for others; a /64 is one address."""
    choices = Choices(registration=Registration(per_address=1), surroundings=OPEN)
    household = await furnish(dialect, storage, choices)
    peers = ["192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::"]
    statuses = []

    for number, peer in enumerate(peers):
        async with household.talking(peer=peer) as http:
            wish = {"user": f"name {number}", "password": "pass"}
            statuses.append((await http.post(REGISTER, json=wish)).status_code)

    assert statuses == [200, 429, 200, 200, 429, 200]


async def test_the_letter_is_in_the_language_of_the_caller(
    household: Household, astera: Astera
) -> None:
    """As far as the request says one of ours."""
    accepted = {"ada": "de-AT,en;q=0.5", "bob": "fr", "cleo": ""}

    for name, languages in accepted.items():
        wish = {"user": name, "password": "pass", "email": f"{name}@example.com"}
        await astera.post(REGISTER, wish, headers={"Accept-Language": languages})

    spoken = {letter.name: letter.language for letter in await household.letters()}
    assert spoken == {"ada": "de", "bob": "", "cleo": ""}


async def test_members_of_a_wrong_type(astera: Astera) -> None:
    """All of them are named, in the spelling of the page; the first is the detail."""
    answer = await astera.post(REGISTER, {"USER": 1, "email": ["x"], "FirstName": {}})

    status, body = misread("user must be a text.", "#/user")
    assert answer.status_code == status
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        *("#/user", "#/password", "#/email", "#/firstName")
    ]
    assert {**answer.json(), "errors": body["errors"]} == body


def _shape(text: str, name: str, email: str) -> str:
    return re.sub(UUID, "id", text).replace(email, "email").replace(name, "name")
