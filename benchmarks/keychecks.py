"""How much checks of API keys write."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from comparing import CONNECTIONS, pressed
from load import request
from people import ME, make_keys, token_of
from places import SQLITE, Place
from processes import PROGRAM, Running
from tables import Figure, Report
from writes import Look, Writes, told, watching

CHECKS = 10_000
MINUTE_S = 70.0
"""Longer than a minute, so that a new one begins in it, and its use is written."""

WRITTEN_WITHIN_S = 20.0
PAUSE_S = 0.2


def count_writes(place: Place) -> Report:
    """Say what 10,000 checks write, and what a minute of them writes; only SQLite can tell."""
    if place.engine != SQLITE:
        return Report()
    with place.serving() as running:
        key = make_keys(running, [token_of(running, 0)])[0]
        raw = request("GET", ME, key=key)
        with watching(place.data / "watchword.db") as writes:
            return Report(figures=_count(place.data, running, raw, writes))


def _count(data: Path, running: Running, raw: bytes, writes: Writes) -> list[Figure]:
    _wait_until_noted(data, raw, running)
    before = writes.look()
    outcome = pressed(running.port, lambda _: _some(raw), WRITTEN_WITHIN_S)
    figures = [_figure(f"{sum(outcome.statuses.values()):,} key checks", before, writes.look())]
    for name, requests in (("nothing", _none()), ("checks of one key", cycle([raw]))):
        before = writes.look()
        count, minutes = _minute(running, requests)
        what = f"{MINUTE_S:.0f} s of {name}" + (f", {count:,} of them" if count else "")
        figures.append(_figure(what, before, writes.look()))
    used = _used(data, minutes[-1])
    print(f"last used: {used}, and it was used until {minutes[-1]}", file=sys.stderr)
    return figures


def _figure(by: str, before: Look, after: Look) -> Figure:
    print(f"written by {by}: {told(before, after)}", file=sys.stderr)
    written = after.transactions - before.transactions
    return Figure(what=f"transactions written by {by}, {SQLITE}", turns=[written])


def _some(raw: bytes) -> Iterator[bytes]:
    return islice(cycle([raw]), CHECKS // CONNECTIONS)


def _none() -> Iterator[bytes]:
    return iter(())


def _minute(running: Running, requests: Iterator[bytes]) -> tuple[int, list[str]]:
    """Let a bit more than a minute pass; return how many checks there were, and the minutes."""
    began = time.monotonic()
    minutes = [_now()]
    outcome = pressed(running.port, lambda _: requests, MINUTE_S)
    minutes.append(_now())
    time.sleep(max(0.0, MINUTE_S - (time.monotonic() - began)))
    return outcome.statuses.get(200, 0), minutes


def _wait_until_noted(data: Path, raw: bytes, running: Running) -> None:
    """Use the key at the beginning of a minute, and wait until that is written."""
    while datetime.now(UTC).second > 30:
        time.sleep(PAUSE_S)
    pressed(running.port, lambda _: iter([raw]), WRITTEN_WITHIN_S)
    _used(data, _now())


def _used(data: Path, minute: str) -> str:
    """Wait until the list says that a key was used in this minute, and return what it says."""
    ends_at = time.monotonic() + WRITTEN_WITHIN_S
    while time.monotonic() < ends_at:
        command = [str(PROGRAM), "--data", str(data), "apikey", "list", "--json"]
        said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        used = [one["last_used_at"][:16] for one in said["api_keys"] if one["last_used_at"]]
        if minute in used:
            return minute
        time.sleep(PAUSE_S)
    raise SystemExit(f"after {WRITTEN_WITHIN_S} s no key was used in {minute}")


def _now() -> str:
    return datetime.now(UTC).isoformat()[:16]
