"""GET /api/account/confirmEmail: a page with one button, and what the button does."""

import re
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest

from dialects.astera.conftest import Open
from dialects.astera.talk import CONFIRM, Astera, only
from dialects.household import Choices, Household
from fakes_storage import MemoryStorage
from watchword.core.kernel.errors import UnavailableError
from watchword.core.outbox.model import Letter, LetterKind
from watchword.http.language import LANGUAGES

ADDRESS = "ada+tag@example.com"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


async def registered(household: Household, astera: Astera) -> Letter:
    answer = await astera.register("ada", "pass", email=ADDRESS)
    assert answer.status_code == 200, answer.text
    return only(await household.letters(LetterKind.CONFIRM))


def link(letter: Letter) -> str:
    return f"{CONFIRM}?{urlencode({'email': ADDRESS, 'code': letter.secret})}"


async def press(astera: Astera, page: httpx.Response, **headers: str) -> httpx.Response:
    """Press the one button of a page, as a browser does."""
    [action] = re.findall(r'<form method="post" action="([^"]*)"', page.text)
    fields = {name: unescape(value) for name, value in HIDDEN.findall(page.text)}
    assert page.text.count("<button>") == 1
    return await astera.http.post(page.url.join(action), data=fields, headers=headers)


async def is_confirmed(astera: Astera) -> bool:
    return (await astera.try_log_in(ADDRESS, "pass")).status_code == 200


@pytest.mark.parametrize("path", [CONFIRM, CONFIRM.lower(), CONFIRM.upper()])
async def test_looking_uses_nothing_up(household: Household, astera: Astera, path: str) -> None:
    """Twice by GET, twice by HEAD; then the button works, once."""
    url = link(await registered(household, astera)).replace(CONFIRM, path)
    looks = [await astera.http.request(method, url) for method in ("GET", "HEAD") * 2]
    untouched = not await is_confirmed(astera)

    done = await press(astera, looks[0])
    again = await press(astera, looks[0])

    assert {look.status_code for look in looks} == {200}
    assert {look.headers["content-length"] for look in looks} == {str(len(looks[0].content))}
    assert looks[1].content == b""
    assert untouched
    assert done.status_code == 200
    assert "is confirmed" in done.text
    assert again.status_code == 400
    assert "does not work any more" in again.text
    assert await is_confirmed(astera)


async def test_the_page_says_what_will_happen(household: Household, astera: Astera) -> None:
    """The address stands on it; nothing runs in it, and nobody frames or keeps it."""
    page = await astera.http.get(link(await registered(household, astera)))

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Confirm your email address" in page.text
    assert f"<dd>{ADDRESS}</dd>" in page.text
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_has_words_in_each_language(astera: Astera, language: str) -> None:
    """Whatever we call a language of ours."""
    page = await astera.http.get(
        f"{CONFIRM}?email=ada@example.com&code=x", headers={"Accept-Language": language}
    )

    assert (page.status_code, page.headers["content-language"]) == (200, language)


async def test_the_page_speaks_german(household: Household, astera: Astera) -> None:
    """Before and after, and when it does not work, if the browser asks for it."""
    german = {"Accept-Language": "de-CH, en;q=0.8"}
    page = await astera.http.get(link(await registered(household, astera)), headers=german)

    done = await press(astera, page, **german)
    again = await press(astera, page, **german)
    halves = await astera.http.get(CONFIRM, headers=german)

    assert "E-Mail-Adresse bestätigen" in page.text
    assert "Ihre E-Mail-Adresse ist bestätigt" in done.text
    assert "Dieser Link gilt nicht mehr" in again.text
    assert "nicht vollständig" in halves.text
    assert {one.headers["content-language"] for one in (page, done, again, halves)} == {"de"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?email=ada@example.com",
        "?code=abc",
        "?email=&code=abc",
        "?email=ada@example.com&code=",
        "?email=ada&code=abc",
        "?email=a@b.c%0d%0aX:1&code=abc",
        "?email=a@b.c%00&code=abc",
        "?email=%ff@b.c&code=" + "x" * 101,
        "?email=" + "a" * 300 + "@example.com&code=abc",
        "?email=<script>@b.c&code=abc",
    ],
)
async def test_a_link_that_is_not_whole(astera: Astera, query: str) -> None:
    """There is no button then."""
    page = await astera.http.get(f"{CONFIRM}{query}")

    assert page.status_code == 400
    assert "This link is not complete" in page.text
    assert "<button" not in page.text
    assert "script" not in page.text


async def test_nothing_on_the_page_is_taken_for_markup(astera: Astera) -> None:
    """What stands in the link is written as text."""
    evil = '"><img src=x onerror=alert(1)>'

    page = await astera.http.get(f"{CONFIRM}?{urlencode({'email': 'a@b.c', 'code': evil})}")

    assert page.status_code == 200
    assert "<img" not in page.text
    assert dict(HIDDEN.findall(page.text))["code"] != evil
    assert unescape(dict(HIDDEN.findall(page.text))["code"]) == evil


async def test_names_in_the_link_are_known_in_any_case(
    household: Household, astera: Astera
) -> None:
    """As members are; of two the first counts."""
    letter = await registered(household, astera)
    query = urlencode([("EMAIL", ADDRESS), ("Code", letter.secret), ("code", "other")])

    done = await press(astera, await astera.http.get(f"{CONFIRM}?{query}"))

    assert done.status_code == 200


async def test_a_form_that_is_none_of_ours(household: Household, astera: Astera) -> None:
    """A page answers a form, whatever is in it; nothing is spent."""
    letter = await registered(household, astera)
    forms: list[dict[str, str]] = [
        {},
        {"email": ADDRESS},
        {"email": "eve@example.com", "code": letter.secret},
        {"email": ADDRESS, "code": "x" * 9000},
    ]

    answers = [await astera.http.post(CONFIRM, data={"x": "", **form}) for form in forms]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert {answer.headers["content-type"] for answer in answers} == {"text/html; charset=utf-8"}
    assert (await press(astera, await astera.http.get(link(letter)))).status_code == 200


async def test_an_address_that_was_taken_meanwhile(household: Household, astera: Astera) -> None:
    """The page says that there is another account, and the status is that of programs."""
    letter = await registered(household, astera)
    await household.make("eve", email=ADDRESS)

    answer = await press(astera, await astera.http.get(link(letter)))

    assert answer.status_code == 409
    assert "another account" in answer.text


async def test_who_presses_too_often_waits(opened: Open) -> None:
    """The page says so, with the time to wait."""
    _, astera = await opened(Choices())
    page = await astera.http.get(f"{CONFIRM}?email=ada@example.com&code=x")
    for _ in range(100):
        await press(astera, page)

    answer = await press(astera, page)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
    assert "Too many attempts" in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_database_that_is_down(opened: Open, language: str) -> None:
    """Whoever pressed the button sees a page, and when to come back; the link is still good."""
    storage = MemoryStorage()
    household, astera = await opened(Choices(), on=storage)
    page = await astera.http.get(link(await registered(household, astera)))
    storage.broken = UnavailableError(retry_after=4)

    busy = await press(astera, page, **{"accept-language": language})
    storage.broken = None
    done = await press(astera, page)

    assert (busy.status_code, busy.headers["retry-after"]) == (503, "4")
    assert busy.headers["content-type"].startswith("text/html")
    assert f'<html lang="{language}">' in busy.text
    assert done.status_code == 200
