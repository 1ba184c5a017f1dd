"""POST /api/account/login: who gets a token, for how long, and what strangers are told."""

from datetime import timedelta

import pytest

from dialects.asking import UUID, Json, claims_of, said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    CHALLENGE,
    LOGIN,
    WRONG,
    Astera,
    misread,
    refused,
)
from dialects.household import PASSWORD, Choices, Household
from fakes import PlainHasher
from watchword.core.policy.signin import AttemptLimits
from watchword.dialects.astera.options import Options

HOUR, MONTH = 3600, 30 * 86_400


async def test_the_documented_log_in(astera: Astera) -> None:
    """The very body of the vendor's page, with the account of a demo."""
    content = b'{ "user": "admin", "password": "Admin123", "rememberMe": true }'

    answer = await astera.post(LOGIN, content=content)

    body = answer.json()
    token, user = body.pop("token"), body.pop("user")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert body == {
        "access_token": token,
        "tokenType": "Bearer",
        "expiresIn": MONTH,
        "expires": "2030-01-31T00:00:00Z",
    }
    assert UUID.fullmatch(user.pop("id"))
    assert user == {
        "user": "admin",
        "email": None,
        "emailConfirmed": False,
        "firstName": "",
        "lastName": "",
        "role": "admin",
        "created": "2030-01-01T00:00:00Z",
    }


async def test_what_is_known_of_somebody_is_told(household: Household, astera: Astera) -> None:
    """The account stands in the answer as it does in that of a registration."""
    household.clock.advance(timedelta(days=13, hours=10, seconds=1, microseconds=654_321))
    ada = await household.make(
        "ada", email="Ada@example.com", first_name="Ada", last_name="Lovelace"
    )

    body = (await astera.try_log_in("ada", PASSWORD)).json()

    assert body["user"] == {
        "id": ada.id,
        "user": "ada",
        "email": "Ada@example.com",
        "emailConfirmed": True,
        "firstName": "Ada",
        "lastName": "Lovelace",
        "role": "user",
        "created": "2030-01-14T10:00:01Z",
    }


@pytest.mark.parametrize(
    ("said_so", "seconds"),
    [
        (True, MONTH),
        (1, MONTH),
        ("1", MONTH),
        ("true", MONTH),
        ("True", MONTH),
        (False, HOUR),
        (0, HOUR),
        ("0", HOUR),
        ("false", HOUR),
        ("False", HOUR),
        (None, HOUR),
    ],
)
async def test_remember_me_in_all_its_spellings(
    astera: Astera, said_so: Json, seconds: int
) -> None:
    """The vendor's two pages have two of them, and clients of .NET a third."""
    answer = await astera.try_log_in(ADMIN, ADMIN_PASSWORD, rememberMe=said_so)

    claims = claims_of(answer.json()["token"])
    assert answer.json()["expiresIn"] == seconds
    assert int(claims["exp"]) - int(claims["iat"]) == seconds


async def test_who_says_nothing_is_not_remembered(astera: Astera) -> None:
    """An hour is what a token lives for."""
    answer = await astera.try_log_in(ADMIN, ADMIN_PASSWORD)

    assert (answer.json()["expiresIn"], answer.json()["expires"]) == (HOUR, "2030-01-01T01:00:00Z")


@pytest.mark.parametrize(
    "written",
    [
        *(b'"yes"', b'"TRUE"', b'""', b'" true"', b'"null"'),
        *(b"2", b"-1", b"1.0", b"0.5", b"1e400", b"9" * 400),
        *(b"[]", b"{}", b"[1]"),
    ],
)
async def test_what_is_neither_yes_nor_no(astera: Astera, written: bytes) -> None:
    """Nobody guesses what was meant."""
    content = b'{"user": "admin", "password": "Admin123", "rememberMe": %b}' % written

    answer = await astera.post(LOGIN, content=content)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_body"


async def test_the_two_spellings_in_words(astera: Astera) -> None:
    """The member is named as the page spells it."""
    answer = await astera.post(LOGIN, {"USER": "a", "PASSWORD": "b", "REMEMBERME": "perhaps"})

    assert said(answer) == misread("rememberMe must be true or false.", "#/rememberMe")


async def test_an_operator_chooses_how_long_a_token_lives(opened: Open) -> None:
    """`token_hours` and `remember_days` are in the tokens; none outlives its session."""
    _, astera = await opened(Choices(options=Options(token_hours=2, remember_days=45)))

    short = await astera.try_log_in(ADMIN, ADMIN_PASSWORD)
    long = await astera.try_log_in(ADMIN, ADMIN_PASSWORD, rememberMe=1)

    assert short.json()["expiresIn"] == 2 * HOUR
    assert long.json()["expiresIn"] == MONTH


@pytest.mark.parametrize("name", ["ADMIN", " admin ", "\uff41\uff44\uff4d\uff49\uff4e"])
async def test_a_name_is_known_however_it_is_spelled(astera: Astera, name: str) -> None:
    """Case, spaces around it and full-width letters make no other name."""
    answer = await astera.try_log_in(name, ADMIN_PASSWORD)

    assert answer.json()["user"]["user"] == "admin"


async def test_a_confirmed_address_is_as_good_as_a_name(
    household: Household, astera: Astera
) -> None:
    """One that nobody has confirmed is not."""
    await household.make("ada", email="Ada@Example.com")
    await astera.register("bob", "pass", email="bob@example.com")

    ada = await astera.try_log_in("ada@example.com", PASSWORD)
    bob = await astera.try_log_in("bob@example.com", "pass")

    assert ada.json()["user"]["user"] == "ada"
    assert said(bob) == WRONG


