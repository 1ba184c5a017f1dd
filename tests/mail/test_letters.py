"""What letters say: every kind, in every language, with and without what they offer."""

import re
from datetime import timedelta

import pytest

from mail.markup import Markup
from mail.stationery import AT, BASE, CODE, LANGUAGES, PAGES, SECRET, letter, writer
from watchword.core.kernel.errors import InvalidError
from watchword.core.outbox.model import LetterKind
from watchword.core.ports import Worded
from watchword.mail.press import LINE_LENGTH, OURS

WHEN_CODE_ENDED = AT + timedelta(minutes=11)
LINK = f"{BASE}/account/{{page}}?ticket={SECRET}"
EACH = pytest.mark.parametrize("kind", LetterKind)
IN_EACH_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
OFFERING = pytest.mark.parametrize("kind", list(PAGES))


def worded(kind: LetterKind, language: str = "en", **changes: object) -> Worded:
    return writer().word(letter(kind, language=language, **changes), at=AT)


def readable(html: str) -> str:
    return " ".join(Markup(html).text.split())


def test_both_languages_have_every_letter() -> None:
    """Each kind is a pair of templates, and there is none that nobody sends."""
    names = {language: {one.name for one in (OURS / language).iterdir()} for language in LANGUAGES}
    pairs = {f"{kind}.{ending}" for kind in LetterKind for ending in ("txt", "html")}
    parts = {f"{part}.{ending}" for part in ("offer", "foot") for ending in ("txt", "html")}

    assert names == dict.fromkeys(LANGUAGES, pairs | parts)


@EACH
@IN_EACH_LANGUAGE
@pytest.mark.parametrize("base_url", [BASE, None])
@pytest.mark.parametrize("at", [AT, WHEN_CODE_ENDED])
def test_every_letter_can_be_said(
    kind: LetterKind, language: str, base_url: str | None, at: object
) -> None:
    """With a link, with a code, with both and with neither: a subject, a text and HTML."""
    written = letter(kind, language=language)

    said = writer(base_url=base_url).word(written, at=at)  # type: ignore[arg-type] # a moment

    assert "Example Works" in said.subject
    assert len(said.subject) <= 78
    assert said.subject.isprintable()
    assert Markup(said.html).all("html")[0]["lang"] == language
    assert "Example Works" in said.text
    assert "Example Works" in readable(said.html)


@EACH
@IN_EACH_LANGUAGE
def test_text_and_html_say_the_same(kind: LetterKind, language: str) -> None:
    """Word for word, but that where one has a link the other has a button."""
    said = worded(kind, language)
    html = readable(said.html)
    text = said.text.replace("The link works", "The button works").replace("Der Link", "Der Knopf")

    paragraphs = [" ".join(one.split()).removesuffix(":") for one in text.split("\n\n")]

    assert len(paragraphs) >= 3
    assert [one for one in paragraphs if one not in html] == []


@OFFERING
@IN_EACH_LANGUAGE
def test_what_is_offered_stands_in_both_forms(kind: LetterKind, language: str) -> None:
    """The link on a line of its own, and as a button with itself as text below."""
    said = worded(kind, language)
    link = LINK.format(page=PAGES[kind])

    links = Markup(said.html).all("a")

    assert f"\n    {link}\n" in said.text
    assert [one["href"] for one in links] == [link, link]
    assert readable(said.html).count(link) == 1
    assert (f"\n    {CODE}\n" in said.text) is (kind is not LetterKind.ADDRESS_CHANGED)
    assert (CODE in readable(said.html)) is (CODE in said.text)


@pytest.mark.parametrize("kind", [kind for kind in LetterKind if kind not in PAGES])
def test_a_notice_has_nothing_to_follow(kind: LetterKind) -> None:
    """No link in it, not even to our own start page: it would teach people to follow links."""
    said = worded(kind)

    assert Markup(said.html).all("a") == []
    assert "://" not in said.text


@OFFERING
@IN_EACH_LANGUAGE
def test_it_says_until_when(kind: LetterKind, language: str) -> None:
    """The link until tomorrow, the code for ten minutes, in UTC."""
    said = worded(kind, language)
    days = {"en": "4 February 2031, 10:05 UTC", "de": "4. Februar 2031, 10:05 Uhr (UTC)"}
    minutes = {"en": "3 February 2031, 09:15 UTC", "de": "3. Februar 2031, 09:15 Uhr (UTC)"}

    for form in (" ".join(said.text.split()), readable(said.html)):
        assert days[language] in form
        assert (minutes[language] in form) is (CODE in form)


def test_a_code_that_ended_is_left_out() -> None:
    """The link is still good."""
    said = writer().word(letter(), at=WHEN_CODE_ENDED)

    assert CODE not in said.text + said.html
    assert LINK.format(page="confirm") in said.text


