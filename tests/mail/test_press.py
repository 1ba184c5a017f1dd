"""Templates of an operator: they go before ours, and none of them can lose a letter."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from mail.stationery import AT, CODE, SECRET, letter, writer
from parts.loglines import LogLines
from watchword.core.kernel.errors import InvalidError
from watchword.core.outbox.model import LetterKind
from watchword.core.ports import Worded
from watchword.mail.press import PART_LENGTH_MAX, wrap

BROKEN = "a letter template is broken, ours is used"
OURS = writer().word(letter(), at=AT)
TEXT = "{% extends 'layout.txt' %}{% block subject %}Their {{ service }}{% endblock %}"
TEXT += "{% block body %}Their words{% endblock %}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An operator's templates; there are none yet."""
    (tmp_path / "en").mkdir()
    return tmp_path


def word(folder: Path, kind: LetterKind = LetterKind.CONFIRM, language: str = "en") -> Worded:
    return writer(templates=folder).word(letter(kind, language=language), at=AT)


def test_a_template_of_theirs_goes_before_ours(folder: Path) -> None:
    """That one alone: its HTML, the other letters and the other languages stay ours."""
    (folder / "en/confirm.txt").write_text(TEXT)

    said = word(folder)

    assert said.subject == "Their Example Works"
    assert said.text.startswith("Their words\n\nExample Works sent this email")
    assert said.html == OURS.html.replace(OURS.subject, said.subject)
    assert word(folder, LetterKind.RESET) == writer().word(letter(LetterKind.RESET), at=AT)
    assert word(folder, language="de") == writer().word(letter(language="de"), at=AT)


def test_a_layout_of_theirs_is_in_all_letters(folder: Path) -> None:
    """Ours extend it; it can have what it likes in it."""
    (folder / "layout.html").write_text("<i>{{ service }}</i>{% block body %}{% endblock %}")

    said = word(folder)

    assert said.html.startswith("<i>Example Works</i>")
    assert SECRET in said.html
    assert said.text == OURS.text


def test_macros_and_imports_work_as_documented(folder: Path) -> None:
    """At the top of a template, for use in its blocks."""
    (folder / "en/confirm.html").write_text(
        "{% extends 'layout.html' %}{% import 'parts.html' as parts %}"
        "{% block body %}{{ parts.button('Go', link) }}{{ parts.code(code) }}{% endblock %}"
    )

    said = word(folder)

    assert ">Go</a>" in said.html
    assert CODE in said.html


def test_values_are_escaped_in_their_html_too(folder: Path) -> None:
    """Nobody has to remember it."""
    (folder / "en/confirm.html").write_text("<p>{{ name }}</p>")

    said = writer(templates=folder).word(letter(name="<b>&"), at=AT)

    assert said.html == "<p>&lt;b&gt;&amp;</p>"


@dataclass(frozen=True)
class Fault:
    """A template that does not work, and what the log says of it."""

    template: str
    because: str
    line: int | None = None


@pytest.mark.parametrize("part", ["txt", "html"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault("\n{% if %}", "TemplateSyntaxError", 2),
        Fault("\n\n{{ nmae }}", "UndefinedError", 3),
        Fault("{% extends 'nothing' %}", "TemplateNotFound"),
        Fault("\n{{ 1 / 0 }}", "ZeroDivisionError", 2),
        Fault("\n{{ name.__class__.__mro__ }}", "SecurityError", 2),
        Fault("\n{{ range(10000000) | list }}", "OverflowError", 2),
        Fault("\n{% include 'en/confirm.PART' %}", "RecursionError", 2),
        Fault("{% if link %}{% else %}nothing{% endif %}", "ValueError"),
        Fault("{{ 'x' * 1000000 }}", "ValueError"),
    ],
)
def test_a_broken_template_loses_no_letter(
    folder: Path, log_lines: LogLines, part: str, fault: Fault
) -> None:
    """Ours is sent, and the log says where to look; it says nothing of the letter."""
    subject = "{% if false %}{% block subject %}Theirs{% endblock %}{% endif %}"
    template = fault.template.replace("PART", part) + subject
    (folder / f"en/confirm.{part}").write_text(template)

    said = word(folder)

    (told,) = log_lines.of(BROKEN)
    assert said == OURS
    assert told["level"] == "error"
    assert told["template"] == f"en/confirm.{part}"
    assert told["because"] == fault.because
    assert fault.line in {None, told["line"]}
    for secret in (SECRET, CODE, "ada"):
        assert secret not in log_lines.text().replace(str(folder), "")