@pytest.mark.parametrize(
    ("user", "password", "remember"),
    [
        ("User", "Password", "RememberMe"),
        ("USER", "PASSWORD", "REMEMBERME"),
        ("uSeR", "pAsSwOrD", "rememberme"),
    ],
)
async def test_members_are_read_in_any_letter_case(
    astera: Astera, user: str, password: str, remember: str
) -> None:
    """.NET reads them so, and the vendor's own table spells them with capitals."""
    body = {user: ADMIN, password: ADMIN_PASSWORD, remember: 1, "Domain": ["ignored"]}

    answer = await astera.post(LOGIN, body)

    assert answer.json()["expiresIn"] == MONTH


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
        ("ada\r\nX-Evil: 1", "x"),
    ],
)
async def test_a_wrong_log_in_is_told_no_more_than_that(
    astera: Astera, name: str, password: str
) -> None:
    """A wrong password, an empty one and an unknown name get the same words."""
    answer = await astera.try_log_in(name, password)

    assert said(answer) == WRONG
    assert answer.headers["content-type"] == "application/problem+json"
    # No token came, so none is called bad (RFC 6750, 3.1).
    assert answer.headers["www-authenticate"] == CHALLENGE


async def test_an_empty_password_costs_a_hash(opened: Open) -> None:
    """So it takes the same time as any other that is wrong, for known and unknown names."""
    hasher = PlainHasher()
    _, astera = await opened(Choices(), hasher=hasher)

    for name in (ADMIN, "nobody"):
        await astera.try_log_in(name, "")

    assert hasher.verified == 2


@pytest.mark.parametrize(
    ("body", "text", "pointer"),
    [
        ({"user": "admin"}, "password is required.", "#/password"),
        ({"password": "x"}, "user is required.", "#/user"),
        ({"user": "admin", "password": None}, "password must be a text.", "#/password"),
        ({"user": None, "password": "x"}, "user must be a text.", "#/user"),
    ],
)
async def test_a_missing_member_is_no_wrong_password(
    astera: Astera, body: Json, text: str, pointer: str
) -> None:
    """Missing and null are a mistake of the client's programmer, who is told."""
    answer = await astera.post(LOGIN, body)

    assert said(answer) == misread(text, pointer)


async def test_a_disabled_account_is_told_to_its_owner_alone(
    household: Household, astera: Astera
) -> None:
    """403 after the right password; a wrong one gets the very answer that strangers get."""
    await household.disable(await household.make("ada"))

    right = await astera.try_log_in("ada", PASSWORD)
    wrong = await astera.try_log_in("ada", "wrong")

    assert said(right) == refused(403, "The account is disabled.", "disabled")
    assert said(wrong) == WRONG


async def test_an_expired_password_says_the_way_out(opened: Open) -> None:
    """Only who knows the password hears of it; before the end the log-in says when that is."""
    household, astera = await opened(Choices(password_days=90))
    await household.make("ada")
    before = await astera.try_log_in("ada", PASSWORD)
    household.clock.advance(timedelta(days=90))

    right = await astera.try_log_in("ada", PASSWORD)
    wrong = await astera.try_log_in("ada", "wrong")

    assert before.json()["passwordExpires"] == "2030-04-01T00:00:00Z"
    text = "The password has expired. Send user, oldPassword and newPassword to changePassword."
    assert said(right) == refused(403, text, "password_expired")
    assert said(wrong) == WRONG


async def test_a_log_in_ignores_any_credential(astera: Astera, token: str) -> None:
    """A bad token beside a right password does no harm, a good one beside a wrong does no good."""
    right = {"user": ADMIN, "password": ADMIN_PASSWORD}

    with_bad = await astera.post(LOGIN, right, token="rubbish")
    with_good = await astera.post(LOGIN, {**right, "password": "no"}, token=token)

    assert with_bad.status_code == 200
    assert said(with_good) == WRONG


async def test_after_five_failures_one_waits(household: Household, astera: Astera) -> None:
    """The sixth attempt is not looked at, right or wrong; after the wait it is."""
    for _ in range(5):
        await astera.try_log_in(ADMIN, "wrong")

    wrong = await astera.try_log_in(ADMIN, "wrong")
    right = await astera.try_log_in(ADMIN, ADMIN_PASSWORD)
    unknown = [await astera.try_log_in("nobody", "x") for _ in range(6)][-1]
    household.clock.advance(timedelta(seconds=1))
    later = await astera.try_log_in(ADMIN, ADMIN_PASSWORD)

    waiting = refused(429, "Too many attempts. Try again in 1 seconds.", "throttled")
    assert said(wrong) == said(right) == said(unknown) == waiting
    assert wrong.headers["retry-after"] == right.headers["retry-after"] == "1"
    assert later.status_code == 200


async def test_an_address_that_fails_too_often_waits_for_every_name(opened: Open) -> None:
    """Names are no way around the limit of an address."""
    _, astera = await opened(Choices(attempts=AttemptLimits(per_address=3)))
    for name in ("one", "two", "three"):
        await astera.try_log_in(name, "x")

    answer = await astera.try_log_in(ADMIN, ADMIN_PASSWORD)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_the_answer_is_kept_by_nobody_on_the_way(astera: Astera) -> None:
    """It has a token and an account in it."""
    answer = await astera.try_log_in(ADMIN, ADMIN_PASSWORD)

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
