"""POST /api/account/loginAD: the people of a directory, and what strangers are told of them."""

from datetime import timedelta
from uuid import UUID

import pytest

from dialects.asking import Json, said, whole
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    CHALLENGE,
    LOGIN,
    LOGIN_AD,
    WRONG,
    Astera,
    misread,
    refused,
)
from dialects.household import Choices
from fakes_directory import DIRECTORY, PASSWORD, FakeDirectories, FakeDirectory
from watchword.core.directory.model import Closed, Verdict
from watchword.core.services.directoryrules import Creates, DirectoryRules

HOUR, MONTH = 3600, 30 * 86_400

TOLD = {
    Verdict.HOURS: (403, "The directory does not let you in at this time, or from here."),
    Verdict.PASSWORD_EXPIRED: (
        403,
        "The password has expired. Send user, oldPassword and newPassword to changePassword.",
    ),
    Verdict.MUST_CHANGE: (
        403,
        "Set another password first. Send user, oldPassword and newPassword to changePassword.",
    ),
    Verdict.DISABLED: (403, "The account is disabled."),
    Verdict.EXPIRED: (403, "The account has expired in the directory."),
}
CODES = {
    Verdict.HOURS: "logon_hours",
    Verdict.PASSWORD_EXPIRED: "password_expired",
    Verdict.MUST_CHANGE: "password_must_change",
    Verdict.DISABLED: "disabled",
    Verdict.EXPIRED: "account_expired",
}


@pytest.fixture
def corp() -> FakeDirectory:
    """A directory, with somebody in it."""
    directory = FakeDirectory()
    directory.add("ada", email="ada@corp.example", first_name="Ada", last_name="Lovelace")
    return directory


@pytest.fixture
def directories(corp: FakeDirectory) -> FakeDirectories:
    return FakeDirectories(known={DIRECTORY: corp})


@pytest.fixture
async def astera(opened: Open, directories: FakeDirectories) -> Astera:
    """A client of a server that knows the directory."""
    _, astera = await opened(Choices(directories=directories))
    return astera


async def test_the_first_log_in_makes_the_account(astera: Astera) -> None:
    """The answer is that of any log-in, and the account says which directory keeps it."""
    answer = await astera.try_log_in_ad("ada", PASSWORD)

    body = answer.json()
    token, user = body.pop("token"), body.pop("user")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert body == {
        "access_token": token,
        "tokenType": "Bearer",
        "expiresIn": HOUR,
        "expires": "2030-01-01T01:00:00Z",
    }
    assert str(UUID(user["id"])) == user.pop("id")
    assert user == {
        "user": "ada",
        "email": "ada@corp.example",
        "emailConfirmed": False,
        "firstName": "Ada",
        "lastName": "Lovelace",
        "role": "user",
        "directory": "corp",
        "created": "2030-01-01T00:00:00Z",
    }
    assert await astera.statuses_of(token) == [200]


@pytest.mark.parametrize(
    ("user", "more"),
    [
        ("ada", {"domain": "CORP"}),
        ("ADA", {"Domain": " corp.example "}),
        ("ada", {"domain": ""}),
        ("ada", {"domain": None}),
        ("CORP\\ada", {}),
        ("corp\\Ada", {"domain": "CORP"}),
        ("corp.example\\ada", {}),
        ("ada@corp.example", {}),
        ("Ada@CORP.example", {"domain": "corp.EXAMPLE"}),
    ],
)
async def test_every_spelling_is_the_same_person(
    astera: Astera, user: str, more: dict[str, Json]
) -> None:
    """Short and long names of the domain, beside the name or in it, in any letter case."""
    first = (await astera.try_log_in_ad("ada", PASSWORD)).json()

    again = await astera.try_log_in_ad(user, PASSWORD, **more)

    assert again.status_code == 200
    assert again.json()["user"] == first["user"]


@pytest.mark.parametrize("path", [LOGIN, LOGIN_AD])
async def test_either_call_lets_people_of_a_directory_in(astera: Astera, path: str) -> None:
    """Clients that know of no directory log in by the call that they know."""
    body = {"user": "CORP\\ada", "password": PASSWORD, "rememberMe": 1}

    answer = await astera.post(path, body)

    assert answer.json()["expiresIn"] == MONTH


