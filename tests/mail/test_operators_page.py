"""docs/operate/mail.md tells what the code does, and its templates can be used as they are."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watchword.core.outbox.model import (
    DEFER_FIRST,
    DEFER_LONGEST,
    GIVE_UP_AFTER,
    Letter,
    LetterKind,
    Standing,
)
from watchword.core.services.letters import LetterLimits
from watchword.core.services.tickets import TicketRules
from watchword.core.tickets.model import CODE_LENGTH, CODE_LIFETIME, CODE_TRIES, LINK_BYTES
from watchword.mail.facts import Surroundings, facts_of
from watchword.mail.letters import Letterhead, LetterWriter
from watchword.settings.model import TicketSettings

PAGE = (Path(__file__).parents[2] / "docs" / "operate" / "mail.md").read_text(encoding="utf-8")
AT = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEMPLATE = re.compile(r"^In `(\S+)`:\n\n```jinja\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LETTER = Letter(
    kind=LetterKind.CONFIRM,
    to="ada@example.org",
    name="Ada",
    page="confirm",
    secret="a-secret",
    code="7KQ2-M4XA",
    code_ends_at=AT + CODE_LIFETIME,
    ends_at=AT + DAY,
)


def column(heading: str, place: int = 0) -> list[str]:
    """Return the cells of one column of the table with this first heading."""
    table = PAGE.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return [line.split(" | ")[place].strip("| `") for line in table.splitlines()[2:]]


def own_templates(folder: Path) -> Path:
    """Do what the page says: put its templates into a folder."""
    for name, text in TEMPLATE.findall(PAGE):
        file = folder / Path(name).parent.name / Path(name).name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def test_every_letter_is_on_the_page() -> None:
    """And every standing, and no other."""
    assert column("letter") == list(LetterKind)
    assert column("standing") == list(Standing)


def test_what_templates_are_told_is_on_the_page() -> None:
    """Each name that can stand in a template; the subject is what the text says it is."""
    around = Surroundings(service="", base_url=None)

    facts = facts_of(LETTER, around, language="en", at=AT)

    assert sorted(column("name")) == sorted({*facts, "subject"})


@pytest.mark.parametrize("base_url", ["https://id.example.com", None])
def test_the_templates_on_the_page_can_be_used(tmp_path: Path, base_url: str | None) -> None:
    """They say what is on the page, with a link where there is one, and have the code."""
    head = Letterhead(
        sender="id@example.org",
        sender_name="Example",
        base_url=base_url,
        templates=own_templates(tmp_path),
    )

    worded = LetterWriter(head).word(LETTER, at=AT)

    assert worded.subject == "Welcome to Example: one more step"
    for part in (worded.text, worded.html):
        assert "Hello Ada, it is good that you are here." in part
        assert LETTER.code in part
        assert (f"{base_url}/account/confirm?ticket=a-secret" in part) is bool(base_url)
    assert "Confirm my address</a>" in worded.html or base_url is None
    assert "sent this email automatically" in worded.html


def test_the_times_are_right() -> None:
    """How long links are good, and by which setting that can be said otherwise."""
    rules = TicketRules()
    spans = [rules.confirm, rules.reset, rules.change, rules.undo, rules.join]

    assert column("for", 1) == ["24 hours", "2 hours", "24 hours", "7 days", "7 days"]
    assert spans == [24 * HOUR, 2 * HOUR, 24 * HOUR, 7 * DAY, 7 * DAY]
    assert column("for", 2) == [f"tickets.{name}" for name in TicketSettings.__struct_fields__]


def test_the_numbers_are_right() -> None:
    """Of codes, of tries, of limits, and of how often we try again."""
    limits, rules = LetterLimits(), TicketRules()

    assert (LINK_BYTES * 8, CODE_LENGTH, CODE_TRIES, CODE_LIFETIME) == (192, 8, 5, 10 * MINUTE)
    assert "with 192 random bits, and as a code of 8 characters" in PAGE
    assert "A code ends after 10 minutes and after 5 wrong tries" in PAGE
    assert (limits.per_address, limits.window, limits.every) == (20, HOUR, MINUTE)
    assert (rules.per_address, rules.window) == (100, 15 * MINUTE)
    assert (timedelta(seconds=5), 15 * MINUTE) == (DEFER_FIRST, DEFER_LONGEST)
    assert "after 5 seconds, then after twice as long each time, up to 15 minutes" in PAGE
    assert GIVE_UP_AFTER == 3 * DAY
    assert "We give up after 3 days" in PAGE