@IN_EACH_LANGUAGE
def test_without_pages_a_letter_has_the_code_alone(language: str) -> None:
    """And no button that leads nowhere."""
    said = writer(base_url=None).word(letter(language=language), at=AT)

    assert CODE in said.text
    assert CODE in said.html
    assert Markup(said.html).all("a") == []
    assert SECRET not in said.text + said.html


@IN_EACH_LANGUAGE
def test_without_pages_an_undo_has_its_secret_to_hand_in(language: str) -> None:
    """Whoever lost their account can still say that it is theirs."""
    undo = letter(LetterKind.ADDRESS_CHANGED, language=language)

    said = writer(base_url=None).word(undo, at=AT)

    assert f"\n    {SECRET}\n" in said.text
    assert SECRET in readable(said.html)


@pytest.mark.parametrize(("language", "word"), [("en", "run out"), ("de", "abgelaufen")])
def test_a_letter_that_comes_too_late_says_so(language: str, word: str) -> None:
    """With no link and no code left there is nothing to type."""
    said = writer(base_url=None).word(letter(language=language), at=WHEN_CODE_ENDED)

    assert word in said.text
    assert word in said.html


@EACH
@IN_EACH_LANGUAGE
def test_lines_are_short_enough_to_be_read(kind: LetterKind, language: str) -> None:
    """72 characters, but for a link; one empty line between paragraphs, no blank at an end."""
    said = worded(kind, language, name="a name of forty characters, not one more")

    lines = said.text.splitlines()

    assert [line for line in lines if len(line) > LINE_LENGTH and "https:" not in line] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert "\n\n\n" not in said.text
    assert said.text == said.text.strip("\n") + "\n"
    assert all(line.isprintable() for line in lines)


@EACH
@IN_EACH_LANGUAGE
def test_html_is_well_formed_and_loads_nothing(kind: LetterKind, language: str) -> None:
    """No image, script, sheet or picture of a dot that tells who read it; styles are inline."""
    said = worded(kind, language)
    markup = Markup(said.html)

    used = {tag for tag, _ in markup.elements}

    assert said.html.startswith("<!DOCTYPE html>")
    assert used <= {
        "html",
        "head",
        "title",
        "meta",
        "body",
        "div",
        "table",
        "tr",
        "td",
        "h1",
        "p",
        "a",
    }
    assert re.findall(r"url\(|@import|src=|background=", said.html) == []
    assert {one.get("name") for one in markup.all("meta")} >= {"viewport", "color-scheme"}
    assert all(one["role"] == "presentation" for one in markup.all("table"))
    assert len(markup.all("h1")) == 1


@EACH
def test_names_do_not_become_markup(kind: LetterKind) -> None:
    """Nor do addresses, whoever chose them."""
    said = worded(kind, name="<b>&amp;", about='"><i>@example.org', to="<u>@example.net")

    assert {tag for tag, _ in Markup(said.html).elements}.isdisjoint({"b", "i", "u"})
    assert "<u>@example.net" in Markup(said.html).text


@EACH
@IN_EACH_LANGUAGE
def test_no_name_stands_in_a_subject(kind: LetterKind, language: str) -> None:
    """A stranger's words would be the first that somebody else reads of us."""
    said = worded(kind, language, name="zaphod", about="trillian@example.org")

    assert "zaphod" not in said.subject
    assert "trillian" not in said.subject


@IN_EACH_LANGUAGE
def test_who_owns_an_address_is_not_told_who_wanted_it(language: str) -> None:
    """The name in that letter is of the account that asked."""
    said = worded(LetterKind.CHANGE_IN_USE, language, name="zaphod")

    assert "zaphod" not in said.text + said.html


@pytest.mark.parametrize(
    ("asked", "setting", "spoken"),
    [
        ("de", "en", "de"),
        ("", "de", "de"),
        ("fr", "de", "de"),
        ("../en", "de", "de"),
        ("", "en", "en"),
    ],
)
def test_the_reader_is_spoken_to_in_their_language(asked: str, setting: str, spoken: str) -> None:
    """If we have it, else in that of the settings."""
    said = writer(language=setting).word(letter(language=asked), at=AT)

    assert Markup(said.html).all("html")[0]["lang"] == spoken


def test_a_service_without_a_name_is_called_by_its_domain() -> None:
    """Something must say who writes."""
    said = writer(sender_name=" \n ", sender="x@mail.example").word(letter(), at=AT)

    assert said.subject == "Confirm your address for mail.example"


@pytest.mark.parametrize("sender", ["", "nobody", "jörg@example.net", "a@b, c@d", "a@b\r\nX: y"])
def test_a_sender_that_cannot_be_one_is_told_at_the_start(sender: str) -> None:
    """Not by the first letter that is not sent."""
    with pytest.raises(InvalidError, match=r"mail\.sender") as told:
        writer(sender=sender)

    assert told.value.field == "mail.sender"


def test_a_language_that_is_not_there_is_told_at_the_start() -> None:
    """With those that are."""
    with pytest.raises(InvalidError, match="en and de"):
        writer(language="fr")
