"""How long, and until when, as people type it."""

from datetime import UTC, datetime, timedelta

import pytest

from watchword.cli.exits import ExitCode, Failure
from watchword.cli.spans import moment_of, read_end, read_span

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0", timedelta(0)),
        ("0h", timedelta(0)),
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(weeks=2)),
        ("36500d", timedelta(days=36_500)),
    ],
)
def test_a_span_has_a_number_and_a_unit(text: str, span: timedelta) -> None:
    """Minutes, hours, days, weeks; nothing is nothing in all of them."""
    assert read_span("--overlap", text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "24",
        "-1h",
        "1.5h",
        "1h30m",
        "24H",
        " 1h",
        "1 h",
        "1y",
        "٣h",
        "36501d",
        "999999999w",
    ],
)
def test_what_is_no_span_is_refused(text: str) -> None:
    """The option is named, and what was typed is not: it may be anything."""
    with pytest.raises(Failure) as raised:
        read_span("--overlap", text)

    assert raised.value.exit_code == ExitCode.USAGE
    assert raised.value.message.startswith("--overlap ")
    assert len(text) < 3 or text not in raised.value.message


def test_an_end_is_a_span_or_a_day() -> None:
    """A day means its first moment in UTC, wherever the machine stands."""
    spans = [moment_of("--expires", read_end("--expires", text), NOW) for text in ("30d", "1m")]
    day = moment_of("--expires", read_end("--expires", "2027-01-31"), NOW)

    assert spans == [NOW + timedelta(days=30), NOW + timedelta(minutes=1)]
    assert day == datetime(2027, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["tomorrow", "2027-02-30", "2027-1-31", "0000-01-01", "2027-01-31T00:00", "20270131"]
)
def test_what_is_no_end_is_refused(text: str) -> None:
    """Neither a span nor a day of the calendar."""
    with pytest.raises(Failure) as raised:
        read_end("--expires", text)

    assert raised.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("text", ["0", "0d", "2026-11-22", "1999-01-01"])
def test_an_end_is_in_the_future(text: str) -> None:
    """A key that is dead when it is made helps nobody; today has begun already."""
    with pytest.raises(Failure) as raised:
        moment_of("--expires", read_end("--expires", text), NOW)

    assert raised.value.message == "--expires must be in the future."
