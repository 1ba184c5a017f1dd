"""`make bench`: us beside the limit of this machine, in one run, turn by turn."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from comparing import compare, line, pressed
from keychecks import compare_checks, count_writes, make_keys
from load import request
from processes import Running, free_port, started, watchword

ACCOUNTS = 50
PASSWORD = "correct horse battery staple"  # noqa: S105 - of accounts that live for a minute
HERE = Path(__file__).parent


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with watchword(data, *options.serve) as running:
            seed(running)
        starts = [_start(data, options.serve) for _ in range(options.turns)]
        print(line("ready", [ready for ready, _ in starts], "s, on an existing database"))
        print(line("idle RSS", [rss for _, rss in starts], "MiB, before the first log-in"))
        with watchword(data, *options.serve) as running:
            _logins(running, options)
            tokens = [token_of(running, number) for number in range(ACCOUNTS)]
            _checks(running, options, tokens)
            keys = make_keys(running, tokens)
            compare_checks(running, tokens, keys, options)
            count_writes(running, keys[0], data)
            print(f"RSS afterwards: {running.rss_mib:.1f} MiB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5, help="pairs of measurements")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one measurement")
    parser.add_argument("--hash-threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("serve", nargs="*", help="options for `watchword serve`, after --")
    return parser.parse_args()


def seed(running: Running) -> None:
    for number in range(ACCOUNTS):
        body = {"username": f"name{number}", "password": f"{PASSWORD} {number}"}
        status, answer = running.ask("POST", "/api/auth/register", body)
        if status not in {200, 409}:
            raise SystemExit(f"registration answered {status}: {answer!r}")


def _start(data: Path, serve: list[str]) -> tuple[float, float]:
    with watchword(data, *serve) as running:
        return running.ready_s, running.rss_mib


def _login_body(number: int) -> bytes:
    return json.dumps({"username": f"name{number}", "password": f"{PASSWORD} {number}"}).encode()


def _logins(running: Running, options: argparse.Namespace) -> None:
    """Log-ins a second, beside the bare rate of the same hash on as many threads."""
    path = "/api/auth/login"
    bodies = [request("POST", path, body=_login_body(number)) for number in range(ACCOUNTS)]

    def stream(number: int) -> Iterator[bytes]:
        return cycle(bodies[number:] + bodies[:number])

    compare(
        "log-in",
        "bare hash",
        options.turns,
        ours=lambda: pressed(running.port, stream, options.seconds),
        limit=lambda: _hash_rate(options.hash_threads, options.seconds),
    )


def _checks(running: Running, options: argparse.Namespace, tokens: list[str]) -> None:
    """GET /api/auth/me, beside a bare handler on the same server."""
    ours = [request("GET", "/api/auth/me", token=token) for token in tokens]
    port = free_port()
    command = [sys.executable, str(HERE / "bare.py"), str(port)]
    with started(command, port, dict(os.environ)) as bare:
        compare(
            "token check",
            "bare handler",
            options.turns,
            ours=lambda: pressed(running.port, lambda _: cycle(ours), options.seconds),
            limit=lambda: pressed(bare.port, lambda _: cycle(ours), options.seconds).rate,
        )


def token_of(running: Running, number: int) -> str:
    _, answer = running.ask("POST", "/api/auth/login", json.loads(_login_body(number)))
    return str(json.loads(answer)["access_token"])


def _hash_rate(threads: int, seconds: float) -> float:
    """Measure in a process of its own, so that it has its own interpreter lock."""
    command = [sys.executable, str(HERE / "hashrate.py"), str(threads), str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
