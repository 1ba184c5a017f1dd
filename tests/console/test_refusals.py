"""Whatever comes to a page gets a page, in words that help, and a good link stays good."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from console.conftest import CHOICES
from console.mailed import ADA, NEW_PASSWORD, OLD, mailed
from dialects.household import DEMO, Household, furnish
from fakes import PlainHasher
from parts.loglines import LogLines
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.passwords import Preset
from watchword.core.ports import Storage
from watchword.core.services.signup import Registration
from watchword.core.services.tickets import Whose
from watchword.core.tickets.model import Purpose
from watchword.dialects.asta import dialect
from watchword.http.pages import page_policy

EACH = pytest.mark.parametrize("purpose", Purpose)
THERE = Origin("203.0.113.7", "console")
GERMAN = {"Accept-Language": "de"}
FORM = "application/x-www-form-urlencoded"


def is_page(answer: httpx.Response) -> bool:
    """Say whether this is one of our pages, with all that makes it safe."""
    policy = answer.headers.get("content-security-policy", "")
    return (
        answer.headers["content-type"] == "text/html; charset=utf-8"
        and answer.headers["cache-control"] == "no-store"
        and answer.headers["referrer-policy"] == "no-referrer"
        and answer.headers["x-content-type-options"] == "nosniff"
        and answer.headers["x-robots-tag"] == "noindex"
        and policy.startswith("default-src 'none'; style-src 'sha256-")
        and "frame-ancestors 'none'" in policy
        and answer.text.count("<h1>") == 1
    )


def error_of(answer: httpx.Response, field: str) -> str:
    """Return what stands beside a field, which must be linked from above."""
    found = re.search(rf'id="{field}-error">([^<]*)<', answer.text)
    assert found
    assert f'<a href="#{field}">{found[1]}</a>' in answer.text
    assert re.search(rf'<input id="{field}"[^>]*aria-invalid="true"', answer.text)
    return found[1]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("", "", "Enter a password."),
        ("short", "short", "at least 8 characters"),
        ("password1", "password1", "easy to guess"),
        ("Admin123", "Admin123", "easy to guess"),
        ("ä" * 600, "ä" * 600, "1024 bytes"),
    ],
)
@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.JOIN])
async def test_a_refused_password_is_told_beside_its_field(
    house: Household, purpose: Purpose, first: str, second: str, said: str
) -> None:
    """And never comes back in the answer; the link is still good."""
    link = await mailed(house, purpose)
    typed = {"password": first, "password-again": second}
    async with house.talking() as client:
        answer = await client.post(link.path, data=link.form(**typed))
        again = await client.post(link.path, data=link.form())

    assert answer.status_code == 422
    assert is_page(answer)
    assert said in error_of(answer, "password")
    assert not first or first not in answer.text
    assert link.secret in answer.text
    assert again.status_code == 200


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.JOIN])
async def test_a_slip_is_told_beside_the_second_field(
    house: Household, client: httpx.AsyncClient, purpose: Purpose
) -> None:
    """Who cannot see what they type types it twice."""
    link = await mailed(house, purpose)
    answer = await client.post(link.path, data=link.form(**{"password-again": "other"}))

    assert answer.status_code == 422
    assert error_of(answer, "password-again").startswith("The two passwords differ.")
    assert NEW_PASSWORD not in answer.text


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("", 422, "Enter a user name."),
        ("  ", 422, "Enter a user name."),
        ("x" * 101, 422, "at most 100 characters"),
        ("a\u200bb", 422, "each of them can be seen"),
        ("ADA", 409, "Somebody has this user name already."),
    ],
)
async def test_a_refused_name_is_told_beside_its_field(
    house: Household, client: httpx.AsyncClient, name: str, status: int, said: str
) -> None:
    """What was typed elsewhere is still there, but for the passwords."""
    await house.make(ADA)
    link = await mailed(house, Purpose.JOIN)
    answer = await client.post(link.path, data=link.form(**{"username": name, "last-name": "<b>"}))
    again = await client.post(link.path, data=link.form())

    assert (answer.status_code, again.status_code) == (status, 200)
    assert said in error_of(answer, "username")
    assert 'value="Bob"' in answer.text
    assert 'value="&lt;b&gt;"' in answer.text


async def test_several_mistakes_are_told_at_once(
    house: Household, client: httpx.AsyncClient
) -> None:
    """Nobody has to press the button once for each."""
    link = await mailed(house, Purpose.JOIN)
    answer = await client.post(link.path, data={"ticket": link.secret})

    assert error_of(answer, "username") == "Enter a user name."
    assert error_of(answer, "password") == "Enter a password."


@pytest.mark.parametrize("purpose", [Purpose.CONFIRM, Purpose.CHANGE])
async def test_an_address_that_went_to_somebody_else_is_told(
    house: Household, client: httpx.AsyncClient, purpose: Purpose
) -> None:
    """Who has the letter of that address may know."""
    link = await mailed(house, purpose)
    address = OLD if purpose is Purpose.CONFIRM else "ada@example.com"
    await house.make("eve", email=address)
    answer = await client.post(link.path, data=link.form(), headers=GERMAN)

    assert answer.status_code == 409
    assert is_page(answer)
    assert "Ein anderes Konto hat inzwischen diese Adresse" in answer.text


async def test_the_least_length_is_the_real_one(storage: Storage) -> None:
    """What the page says before is what it asks for afterwards."""
    house = await furnish(dialect, storage, replace(CHOICES, preset=Preset.NIST))
    link = await mailed(house, Purpose.JOIN)
    typed = dict.fromkeys(("password", "password-again"), "14 characters!")
    async with house.talking() as client:
        shown = await client.get(link.target)
        refused = await client.post(link.path, data=link.form(**typed))

    assert "At least 15 characters" in shown.text
    assert "at least 15 characters" in error_of(refused, "password")


async def test_a_password_manager_learns_whose_password_it_is(
    house: Household, client: httpx.AsyncClient
) -> None:
    """The name stands in a field that is not shown; both passwords are new ones."""
    link = await mailed(house, Purpose.RESET)
    shown = (await client.get(link.target)).text

    assert re.search(
        r'<input class="away"[^>]*autocomplete="username" value="ada" readonly>', shown
    )
    assert shown.count('autocomplete="new-password"') == 2
    assert ".away{display:none}" in shown


@EACH
async def test_too_many_tries_are_told_with_the_time_to_wait(
    house: Household, client: httpx.AsyncClient, purpose: Purpose
) -> None:
    """The button is still there, and works afterwards."""
    link = await mailed(house, purpose)
    for _ in range(101):
        await house.services.tickets.find(purpose, "x" * 32, whose=Whose(), origin=THERE)
    answer = await client.post(link.path, data=link.form())
    wait = int(answer.headers["retry-after"])
    house.clock.advance(timedelta(seconds=wait + 1))
    again = await client.post(link.path, data=link.form())

    assert answer.status_code == 429
    assert is_page(answer)
    assert f"Wait {-(-wait // 60)} minutes and press the button again." in answer.text
    assert link.secret in answer.text
    assert again.status_code == 200


async def test_a_full_server_says_so_in_each_language(
    storage: Storage, log_lines: LogLines
) -> None:
    """A page, with the time to come again; nothing was spent."""

    class FullHasher(PlainHasher):
        """Has no place left."""

        is_full = False

        async def hash(self, password: str) -> str:
            if self.is_full:
                raise UnavailableError(retry_after=7)
            return await super().hash(password)

    hasher = FullHasher()
    house = await furnish(dialect, storage, CHOICES, hasher=hasher)
    link = await mailed(house, Purpose.RESET)
    hasher.is_full = True
    async with house.talking() as client:
        answer = await client.post(link.path, data=link.form())
        hasher.is_full = False
        again = await client.post(link.path, data=link.form())

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert is_page(answer)
    assert "The server is busy" in answer.text
    assert "Der Server ist ausgelastet" in answer.text
    assert len(log_lines.of("unavailable")) == 1
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"ticket": "x"}', "application/json", 415),
        (b"--b--", "multipart/form-data; boundary=b", 415),
        (b"ticket=x", "", 415),
        (b"ticket=x", "text/plain", 415),
        (b"ticket=x", f"{FORM}; charset=utf-16", 415),
        (b"ticket=%ff", FORM, 400),
        (b"ticket=%00", FORM, 400),
        (b"ticket=" + b"x" * 9000, FORM, 400),
        (b"&".join(b"a%d=b" % number for number in range(200)), FORM, 400),
        (b"x" * 17_000, FORM, 413),
        (b"", FORM, 410),
        (b"ticket", FORM, 410),
        (b"=&=&&;", FORM, 410),
        (b"password=x", FORM, 410),
    ],
)
@EACH
async def test_a_strange_post_gets_a_page(
    client: httpx.AsyncClient, purpose: Purpose, content: bytes, kind: str, status: int
) -> None:
    """Never JSON, and never a failure of ours."""
    answer = await client.post(
        f"/account/{purpose}", content=content, headers={"content-type": kind} if kind else {}
    )

    assert answer.status_code == status
    assert is_page(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/account", 404),
        ("GET", "/account/", 404),
        ("GET", "/account/confirm/", 404),
        ("GET", "/account/Confirm", 404),
        ("POST", "/account/nothing", 404),
        ("PUT", "/account/reset", 405),
        ("DELETE", "/account/undo", 405),
        ("OPTIONS", "/account/join", 405),
    ],
)
async def test_a_dead_end_is_a_page(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    """In every language, since nobody looked who reads it."""
    answer = await client.request(method, path)

    assert answer.status_code == status
    assert is_page(answer)
    assert answer.headers["content-language"] == "en, de"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 408, 413, 431, 500, 503])
def test_what_the_transport_refuses_is_a_page(house: Household, status: int) -> None:
    """Below /account people read, whatever went wrong."""
    body, said = house.site.render(status, "/account/reset")

    assert said["content-type"] == "text/html; charset=utf-8"
    assert said["content-security-policy"] == page_policy()
    assert said["x-robots-tag"] == "noindex"
    assert b"<h1>" in body
    assert b'lang="de"' in body


async def test_a_demo_shows_its_pages_to_its_own_machine(storage: Storage) -> None:
    """Elsewhere they are refused by a page."""
    house = await furnish(dialect, storage, replace(CHOICES, surroundings=DEMO))
    async with house.talking(base_url="http://id.example.com") as client:
        answer = await client.get("/account/reset")

    assert answer.status_code == 403
    assert is_page(answer)


async def test_invitations_may_be_closed_meanwhile(storage: Storage) -> None:
    """Then a good link says that, and not that it is bad."""
    open_house = await furnish(dialect, storage, CHOICES)
    link = await mailed(open_house, Purpose.JOIN)
    closed = Registration(is_open=False, takes_invitations=False)
    choices = replace(CHOICES, registration=closed, has_first_account=False)
    house = await furnish(dialect, storage, choices)
    async with house.talking() as client:
        answer = await client.post(link.path, data=link.form())

    assert answer.status_code == 403
    assert "makes no accounts at present" in answer.text


async def test_no_secret_is_in_the_log(
    house: Household, client: httpx.AsyncClient, log_lines: LogLines
) -> None:
    """Neither the ticket, which stands in the query, nor a password."""
    link = await mailed(house, Purpose.RESET)
    await client.get(link.target)
    await client.post(link.path, data=link.form(password="a-typed-one"))
    await client.post(link.path, data=link.form())
    lines = log_lines.of("request")

    assert [(line["route"], line["dialect"]) for line in lines] == [
        ("/account/reset", "console")
    ] * 3
    assert not any(
        secret in json.dumps(lines) + log_lines.text()
        for secret in (link.secret, NEW_PASSWORD, "a-typed-one")
    )
