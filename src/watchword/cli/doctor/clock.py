"""Whether the clock can be believed: sessions and tokens end by it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watchword.cli.doctor.findings import Finding, fail, ok, warn

DIFFERENCE_MAX = timedelta(seconds=5)
"""Network file systems and databases may be this far off without harm."""
JUMP_MAX = timedelta(seconds=0.5)

_ADVICE = "Let a time service (chrony, systemd-timesyncd) keep the clock, then look again."


def judge_moments(check: str, now: datetime, known: Mapping[str, datetime | None]) -> Finding:
    """Compare the clock with moments that are over. `known` says what each of them is."""
    for what, moment in known.items():
        if moment is not None and moment - now > DIFFERENCE_MAX:
            seconds = (moment - now).total_seconds()
            text = f"The clock went back, or was wrong: {what} is {seconds:.0f} s ahead of it"
            return fail(check, text, _ADVICE)
    return ok(check, f"{now:%Y-%m-%d %H:%M:%S} UTC, and no moment on record is ahead of it")


def judge_jump(passed: timedelta, ticked: timedelta) -> Finding:
    """Compare the same while by the clock and by one that never jumps."""
    jump = (passed - ticked).total_seconds()
    if abs(passed - ticked) > JUMP_MAX:
        return warn("clock_jump", f"The clock jumped by {jump:+.1f} s while we looked", _ADVICE)
    return ok("clock_jump", f"The clock ran evenly for {ticked.total_seconds():.1f} s")


def judge_database_clock(now: datetime, theirs: datetime | None) -> Finding | None:
    """Compare the clock with the database server's."""
    if theirs is None:
        return None
    apart = abs(theirs - now)
    text = f"The database server's clock is {apart.total_seconds():.1f} s off ours"
    if apart > DIFFERENCE_MAX:
        return warn("database_clock", text, _ADVICE)
    return ok("database_clock", text)


def last_changed(place: Path) -> datetime | None:
    """Return when the file system, which may be another machine's, saw a change there."""
    try:
        return datetime.fromtimestamp(place.stat().st_mtime, UTC)
    except OSError:
        return None
