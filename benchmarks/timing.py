"""Can a stopwatch tell why a log-in was refused? Medians of attempts of each kind, interleaved.

Run it by hand on a machine with nothing else to do: `.venv/bin/python benchmarks/timing.py`.
"""

import argparse
import json
import os
import tempfile
import time
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import median, quantiles

from processes import PATIENCE_S, Running, watchword

ADMIN = ("admin", "correct horse battery staple")
CLOSED = ("closed", "a staple for every horse")
KINDS = {
    "unknown name": ("nobody", "wrong password"),
    "wrong password": (ADMIN[0], "wrong password"),
    "wrong, disabled": (CLOSED[0], "wrong password"),
    "right, disabled": CLOSED,
}
REFUSED = (401, b'{"detail":"Invalid username or password"}')
MOST_APART = 0.15
PATIENT = {
    "WATCHWORD_LIMITS__FREE_FAILURES": "1000000",
    "WATCHWORD_LIMITS__FAILURES_PER_NAME": "1000000",
}
"""Nobody has to wait here: a wait would be what is measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=30, help="of each kind")
    options = parser.parse_args()
    os.environ.update(PATIENT)
    with tempfile.TemporaryDirectory() as folder, watchword(Path(folder)) as running:
        _close_an_account(running)
        told = _measure(running.port, options.attempts)
    medians = {kind: median(times) for kind, times in told.items()}
    least, most = min(medians.values()), max(medians.values())
    for kind, times in told.items():
        # On a busy machine the quick ones say more: nothing came between them.
        quick = quantiles(times, n=10)[0]
        times_least = medians[kind] / least
        print(f"{kind:16} median {medians[kind] * 1000:6.2f} ms = {times_least:.3f}", end="")
        print(f"   tenth {quick * 1000:6.2f} ms")
    verdict = "alike" if most / least <= 1 + MOST_APART else "NOT alike"
    print(f"{verdict}: {most / least - 1:.1%} apart, {MOST_APART:.0%} allowed")


def _close_an_account(running: Running) -> None:
    """Make the account that is disabled, as its admin would."""
    link = HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE_S)
    name, password = ADMIN
    _, said = _ask(link, "POST", "/api/auth/login", {"username": name, "password": password})
    token = json.loads(said)["access_token"]
    body = {"username": CLOSED[0], "password": CLOSED[1]}
    _, said = _ask(link, "POST", "/api/auth/users", body, token)
    path = f"/api/auth/users/{json.loads(said)['user']['id']}"
    status, _ = _ask(link, "PUT", path, {"active": False}, token)
    assert status == HTTPStatus.OK, status
    link.close()


def _measure(port: int, attempts: int) -> dict[str, list[float]]:
    """Return how long each attempt took; the kinds take turns, so that all have the same luck."""
    link = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    order = list(KINDS)
    chance = Random(attempts)  # noqa: S311 - only the order of turns
    for _ in range(attempts + 1):
        chance.shuffle(order)
        for kind in order:
            name, password = KINDS[kind]
            began = time.perf_counter()
            answer = _ask(link, "POST", "/api/auth/login", {"username": name, "password": password})
            times[kind].append(time.perf_counter() - began)
            assert answer == REFUSED, answer
    link.close()
    return {kind: found[1:] for kind, found in times.items()}  # without those that warmed it up


def _ask(
    link: HTTPConnection, method: str, path: str, body: object, token: str = ""
) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    link.request(method, path, json.dumps(body), headers)
    answer = link.getresponse()
    return answer.status, answer.read()


if __name__ == "__main__":
    main()
