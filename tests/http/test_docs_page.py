"""The description as a page that anybody can read anywhere."""

import base64
import hashlib
import re
import shlex
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from toy import talking_to, toybox
from watchword.http.docs_page import write_page
from watchword.http.surroundings import Surroundings

EVIL = "</pre><script>alert('1')</script>\"'&"
VOID = {"meta", "link", "br"}


class Reader(HTMLParser):
    """Collects what stands on a page, and sees whether its elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            self.texts.setdefault(tag, []).append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture
async def answer() -> httpx.Response:
    surroundings = Surroundings(version="1.2.3", public_url="https://login.example.com")
    async with talking_to(toybox(surroundings).app) as client:
        return await client.get("/docs")


@pytest.fixture
def page(answer: httpx.Response) -> Reader:
    return read(answer.text)


async def test_it_is_a_page_that_fits_a_phone(answer: httpx.Response, page: Reader) -> None:
    """With a language, a title, and the width of the device."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "".join(page.texts["title"]) == "Watchword 1.2.3: API"
    assert ("html", {"lang": "en"}) in page.tags
    assert any("width=device-width" in (found.get("content") or "") for _, found in page.tags)


async def test_a_form_is_shown_as_curl_sends_it(page: Reader) -> None:
    """Each parameter is quoted for the shell, and encoded by curl."""
    [line] = [
        text
        for text in "".join(page.texts["pre"]).split("curl")
        if "/toy/order" in text and "POST" in text
    ]

    assert shlex.split(line) == [
        *("-X", "POST", "--data-urlencode", "word=it's", "--data-urlencode", "otherWord=ä b"),
        "$BASE/toy/order",
    ]


async def test_nothing_runs_and_nothing_comes_from_elsewhere(
    answer: httpx.Response, page: Reader
) -> None:
    """The policy allows its own style alone, by its hash."""
    policy = answer.headers["content-security-policy"]
    style = "".join(page.texts["style"])
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "url(" not in style
    assert {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "form"} == set()
    assert not any(
        name == "style" or name.startswith("on") for _, found in page.tags for name in found
    )
    assert {found["href"] for tag, found in page.tags if tag == "a"} == {
        "#toy",
        "#shared",
        "openapi.json",
    }


async def test_operations_stand_under_their_dialect(page: Reader) -> None:
    """Each with its method, path, fields and answers."""
    text = " ".join(page.texts["main"])

    assert text.index("The toy") < text.index("/toy/wish") < text.index("The server itself")
    assert text.index("The server itself") < text.index("/livez")
    assert "array of string, optional" in text
    assert "string, required" in text
    assert "A token must be sent." in text
    assert "A token may be sent." in text
    assert "Anybody may call this." in text
    assert "path, string, required" in text


async def test_links_on_the_page_lead_somewhere(page: Reader) -> None:
    """Every place has one name."""
    names = [found["id"] for _, found in page.tags if "id" in found]

    assert len(names) == len(set(names))
    assert {"toy", "shared"} <= set(names)


async def test_examples_can_be_pasted_into_a_shell(page: Reader) -> None:
    """Quotes in a body survive the shell."""
    [wish] = [text for text in page.texts["pre"] if text.startswith("curl") and "wish" in text]
    words = shlex.split(wish)

    assert words[:3] == ["curl", "-X", "POST"]
    assert words[words.index("-d") + 1] == '{"name": "it\'s", "count": 2, "tags": []}'
    assert words[-1] == "$BASE/toy/wish"
    assert any("BASE=https://login.example.com" in text for text in page.texts["pre"])


async def test_an_example_shows_the_token_where_one_is_needed(page: Reader) -> None:
    """And nowhere else."""
    examples = [text for text in page.texts["pre"] if text.startswith("curl")]

    assert all(
        ("$TOKEN" in text) == bool(re.search(r"/toy/(me|name|leave|maybe)", text))
        for text in examples
    )
    assert [("$API_KEY" in text) for text in examples if "/revocations" in text] == [True]


def test_whatever_the_document_says_is_text() -> None:
    """No word of it becomes an element or an attribute."""
    page = read(write_page(evil_document()))

    assert "script" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, found in page.tags for name in found)
    assert "".join(page.texts["title"]).startswith(EVIL)


def evil_document() -> dict[str, Any]:
    shape = {"$ref": f"#/components/schemas/{EVIL}"}
    parameter = {
        "name": EVIL,
        "in": EVIL,
        "description": EVIL,
        "required": True,
        "schema": {"enum": [EVIL]},
    }
    operation = {
        "tags": [EVIL],
        "operationId": EVIL,
        "summary": EVIL,
        "description": EVIL,
        "parameters": [parameter],
        "requestBody": {"content": {"application/json": {"schema": shape}}},
        "responses": {EVIL: {"description": EVIL}},
    }
    member = {"type": EVIL, "description": EVIL}
    return {
        "info": {"title": EVIL, "version": EVIL},
        "servers": [{"url": EVIL}],
        "tags": [{"name": EVIL, "description": EVIL}],
        "paths": {f"/{EVIL}": {"post": operation}},
        "components": {"schemas": {EVIL: {"properties": {EVIL: member}, "required": [EVIL]}}},
    }


def test_a_shape_within_itself_has_an_end() -> None:
    """A tree of things is shown once."""
    tree = {
        "properties": {"leaves": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}
    }
    answer = {
        "description": "A tree.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}},
    }
    operation = {"tags": ["t"], "operationId": "t", "summary": "t", "responses": {"200": answer}}
    document = {
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "/"}],
        "tags": [{"name": "t", "description": "t"}],
        "paths": {"/t": {"get": operation}},
        "components": {"schemas": {"Tree": tree}},
    }
    page = read(write_page(document))

    assert "".join(page.texts["dd"]).count("array of Tree") == 1
