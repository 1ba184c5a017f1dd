"""Letters as they are stored, and how long one waits after a no."""

from datetime import UTC, datetime, timedelta

import pytest

from watchword.core.outbox.model import Letter, LetterKind, defer_for, read_letter, write_letter

FULL = Letter(
    kind=LetterKind.RESET,
    to="ada@example.org",
    name="Ad\u00e4 \u674e",
    language="de",
    about="old@example.org",
    page="reset",
    secret="s" * 32,
    code="ABCD-EFGH",
    code_ends_at=datetime(2030, 1, 1, 0, 10, tzinfo=UTC),
    ends_at=datetime(2030, 1, 1, 2, tzinfo=UTC),
)


@pytest.mark.parametrize("letter", [FULL, Letter(kind=LetterKind.TEST, to="a@b.c")])
def test_a_letter_reads_as_it_was_written(letter: Letter) -> None:
    """Nothing of it is lost, whether it says much or little."""
    assert read_letter(write_letter(letter)) == letter


def test_waiting_doubles_to_a_quarter_of_an_hour() -> None:
    """A mail server in trouble is not asked more and more; a letter is never weeks late."""
    waits = [defer_for(tries).total_seconds() for tries in (1, 2, 3, 8, 9, 1000)]

    assert waits == [5, 10, 20, 640, 900, 900]
    assert defer_for(0) == timedelta(seconds=5)
