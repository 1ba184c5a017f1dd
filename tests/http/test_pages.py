"""Pages for people: nothing runs in them, nothing comes from elsewhere, nobody else frames them."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import httpx
import pytest
from starlette.responses import Response

from toy import TOY, ToyOptions, talking_to, toybox
from watchword.core.services import Services
from watchword.http.call import Call
from watchword.http.dialect import Voice
from watchword.http.forms import FormProblem, read_form
from watchword.http.operation import Operation
from watchword.http.pages import (
    Ask,
    Field,
    Message,
    page_language,
    show_ask,
    show_in_all,
    show_message,
    with_head,
)
from watchword.http.section import Section

EVIL = "</style></title><script>alert('1')</script>\"'& {{ 7*7 }}"
FIELDS = (
    Field(name="secret", label="Secret", kind="password", hint="Long.", autocomplete="off"),
    Field(name="note", label="Note", optional="if you like", value="a\"b'<c>"),
)
ASK = Ask(
    title="Do it?",
    button="Do it",
    action="ask",
    text=("It will be done.",),
    facts=(("Who", "ada"),),
    hidden=(("ticket", 'a"b'),),
    username="ada",
    fields=FIELDS,
)
GERMAN = replace(ASK, title="Tun?", button="Tun")


async def _ask(call: Call) -> Response:
    language = page_language(call)
    return show_ask(GERMAN if language == "de" else ASK, language=language)


async def _again(call: Call) -> Response:
    wrong = replace(FIELDS[0], error="Too short.")
    again = replace(ASK, problem="It was not done.", fields=(wrong, FIELDS[1]))
    return show_ask(again, language=page_language(call), status=422, retry_after=7)


async def _evil(call: Call) -> Response:
    field = Field(name="x", label=EVIL, hint=EVIL, error=EVIL, value=EVIL, optional=EVIL)
    evil = Ask(
        title=EVIL,
        button=EVIL,
        action=EVIL,
        text=(EVIL,),
        facts=((EVIL, EVIL),),
        hidden=((EVIL, EVIL),),
        username=EVIL,
        fields=(field,),
        problem=EVIL,
    )
    return show_ask(evil, language=page_language(call))


async def _tell(call: Call) -> Response:
    told = Message(title="Done.", text=(EVIL, "Go on."), is_done=True)
    return show_message(told, language=page_language(call))


async def _all(call: Call) -> Response:
    del call
    both = {"en": Message(title="No.", text=("So.",)), "de": Message(title="Nein.", text=("Tja.",))}
    return show_in_all(both, status=503, retry_after=9)


async def _read(call: Call) -> Response:
    read = await read_form(call)
    if isinstance(read, FormProblem):
        return Response(read.name, status_code=400)
    return Response(f"{read.get('ticket')}|{read.get('new')}")


def _pages(services: Services, options: ToyOptions) -> Sequence[Operation]:
    del services, options
    shown = {"ask": _ask, "again": _again, "evil": _evil, "tell": _tell, "all": _all}
    pages = (
        with_head(Operation(method="GET", path=f"/toy/{name}", endpoint=endpoint, summary="It"))
        for name, endpoint in shown.items()
    )
    post = Operation(method="POST", path="/toy/ask", endpoint=_read, summary="It", changes=True)
    return (*(one for pair in pages for one in pair), post)


PAGED = replace(TOY, operations=_pages)


async def get(path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with talking_to(toybox(dialects=[PAGED]).app) as client:
        return await client.request(method, path, headers=headers)


async def post(content: bytes, kind: str | None = "application/x-www-form-urlencoded") -> str:
    async with talking_to(toybox(dialects=[PAGED]).app) as client:
        headers = {"content-type": kind} if kind else {}
        return (await client.post("/toy/ask?ticket=query", content=content, headers=headers)).text


@pytest.mark.parametrize("path", ["/toy/ask", "/toy/again", "/toy/evil", "/toy/tell", "/toy/all"])
async def test_a_page_may_do_nothing_but_look_as_it_does(path: str) -> None:
    """Its own style alone, by its hash; no script, no picture, no frame around it, no trace."""
    answer = await get(path)
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["vary"] == "Accept-Language"
    assert "url(" not in style
    assert not re.search(r"<script|<link|<img|<iframe|\sstyle=|\son\w+=|https?://", answer.text)


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [("de-CH", "de", "Tun?"), ("en", "en", "Do it?"), ("fr", "en", "Do it?"), ("", "en", "Do it?")],
)
async def test_a_page_is_in_the_readers_language(accepted: str, language: str, title: str) -> None:
    """English for everybody else; a screen reader is told which it is."""
    answer = await get("/toy/ask", **{"Accept-Language": accepted})

    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert f"<h1>{title}</h1>" in answer.text
    assert f"<title>{title} - Watchword</title>" in answer.text


async def test_a_button_posts_what_is_needed_and_fields_have_names() -> None:
    """Each field has its label and what is read aloud with it."""
    text = (await get("/toy/ask")).text

    assert '<form method="post" action="ask" novalidate>' in text
    assert '<input type="hidden" name="ticket" value="a&#34;b">' in text
    assert text.count("<button>") == 1
    assert '<label for="secret">Secret</label>' in text
    assert '<p class="hint" id="secret-hint">Long.</p>' in text
    assert (
        '<input id="secret" name="secret" type="password" autocomplete="off"'
        ' aria-describedby="secret-hint" required>'
    ) in text
    assert '<label for="note">Note <span>(if you like)</span></label>' in text
    assert 'value="a&#34;b&#39;&lt;c&gt;"' in text
    assert 'autocomplete="username" value="ada" readonly' in text


async def test_an_error_is_told_first_and_beside_its_field() -> None:
    """The summary leads to the field, and the title of the page says it too."""
    answer = await get("/toy/again")

    assert (answer.status_code, answer.headers["retry-after"]) == (422, "7")
    assert "<title>It was not done. Do it? - Watchword</title>" in answer.text
    assert '<div class="problem" role="alert" tabindex="-1" autofocus>' in answer.text
    assert '<li><a href="#secret">Too short.</a></li>' in answer.text
    assert '<p class="error" id="secret-error">Too short.</p>' in answer.text
    assert 'aria-describedby="secret-hint secret-error" aria-invalid="true"' in answer.text
    assert answer.text.count("aria-invalid=") == 1


@pytest.mark.parametrize("path", ["/toy/evil", "/toy/tell"])
async def test_whatever_stands_on_a_page_is_text(path: str) -> None:
    """Names and addresses are strangers' words: none of them becomes an element."""
    text = (await get(path)).text

    assert "<script" not in text
    assert "alert(&#39;1&#39;)" in text
    assert "{{ 7*7 }}" in text
    assert text.count("</style>") == text.count("</title>") == 1