def test_a_broken_layout_is_named(folder: Path, log_lines: LogLines) -> None:
    """The letter is not to blame."""
    (folder / "layout.txt").write_text("{% block body %}{% endblock %}\n{{ nothing }}")

    said = word(folder)

    (told,) = log_lines.of(BROKEN)
    assert said == OURS
    assert (told["template"], told["line"]) == ("en/confirm.txt", 2)
    assert told["file"].endswith("layout.txt")


@pytest.mark.parametrize(
    "template",
    [TEXT.replace("subject", "topic"), TEXT.replace("Their {{ service }}", "  \n "), "only text"],
)
def test_a_letter_without_a_subject_is_broken(
    folder: Path, log_lines: LogLines, template: str
) -> None:
    """It would look like junk mail."""
    (folder / "en/confirm.txt").write_text(template)

    assert word(folder) == OURS
    assert len(log_lines.of(BROKEN)) == 1


def test_a_subject_is_one_line(folder: Path) -> None:
    """However it is written in the template."""
    (folder / "en/confirm.txt").write_text(TEXT.replace("Their", "\nBcc: x@y.example\r\n Their"))

    assert word(folder).subject == "Bcc: x@y.example Their Example Works"


def test_bytes_that_are_no_text_are_broken(folder: Path, log_lines: LogLines) -> None:
    """Such as a template in an encoding of old."""
    (folder / "en/confirm.txt").write_bytes("Grüße".encode("latin-1"))

    assert word(folder) == OURS
    assert log_lines.of(BROKEN)[0]["because"] == "UnicodeDecodeError"


def test_a_template_that_cannot_be_read_is_broken(folder: Path, log_lines: LogLines) -> None:
    """Ours is sent. Root may read every file, but nobody the first page of their own memory."""
    (folder / "en/confirm.txt").symlink_to("/proc/self/mem")

    assert word(folder) == OURS
    assert log_lines.of(BROKEN)


def test_a_change_is_seen_after_a_restart(folder: Path) -> None:
    """Not by half, while somebody is still writing."""
    (folder / "en/confirm.txt").write_text(TEXT)
    running = writer(templates=folder)
    before = running.word(letter(), at=AT)

    (folder / "en/confirm.txt").write_text(TEXT.replace("Their", "Another"))

    assert running.word(letter(), at=AT) == before
    assert word(folder).subject == "Another Example Works"


def test_a_template_stays_in_its_folder(folder: Path) -> None:
    """A language is a word of ours, so nothing is read from elsewhere."""
    (folder.parent / "confirm.txt").write_text(TEXT)

    assert word(folder / "en", language="..") == OURS


def test_a_folder_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    """A slip in a setting is not the same as no templates."""
    with pytest.raises(InvalidError, match="is not a folder") as told:
        writer(templates=tmp_path / "nothing")

    assert told.value.field == "mail.templates"


def test_paragraphs_are_filled_and_the_rest_is_left() -> None:
    """A line that begins with a blank stays; a long word is not cut."""
    link = f"https://example.com/{'x' * 80}"
    text = f"\n\none\ntwo   three\n\n \n\n    {link}\n    kept  as it is  \n\n{'word ' * 20}\n"

    assert wrap(text) == (
        f"one two   three\n\n    {link}\n    kept  as it is\n\n"
        f"{'word ' * 13}word\n{'word ' * 5}word\n"
    )


def test_our_own_parts_are_far_below_the_limit() -> None:
    """Else every letter would be broken."""
    longest = writer().word(letter(name="x" * 40, about="x" * 254, to="x" * 254), at=AT)

    assert len(longest.html) < PART_LENGTH_MAX / 5
