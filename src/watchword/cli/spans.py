"""How long, and until when, as people type it: `24h`, `30d`, `2027-01-31`."""

import re
from datetime import UTC, datetime, timedelta

from watchword.cli.exits import usage

LONGEST = timedelta(days=36_500)

_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_SPAN = re.compile(r"([0-9]{1,9})([mhdw])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_span(option: str, text: str) -> timedelta:
    """Return how long this is; 0 needs no unit. Raises Failure, which repeats nothing of it."""
    span = _span(text)
    if span is None:
        raise usage(f"{option} takes a number and m, h, d or w, such as 24h, or 0.")
    return _within(option, span)


def read_end(option: str, text: str) -> timedelta | datetime:
    """Return a span, or the moment at which a day of the calendar begins in UTC."""
    if _DAY.fullmatch(text):
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            raise usage(f"{option} names a day that no calendar has.") from None
    span = _span(text)
    if span is None:
        raise usage(
            f"{option} takes a number and m, h, d or w, such as 30d, or a day such as 2027-01-31."
        )
    return _within(option, span)


def moment_of(option: str, end: timedelta | datetime, now: datetime) -> datetime:
    """Return when that is. Raises Failure if it is over already."""
    at = now + end if isinstance(end, timedelta) else end
    if at <= now:
        raise usage(f"{option} must be in the future.")
    return at


def _span(text: str) -> timedelta | None:
    if text == "0":
        return timedelta(0)
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    unit = _UNITS[found[2]]
    # No further than what is refused: a timedelta has an end of its own.
    return min(int(found[1]), LONGEST // unit + 1) * unit


def _within(option: str, span: timedelta) -> timedelta:
    if span > LONGEST:
        raise usage(f"{option} is at most {LONGEST.days} days.")
    return span