async def test_several_languages_each_say_which_they_are() -> None:
    """Where nobody knows who reads."""
    answer = await get("/toy/all")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "9")
    assert answer.headers["content-language"] == "en, de"
    assert "<h1>No.</h1>" in answer.text
    assert re.search(r'<section class="no" lang="de">\s*<h2>Nein.</h2>', answer.text)


@pytest.mark.parametrize("path", ["/toy/ask", "/toy/again", "/toy/all"])
async def test_head_answers_as_get_without_the_page(path: str) -> None:
    """The same status and header, its length too, and nothing after them."""
    whole, head = await get(path), await get(path, "HEAD")
    kept = {name: value for name, value in head.headers.items() if name != "x-request-id"}

    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert kept == {name: whole.headers[name] for name in kept}
    assert head.headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"ticket=abc&new=p%C3%A4ss+word%26", "abc|päss word&"),
        (b"ticket=a&ticket=b&new=", "a|"),
        (b"", "None|None"),
        (b"ticket=%E4", "ENCODING"),
        (b"ticket=a%00b", "NUL"),
        (b"&".join(b"a%d=1" % number for number in range(101)), "TOO_MANY"),
        (b"ticket=" + b"a" * 8193, "TOO_LONG"),
    ],
)
async def test_a_form_is_read_from_the_body_alone(content: bytes, found: str) -> None:
    """What stands in the query of a POST does not count."""
    assert await post(content) == found


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", None]
)
async def test_another_type_is_no_form(kind: str | None) -> None:
    """Our pages send one type."""
    assert await post(b"ticket=abc", kind) == "NO_FORM"


async def test_a_charset_is_read_as_it_is_named() -> None:
    """A browser names none, or UTF-8."""
    kind = "Application/X-WWW-Form-URLencoded; charset="

    assert await post(b"ticket=%E4", kind + "latin1") == "ä|None"
    assert await post(b"ticket=%C3%A4", kind + "UTF-8") == "ä|None"
    assert await post(b"ticket=a", kind + "rot13") == "CHARSET"


async def test_pages_stand_beside_the_dialects_and_in_no_description() -> None:
    """They have their own voice, which may be a page; nobody calls them by program."""
    operations = _pages(cast("Services", None), ToyOptions())
    told = Message(title="Nothing here.", text=("Go back.",))

    def say(*_: object) -> Response:
        return show_message(told, language="en", status=404)

    voice = Voice(
        error=str,
        render_error=say,
        render_refusal=say,
        render_status=say,
        render_unauthenticated=say,
    )
    section = Section(
        name="paper", title="Paper", voice=voice, operations=operations, prefixes=("/toy",)
    )
    async with talking_to(toybox(dialects=[], pages=[section]).app) as client:
        shown = await client.get("/toy/ask")
        missing = await client.get("/toy/nothing")
        described = (await client.get("/openapi.json")).json()

    assert shown.status_code == 200
    assert (missing.status_code, missing.headers["content-type"][:9]) == (404, "text/html")
    assert not any(path.startswith("/toy") for path in described["paths"])
    assert [tag["name"] for tag in described["tags"]] == ["shared"]
