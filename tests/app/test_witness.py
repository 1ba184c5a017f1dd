"""What the house tells of a letter, and what it keeps to itself."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from parts.loglines import LogLines
from watchword.app.printed import PrintedSecrets
from watchword.app.witness import HouseWitness
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Entry, LetterKind
from watchword.core.ports import Outcome, Posting
from watchword.observability import log
from watchword.observability.metrics import Metrics

AT = datetime(2030, 1, 1, tzinfo=UTC)
ENTRY = Entry(
    id=LetterId("a letter's id"),
    kind=LetterKind.RESET,
    to="ada@example.org",
    created_at=AT,
    next_at=AT,
    sealed="sealed",
)


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    lines = LogLines()
    log.configure(stream=lines.stream)
    yield lines
    log.configure()


def test_each_try_is_a_line_and_counts(tmp_path: Path, log_lines: LogLines) -> None:
    """Which letter, of which kind, and how it went: no address, and nothing that has one."""
    metrics = Metrics(version="0")
    witness = HouseWitness(PrintedSecrets(tmp_path), metrics)

    witness.posted(ENTRY, Posting(Outcome.REFUSED, "550 <ada@example.org>: no such user"))

    (line,) = log_lines.of("letter")
    assert (line["letter_id"], line["kind"], line["outcome"]) == (ENTRY.id, "reset", "refused")
    assert "ada" not in log_lines.text()
    counted = 'watchword_letters_total{kind="reset",outcome="refused"} 1.0'
    assert counted in metrics.render()[0].decode().splitlines()