@pytest.mark.parametrize("path", [LOGIN, LOGIN_AD])
@pytest.mark.parametrize("verdict", TOLD)
async def test_the_truth_after_the_right_password(
    astera: Astera, corp: FakeDirectory, path: str, verdict: Verdict
) -> None:
    """Each has words and a code of its own; a wrong password gets what strangers get."""
    corp.add("bob", verdict=verdict)

    right = await astera.post(path, {"user": "bob", "password": PASSWORD})
    wrong = await astera.post(path, {"user": "bob", "password": "wrong"})

    assert said(right) == refused(*TOLD[verdict], CODES[verdict])
    assert said(wrong) == WRONG


@pytest.mark.parametrize("path", [LOGIN, LOGIN_AD])
async def test_strangers_learn_nothing(astera: Astera, corp: FakeDirectory, path: str) -> None:
    """Unknown, locked, wrong, and no such domain: not one byte differs."""
    corp.add("locked", verdict=Verdict.LOCKED)
    for number, verdict in enumerate(TOLD):
        corp.add(f"user{number}", verdict=verdict)
    names = ["ada", "nobody", "locked", "CORP\\nobody", "user0", "user1", "user2", "user3", "user4"]
    tries = [(name, "wrong") for name in names]
    tries += [("locked", PASSWORD), ("ada", ""), ("OTHER\\ada", PASSWORD), ("a@b.example", "x")]

    answers = [
        await astera.post(path, {"user": name, "password": password}) for name, password in tries
    ]

    assert said(answers[0]) == WRONG
    assert answers[0].headers.get_list("www-authenticate") == [CHALLENGE]
    assert [whole(one) for one in answers] == [whole(answers[0])] * len(tries)


async def test_an_empty_password_is_no_log_in_by_nobody(
    astera: Astera, directories: FakeDirectories
) -> None:
    """A directory may say yes to one (RFC 4513, 5.1.2), so it is not asked."""
    answer = await astera.try_log_in_ad("ada", "")

    assert said(answer) == WRONG
    assert directories.asked == []


async def test_a_local_password_opens_nothing_here(
    astera: Astera, directories: FakeDirectories, corp: FakeDirectory
) -> None:
    """`loginAD` asks directories alone; `login` sends a local account's password to none."""
    corp.add(ADMIN, password="the other admin's")

    by_directory = await astera.try_log_in_ad(ADMIN, ADMIN_PASSWORD)
    asked = len(directories.asked)
    local = await astera.try_log_in(ADMIN, ADMIN_PASSWORD)
    theirs = await astera.try_log_in(ADMIN, "the other admin's")

    assert said(by_directory) == WRONG
    assert local.status_code == 200
    assert said(theirs) == WRONG
    assert len(directories.asked) == asked == 1


@pytest.mark.parametrize("path", [LOGIN, LOGIN_AD])
async def test_nobody_takes_the_account_of_another_over(
    astera: Astera, corp: FakeDirectory, path: str
) -> None:
    """A user of the directory who is called like a local account gets none, and is told why."""
    corp.add(ADMIN)

    right = await astera.post(path, {"user": "CORP\\admin", "password": PASSWORD})
    wrong = await astera.post(path, {"user": "CORP\\admin", "password": "wrong"})

    text = "Somebody else here has the name of this user of the directory."
    assert said(right) == refused(409, text, "name_held")
    assert said(wrong) == WRONG


@pytest.mark.parametrize(
    "rules", [DirectoryRules(allowed=frozenset({"S-1-5-1"})), DirectoryRules(creates=Creates.NEVER)]
)
async def test_who_may_not_come_in_is_told_so(
    opened: Open, directories: FakeDirectories, rules: DirectoryRules
) -> None:
    """In no group that may, or where only an admin makes accounts; after the right password."""
    _, astera = await opened(Choices(directories=directories, directory_rules={DIRECTORY: rules}))

    right = await astera.try_log_in_ad("ada", PASSWORD)
    wrong = await astera.try_log_in_ad("ada", "wrong")

    text = "This user of the directory is not one of those who may log in here."
    assert said(right) == refused(403, text, "not_admitted")
    assert said(wrong) == WRONG


