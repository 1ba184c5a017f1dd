"""POST /api/account/registerAD: an admin makes an account for somebody of a directory."""

from datetime import timedelta

import pytest

from dialects.asking import Json, said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    LOG_IN_FIRST,
    NO_KEYS,
    REGISTER_AD,
    WRONG,
    Astera,
    misread,
    refused,
)
from dialects.household import PASSWORD as LOCAL_PASSWORD
from dialects.household import Choices, Household
from fakes_directory import DIRECTORY, PASSWORD, FakeDirectories, FakeDirectory
from watchword.core.accounts.model import Account, Role
from watchword.core.apikeys.model import Scope
from watchword.core.directory.model import Closed
from watchword.core.services.directoryrules import Creates, DirectoryRules

ADMINS, STAFF = "S-1-5-21-1-2-3-512", "S-1-5-21-1-2-3-513"
RULES = DirectoryRules(creates=Creates.NEVER)

NO_SUCH = refused(404, "There is no such user in the directory.", "not_found")
HAS_ONE = refused(409, "This user of the directory has an account already.", "name_taken")
HELD = refused(409, "Somebody else here has the name of this user of the directory.", "name_held")
UNKNOWN = refused(422, "There is no directory of this domain.", "directory_unknown")
OTHER_ROLE = refused(
    403, "The groups of the user in the directory give another role.", "directory_keeps"
)


@pytest.fixture
def corp() -> FakeDirectory:
    """A directory, with somebody in it."""
    directory = FakeDirectory()
    directory.add("ada", STAFF, email="ada@corp.example", first_name="Ada", last_name="Lovelace")
    return directory


@pytest.fixture
def directories(corp: FakeDirectory) -> FakeDirectories:
    return FakeDirectories(known={DIRECTORY: corp})


@pytest.fixture
async def served(opened: Open, directories: FakeDirectories) -> tuple[Household, Astera]:
    """A server that knows the directory, where only an admin makes accounts."""
    return await opened(Choices(directories=directories, directory_rules={DIRECTORY: RULES}))


@pytest.fixture
def household(served: tuple[Household, Astera]) -> Household:
    return served[0]


@pytest.fixture
def astera(served: tuple[Household, Astera]) -> Astera:
    return served[1]


async def test_the_account_is_filled_from_the_directory(astera: Astera, token: str) -> None:
    """Afterwards, and not before, its owner logs in."""
    before = await astera.try_log_in_ad("ada", PASSWORD)

    answer = await astera.post(REGISTER_AD, {"user": "ada"}, token=token)

    after = await astera.try_log_in_ad("ada", PASSWORD)
    made = answer.json()
    assert before.status_code == 403
    assert answer.status_code == 200
    assert made.pop("id") == after.json()["user"]["id"]
    assert made == {
        "user": "ada",
        "email": "ada@corp.example",
        "emailConfirmed": False,
        "firstName": "Ada",
        "lastName": "Lovelace",
        "role": "user",
        "directory": "corp",
        "created": "2030-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"user": "CORP\\ada"},
        {"user": "ada@corp.example", "role": ""},
        {"USER": "Ada", "DOMAIN": "corp", "ROLE": None},
    ],
)
async def test_every_spelling_of_a_name_is_taken(astera: Astera, token: str, body: Json) -> None:
    """sAMAccountName, `DOMAIN\\name` and UPN; the account has the name of the directory."""
    answer = await astera.post(REGISTER_AD, body, token=token)

    assert (answer.status_code, answer.json()["user"]) == (200, "ada")


async def test_an_admin_may_choose_a_role_that_no_group_gives(astera: Astera, token: str) -> None:
    """Only one that there is."""
    odd = await astera.post(REGISTER_AD, {"user": "ada", "role": "owner"}, token=token)
    chosen = await astera.post(REGISTER_AD, {"user": "ada", "role": "admin"}, token=token)

    assert said(odd) == refused(400, "role must be admin or user.", "role_unknown")
    assert chosen.json()["role"] == "admin"


async def test_a_role_that_groups_give_is_theirs(
    opened: Open, directories: FakeDirectories, corp: FakeDirectory
) -> None:
    """To ask for the same is no contradiction."""
    corp.add("eve", ADMINS)
    corp.add("bob")
    rules = DirectoryRules(roles={Role.ADMIN: frozenset({ADMINS})})
    _, astera = await opened(Choices(directories=directories, directory_rules={DIRECTORY: rules}))
    token = await astera.log_in()

    other = await astera.post(REGISTER_AD, {"user": "ada", "role": "admin"}, token=token)
    same = await astera.post(REGISTER_AD, {"user": "eve", "role": "admin"}, token=token)
    silent = await astera.post(REGISTER_AD, {"user": "bob"}, token=token)

    assert said(other) == OTHER_ROLE
    assert same.json()["role"] == "admin"
    assert silent.json()["role"] == "user"


