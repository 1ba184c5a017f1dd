"""Each language says everything, and the page that is asked for is the page that comes."""

import re
from dataclasses import fields
from typing import Any

import httpx
import pytest

from console.mailed import mailed
from dialects.household import Household
from watchword.console.languages import WORDS
from watchword.console.voice import voice
from watchword.console.words import Words
from watchword.core.kernel.errors import ConflictError, CoreError, InvalidError, every_error
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.tickets.model import Purpose
from watchword.http.credentials import CredentialProblem
from watchword.http.language import LANGUAGES
from watchword.http.pages import Message

PLACES = re.compile(r"\{(\w*)\}")


def test_every_language_of_ours_has_its_words() -> None:
    """In the same order: the first is for everybody else."""
    assert tuple(WORDS) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_no_sentence_is_missing_in_a_language(language: str) -> None:
    """The same things are said everywhere, with the same names and numbers in them."""
    first, other = WORDS[LANGUAGES[0]], WORDS[language]

    assert places(other) == places(first)
    assert texts(other).keys() == texts(first).keys()
    assert all(texts(other).values())
    same = {name for name, text in texts(other).items() if text == texts(first)[name]}
    assert same == set()


@pytest.mark.parametrize("words", WORDS.values(), ids=list(WORDS))
def test_every_purpose_has_its_page(words: Words) -> None:
    """And every refusal that has no words of its own has some."""
    assert words.deeds.keys() == set(Purpose)
    assert all(words.say(one, number=7, retry_after=0) for one in Refusal)


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (1, "Wait a minute and", "Warten Sie eine Minute und"),
        (60, "Wait a minute and", "Warten Sie eine Minute und"),
        (61, "Wait 2 minutes and", "Warten Sie 2 Minuten und"),
        (900, "Wait 15 minutes and", "Warten Sie 15 Minuten und"),
    ],
)
def test_a_wait_is_in_minutes(seconds: int, english: str, german: str) -> None:
    """Never shorter than it is."""
    said = [
        WORDS[language].say(Refusal.THROTTLED, number=0, retry_after=seconds)
        for language in ("en", "de")
    ]

    assert english in said[0]
    assert german in said[1]


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de", "Neues Passwort setzen"),
        ("en-GB,de;q=0.5", "en", "Set a new password"),
        ("ja", "en", "Set a new password"),
    ],
)
async def test_a_page_comes_in_the_language_asked_for(
    house: Household, client: httpx.AsyncClient, accepted: str, language: str, title: str
) -> None:
    """The question, the answer, and what is wrong."""
    link = await mailed(house, Purpose.RESET)
    headers = {"Accept-Language": accepted}
    shown = await client.get(link.target, headers=headers)
    wrong = await client.post(link.path, data={"ticket": link.secret}, headers=headers)
    done = await client.post(link.path, data=link.form(), headers=headers)
    gone = await client.get(link.target, headers=headers)

    assert f"<h1>{title}</h1>" in shown.text
    for answer in (shown, wrong, done, gone):
        assert answer.headers["content-language"] == language
        assert answer.headers["vary"] == "Accept-Language"
        assert f'<html lang="{language}">' in answer.text
    assert (WORDS[language].labels.password_missing in wrong.text) is True
    assert WORDS[language].deeds[Purpose.RESET].done in done.text
    assert WORDS[language].link_bad in gone.text


@pytest.mark.parametrize("error", every_error())
def test_every_error_of_the_core_can_be_said(error: type[CoreError]) -> None:
    """By a page, and a busy server says when to come again."""
    raised = error("name") if error in {ConflictError, InvalidError} else error()
    answer = voice().render_error(raised)

    assert answer.status_code in {400, 503}
    assert (answer.status_code == 503) == ("retry-after" in answer.headers)


def test_every_refusal_and_credential_can_be_answered() -> None:
    """Although no page looks at a credential."""
    refused = [voice().render_refusal(Refused(one)) for one in Refusal]
    waiting = voice().render_refusal(Refused(Refusal.KEY_THROTTLED, retry_after=3))
    unknown = [voice().render_unauthenticated(one) for one in CredentialProblem]

    assert {answer.status_code for answer in refused + unknown} == {403}
    assert (waiting.status_code, waiting.headers["retry-after"]) == (429, "3")


def texts(words: Words) -> dict[str, str]:
    """Return every sentence of a language by where it stands."""
    found: dict[str, str] = {}
    _collect(words, "", found)
    return found


def places(words: Words) -> dict[str, list[str]]:
    """Return what is filled into each sentence."""
    return {name: sorted(PLACES.findall(text)) for name, text in texts(words).items()}


def _collect(thing: Any, at: str, found: dict[str, str]) -> None:  # noqa: ANN401 - whatever words are made of
    if isinstance(thing, str):
        found[at] = thing
    elif isinstance(thing, dict):
        for name, value in thing.items():
            _collect(value, f"{at}/{name}", found)
    elif isinstance(thing, tuple):
        for number, value in enumerate(thing):
            _collect(value, f"{at}/{number}", found)
    elif not isinstance(thing, bool):
        assert isinstance(thing, Message) or fields(thing)
        for field in fields(thing):
            _collect(getattr(thing, field.name), f"{at}/{field.name}", found)
