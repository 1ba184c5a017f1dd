"""Pages for people: one layout that works without script, and loads nothing from anywhere.

A room says what stands on a page, in the reader's language; how it looks, how it is read
aloud and what a browser may do with it is decided here, once for all.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from watchword.http.call import Call
from watchword.http.language import LANGUAGES
from watchword.http.operation import Endpoint, Operation

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
PAGE_TYPE = "text/html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something to type in. Where it may be left out, `optional` is the word for that.

    `autocomplete` tells a browser or a password manager what belongs there (HTML, 4.10.18.7).
    """

    name: str
    label: str
    kind: str = "text"
    hint: str = ""
    error: str = ""
    value: str = ""
    autocomplete: str = "off"
    capitals: str = "none"
    optional: str = ""

    @property
    def described(self) -> str:
        """Return the ids of what is read aloud with the field."""
        parts = (f"{self.name}-hint" * bool(self.hint), f"{self.name}-error" * bool(self.error))
        return " ".join(filter(None, parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A page that says what will happen, and one button that makes it happen.

    The button posts to `action`, relative to the page, so that a proxy may put us below a
    path; `hidden` goes along. `username` is whose password is asked for: it is not shown,
    but a password manager finds it. `problem` is why the last press of the button did
    nothing; the fields may have their own errors beside it.
    """

    title: str
    button: str
    action: str
    text: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    username: str = ""
    fields: tuple[Field, ...] = ()
    problem: str = ""

    @property
    def wrong(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A page to read: that it is done, or why not and what to do instead."""

    title: str
    text: tuple[str, ...]
    is_done: bool = False

    @property
    def tone(self) -> str:
        return "done" if self.is_done else "no"


def page_language(call: Call) -> str:
    """Return the language to write a page in."""
    return call.origin.language or LANGUAGES[0]


def show_ask(ask: Ask, *, language: str, status: int = 200, retry_after: int = 0) -> Response:
    """Answer with a page that has a button on it."""
    title = f"{ask.problem} {ask.title}" if ask.problem else ask.title
    content = _templates().get_template("ask.html").render(language=language, title=title, ask=ask)
    return _answer(content, (language,), status=status, retry_after=retry_after)


def show_message(
    message: Message, *, language: str, status: int = 200, retry_after: int = 0
) -> Response:
    """Answer with a page to read."""
    return show_in_all({language: message}, status=status, retry_after=retry_after)


def show_in_all(
    messages: dict[str, Message], *, status: int = 200, retry_after: int = 0
) -> Response:
    """Answer with the same in several languages, where nobody knows which one is read."""
    language, first = next(iter(messages.items()))
    content = (
        _templates()
        .get_template("message.html")
        .render(language=language, title=first.title, messages=messages.items())
    )
    return _answer(content, messages, status=status, retry_after=retry_after)


def with_head(operation: Operation) -> tuple[Operation, Operation]:
    """Return a page's GET, and a HEAD that answers alike: programs that check links ask so."""
    return operation, replace(operation, method="HEAD", endpoint=_headless(operation.endpoint))


def _headless(endpoint: Endpoint) -> Endpoint:
    async def answer(call: Call) -> Response:
        response = await endpoint(call)
        # Its length was announced when it was made, and stays (RFC 9110, 9.3.2).
        response.body = b""
        return response

    return answer


def _answer(content: str, languages: Iterable[str], *, status: int, retry_after: int) -> Response:
    headers = {
        "content-security-policy": page_policy(),
        "content-language": ", ".join(languages),
        "vary": "Accept-Language",
        "x-robots-tag": "noindex",
    }
    if retry_after:
        headers["retry-after"] = str(retry_after)
    return Response(content, status_code=status, media_type=PAGE_TYPE, headers=headers)


@cache
def page_policy() -> str:
    """Return what a page may do: have its own style, and send its form to us."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _style() -> str:
    return (TEMPLATES / "page.css").read_text(encoding="utf-8")


@cache
def _templates() -> "Environment":
    # 2 MiB that a server of programs alone never needs.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - see above

    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["style"] = _style()
    return templates
