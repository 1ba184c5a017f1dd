"""What templates are told: safe texts, and offers only as long as they are good."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.stationery import AT, BASE, CODE, SECRET, letter
from watchword.core.outbox.model import Letter, LetterKind
from watchword.mail.facts import Surroundings, facts_of, plain, speakable
from watchword.mail.moments import spell


def told(written: Letter, *, base_url: str | None = BASE, at: datetime = AT) -> dict[str, str]:
    around = Surroundings(service="Example Works", base_url=base_url)
    return dict(facts_of(written, around, language="en", at=at))


def test_templates_are_told_so_much_and_no_more() -> None:
    """The names that an operator's template can use; each is there, empty if it does not apply."""
    names = {"language", "service", "home", "to", "name", "about", "link", "until", "code"}

    assert set(told(letter(LetterKind.TEST))) == names | {"code_until", "secret"}


def test_a_link_leads_to_the_page_of_the_letter() -> None:
    """With the secret in the query, below whatever path the server has."""
    assert told(letter())["link"] == f"{BASE}/account/confirm?ticket={SECRET}"
    assert (
        told(letter(), base_url="https://example.com/id/")["link"]
        == f"https://example.com/id/account/confirm?ticket={SECRET}"
    )


def test_without_a_base_there_is_no_link() -> None:
    """And the secret itself does not stand in the letter."""
    facts = told(letter(), base_url=None)

    assert facts["link"] == ""
    assert SECRET not in "".join(facts.values())


def test_only_an_undo_shows_its_secret_where_there_is_no_link() -> None:
    """It has no code, and must be worth something for days."""
    undo = letter(LetterKind.ADDRESS_CHANGED)

    assert told(undo, base_url=None)["secret"] == SECRET
    assert told(undo)["secret"] == ""


@pytest.mark.parametrize("kind", LetterKind)
def test_without_a_secret_there_is_nothing_to_follow(kind: LetterKind) -> None:
    """As to who has the address already, and must not give it away by a slip."""
    facts = told(letter(kind, page="confirm", secret="", code=""))

    assert (facts["link"], facts["code"], facts["secret"]) == ("", "", "")


def test_a_code_is_left_out_once_it_has_ended() -> None:
    """The letter may be sent much later than it was written."""
    ends = AT + timedelta(minutes=10)
    before, then = ends - timedelta(seconds=1), ends

    assert told(letter(), at=before)["code"] == CODE
    assert told(letter(), at=then)["code"] == ""
    assert told(letter(), at=then)["link"] != ""


def test_moments_are_told_in_utc_with_the_zone() -> None:
    """Whatever zone they come in; seconds are cut, never rounded up."""
    moment = datetime(2031, 3, 9, 1, 30, 59, tzinfo=timezone(timedelta(hours=2)))

    assert spell(moment, "en").replace("\u00a0", " ") == "8 March 2031, 23:30 UTC"
    assert spell(moment, "de").replace("\u00a0", " ") == "8. März 2031, 23:30 Uhr (UTC)"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ada", "ada"),
        ("Ada Lovelace", "Ada Lovelace"),
        ("ada@example.net", "ada@example.net"),
        ("  Ada \n Lovelace\t", "Ada Lovelace"),
        ("ada\u202e\u200b", "ada"),
        ("x" * 41, "x" * 39 + "…"),
        ("You won! https://evil.example", ""),
        ("go to evil.example/win", ""),
        ("WWW.evil.example", ""),
        ("call us: 12345", ""),
        (r"\\evil\share", ""),
    ],
)
def test_a_name_is_said_unless_it_could_be_a_message(name: str, said: str) -> None:
    """A stranger chooses it, and the address that our letter goes to."""
    assert speakable(name) == said
    assert told(letter(name=name))["name"] == said


@given(st.text())
def test_texts_are_one_visible_line(text: str) -> None:
    """Whatever was typed or said."""
    line = plain(text)

    assert line.isprintable()
    assert line == line.strip()
    assert "  " not in line
