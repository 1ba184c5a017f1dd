"""Checks of API keys: beside checks of tokens in the same run, and how much they write."""

import argparse
import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from comparing import CONNECTIONS, compare, pressed
from load import request
from processes import PROGRAM, Running
from writes import told, watching

PATH = "/api/auth/me"
CHECKS = 10_000
MINUTE_S = 70.0
"""Longer than a minute, so that a new one begins in it, and its use is written."""

WRITTEN_WITHIN_S = 20.0
PAUSE_S = 0.2


def make_keys(running: Running, tokens: list[str]) -> list[str]:
    """Make a key for the holder of each token."""
    answers = [
        running.ask("POST", "/authheader/add", {"name": "bench"}, token=token) for token in tokens
    ]
    if {status for status, _ in answers} != {200}:
        raise SystemExit(f"making keys answered {answers[-1]}")
    return [json.loads(answer)["token"] for _, answer in answers]


def compare_checks(
    running: Running, tokens: list[str], keys: list[str], options: argparse.Namespace
) -> None:
    """GET /api/auth/me with keys, each turn between two of the same with tokens."""
    by_key = [request("GET", PATH, key=key) for key in keys]
    by_token = [request("GET", PATH, token=token) for token in tokens]
    compare(
        "key check",
        "token check beside it",
        options.turns,
        ours=lambda: pressed(running.port, lambda _: cycle(by_key), options.seconds),
        limit=lambda: pressed(running.port, lambda _: cycle(by_token), options.seconds).rate,
    )


def count_writes(running: Running, key: str, data: Path) -> None:
    """Say what 10,000 checks write, and what a minute of them writes; only SQLite can tell."""
    database = data / "watchword.db"
    if not database.exists():
        print("writes: not counted, the database is not SQLite")
        return
    raw = request("GET", PATH, key=key)
    with watching(database) as writes:
        _wait_until_noted(data, raw, running)
        before = writes.look()
        outcome = pressed(running.port, lambda _: _some(raw), WRITTEN_WITHIN_S)
        after = writes.look()
        print(f"{sum(outcome.statuses.values())} checks of a key: {told(before, after)}")
        for name, requests in (("idle", _none()), ("busy", cycle([raw]))):
            before = writes.look()
            count, minutes = _minute(running, requests)
            print(f"{MINUTE_S:.0f} s {name}, {count} checks: {told(before, writes.look())}")
        used = _used(data, minutes[-1])
    print(f"last used: {used}, and it was used until {minutes[-1]}")


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