async def test_what_cannot_be_registered(
    household: Household, astera: Astera, token: str, corp: FakeDirectory
) -> None:
    """Nobody there, no such domain, twice, and a name that somebody else here has."""
    await household.make("bob")
    corp.add("bob")
    assert (await astera.post(REGISTER_AD, {"user": "ada"}, token=token)).status_code == 200

    asked: list[Json] = [
        {"user": "nobody"},
        {"user": ""},
        {"user": "OTHER\\ada"},
        {"user": "ada", "domain": "other.example"},
        {"user": "ada"},
        {"user": "ada@corp.example"},
        {"user": "bob"},
    ]
    answers = [said(await astera.post(REGISTER_AD, body, token=token)) for body in asked]

    assert answers == [NO_SUCH, UNKNOWN, UNKNOWN, UNKNOWN, HAS_ONE, HAS_ONE, HELD]
    assert (await astera.try_log_in("bob", LOCAL_PASSWORD)).status_code == 200


async def test_who_could_not_log_in_gets_no_account(
    opened: Open, directories: FakeDirectories, corp: FakeDirectory
) -> None:
    """Disabled or expired there, or in none of the groups that may come in."""
    corp.add("bob", closed=Closed.DISABLED)
    corp.add("eve", closed=Closed.EXPIRED)
    rules = DirectoryRules(allowed=frozenset({ADMINS}))
    _, astera = await opened(Choices(directories=directories, directory_rules={DIRECTORY: rules}))
    token = await astera.log_in()

    answers = [
        said(await astera.post(REGISTER_AD, {"user": name}, token=token))
        for name in ("ada", "bob", "eve")
    ]

    text = "This user of the directory is not one of those who may log in here."
    assert answers == [
        refused(403, text, "not_admitted"),
        refused(403, "The user is disabled in the directory.", "disabled"),
        refused(403, "The account has expired in the directory.", "account_expired"),
    ]


async def test_only_admins_may(household: Household, astera: Astera) -> None:
    """Nobody else learns whether the directory has a user."""
    await household.make("bob")
    token = await astera.log_in("bob", LOCAL_PASSWORD)

    by_nobody = await astera.post(REGISTER_AD, {"user": "ada"})
    by_user = [
        said(await astera.post(REGISTER_AD, {"user": name}, token=token))
        for name in ("ada", "nobody", "OTHER\\ada")
    ]

    assert said(by_nobody) == LOG_IN_FIRST
    assert by_user == [refused(403, "Only an admin may do this.", "not_admin")] * 3


async def test_a_key_needs_the_scope_and_makes_no_admin(
    household: Household, astera: Astera, corp: FakeDirectory
) -> None:
    """As wherever a key makes accounts."""
    corp.add("bob")
    admin = await household.services.accounts.find("admin")
    assert isinstance(admin, Account)
    everyday = await household.key(admin)
    writing = await household.key(admin, scopes=frozenset({Scope.ACCOUNTS_WRITE}))

    async def by(key: str, **body: Json) -> tuple[int, Json]:
        return said(await astera.post(REGISTER_AD, body, headers={"X-Authorization": key}))

    without = await by(everyday, user="ada")
    as_admin = await by(writing, user="ada", role="admin")
    as_user = await by(writing, user="bob")

    assert without == NO_KEYS
    assert as_admin == NO_KEYS
    assert as_user[0] == 200


async def test_a_directory_that_cannot_be_searched(
    astera: Astera, token: str, corp: FakeDirectory
) -> None:
    """Without a service account 422; away, it is 503."""
    corp.away = timedelta(0)
    away = await astera.post(REGISTER_AD, {"user": "ada"}, token=token)
    corp.away, corp.looks = None, False

    blind = await astera.post(REGISTER_AD, {"user": "ada"}, token=token)

    text = "Nobody can be looked up in this directory: it has no service account."
    assert said(blind) == refused(422, text, "directory_blind")
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")


async def test_without_a_directory_there_is_none_of_any_name(opened: Open) -> None:
    """The page of the API shows this one, as a demo has no directory."""
    _, astera = await opened(Choices())
    token = await astera.log_in()

    answer = await astera.post(REGISTER_AD, {"user": "ada", "domain": "CORP"}, token=token)

    assert said(answer) == UNKNOWN


@pytest.mark.parametrize(
    ("body", "text", "pointer"),
    [
        ({}, "user is required.", "#/user"),
        ({"user": 1}, "user must be a text.", "#/user"),
        ({"user": "a\0da"}, "user may hold no NUL character.", "#/user"),
        ({"user": "ada", "role": 1}, "role must be a text.", "#/role"),
        (
            {"user": "CORP\\ada", "domain": "OTHER"},
            "user has a domain in it, and domain says another.",
            "#/domain",
        ),
    ],
)
async def test_a_wrong_body_is_told(
    astera: Astera, token: str, body: Json, text: str, pointer: str
) -> None:
    """Before anybody is looked for."""
    answer = await astera.post(REGISTER_AD, body, token=token)

    assert said(answer) == misread(text, pointer)


async def test_no_local_password_is_made(astera: Astera, token: str) -> None:
    """The directory's is the only one, and it is the directory that is asked."""
    await astera.post(REGISTER_AD, {"user": "ada"}, token=token)

    answers = [await astera.try_log_in("ada", password) for password in ("", "ada", PASSWORD)]

    assert [said(one) for one in answers[:2]] == [WRONG] * 2
    assert answers[2].json()["user"]["directory"] == "corp"