async def test_who_was_closed_in_the_directory_hears_it(
    astera: Astera, corp: FakeDirectory
) -> None:
    """An account from before makes no difference."""
    assert (await astera.try_log_in_ad("ada", PASSWORD)).status_code == 200
    corp.change("ada", closed=Closed.DISABLED)

    right = await astera.try_log_in_ad("ada", PASSWORD)
    wrong = await astera.try_log_in_ad("ada", "wrong")

    assert said(right) == refused(403, "The account is disabled.", "disabled")
    assert said(wrong) == WRONG


@pytest.mark.parametrize(
    ("user", "domain"),
    [
        ("CORP\\ada", "OTHER"),
        ("ada@corp.example", "other.example"),
        ("ada@corp.example", "CORP"),
        ("CORP\\ada@corp.example", "corp.example"),
    ],
)
async def test_two_domains_are_not_guessed_between(
    astera: Astera, directories: FakeDirectories, user: str, domain: str
) -> None:
    """A domain in the name and another beside it is a mistake of the client's."""
    answer = await astera.try_log_in_ad(user, PASSWORD, domain=domain)

    assert said(answer) == misread("user has a domain in it, and domain says another.", "#/domain")
    assert directories.asked == []


@pytest.mark.parametrize(
    ("body", "text", "pointer"),
    [
        ({"user": "ada"}, "password is required.", "#/password"),
        ({"password": "x", "domain": "CORP"}, "user is required.", "#/user"),
        ({"user": "ada", "password": "x", "domain": 1}, "domain must be a text.", "#/domain"),
        (
            {"user": "ada", "password": "x", "rememberMe": "perhaps"},
            "rememberMe must be true or false.",
            "#/rememberMe",
        ),
    ],
)
async def test_a_wrong_body_is_told(astera: Astera, body: Json, text: str, pointer: str) -> None:
    """As with any log-in."""
    answer = await astera.post(LOGIN_AD, body)

    assert said(answer) == misread(text, pointer)


async def test_without_a_directory_nobody_is_known(opened: Open) -> None:
    """Not even the account of the demo: it is no directory's."""
    _, astera = await opened(Choices())

    answer = await astera.try_log_in_ad(ADMIN, ADMIN_PASSWORD, domain="CORP")

    assert said(answer) == WRONG


async def test_a_directory_that_is_away(
    astera: Astera, corp: FakeDirectory, directories: FakeDirectories
) -> None:
    """503 for its people, known or not; local accounts come in as ever."""
    corp.away = timedelta(seconds=1)

    answers = [
        await astera.try_log_in_ad("ada", PASSWORD),
        await astera.try_log_in_ad("nobody", "wrong"),
        await astera.try_log_in("ada", PASSWORD),
    ]
    local = await astera.try_log_in(ADMIN, ADMIN_PASSWORD)
    corp.away = None
    directories.places = 0
    full = await astera.try_log_in_ad("ada", PASSWORD)

    away = refused(503, "The server is busy. Try again in 5 seconds.", "unavailable")
    assert [said(one) for one in answers] == [away] * 3
    assert {one.headers["retry-after"] for one in answers} == {"5"}
    assert local.status_code == 200
    assert (full.status_code, full.headers["retry-after"]) == (503, "3")


async def test_guesses_are_counted_here_as_well(
    astera: Astera, directories: FakeDirectories
) -> None:
    """After five the directory is not asked any more, by whatever call and spelling."""
    for name in ("ada", "CORP\\ada", "ada@corp.example", "ADA", "corp.example\\ada"):
        assert said(await astera.try_log_in_ad(name, "wrong")) == WRONG

    answers = [
        await astera.try_log_in_ad("ada", PASSWORD),
        await astera.try_log_in("CORP\\ada", PASSWORD),
    ]

    text = "Too many attempts. Try again in 1 seconds."
    assert [said(one) for one in answers] == [refused(429, text, "throttled")] * 2
    assert len(directories.asked) == 5


async def test_a_log_in_ignores_any_credential(astera: Astera) -> None:
    """A bad token does no harm, and Basic, which is not ours, is not looked at."""
    right = {"user": "ada", "password": PASSWORD}

    with_bad = await astera.post(LOGIN_AD, right, token="rubbish")
    with_foreign = await astera.post(LOGIN_AD, right, headers={"Authorization": "Basic YTpi"})

    assert (with_bad.status_code, with_foreign.status_code) == (200, 200)
