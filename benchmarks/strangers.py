"""Can a stopwatch tell whom a directory knows? Refused log-ins of each kind, interleaved.

Nobody is tried more than twice: three wrong passwords lock people out, which is a kind by itself.
"""

import json
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from itertools import product
from random import Random
from statistics import median

from processes import PATIENCE_S, Running

from journeys.directory import LOG_IN_AD, WRONG
from parts.domain import PASSWORD, Domain

TRIES = 2
UNLIMITED = {
    "WATCHWORD_LIMITS__FREE_FAILURES": "1000000",
    "WATCHWORD_LIMITS__FAILURES_PER_NAME": "1000000",
}
"""Nobody has to wait here: a wait would be what is measured."""

Kinds = dict[str, Sequence[str]]


def compare_refusals(running: Running, domain: Domain, samples: int) -> None:
    """Say how long a refusal of each kind takes."""
    kinds = _kinds(running, domain, samples // TRIES)
    asked = [(kind, name) for kind, names in kinds.items() for name in names]
    tries = [(kind, name) for (kind, name), _ in product(asked, range(TRIES))]
    Random(1).shuffle(tries)  # noqa: S311 - an order, and no secret
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    link = HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE_S)
    for kind, name in tries:
        times[kind].append(_time_of(link, name))
    for kind, spent in times.items():
        spent.sort()
        tenth = len(spent) // 10
        print(
            f"refused, {kind}: median {median(spent):.1f} ms"
            f" ({spent[tenth]:.1f} to {spent[-1 - tenth]:.1f})"
        )


def _kinds(running: Running, domain: Domain, count: int) -> Kinds:
    known, wrong, disabled, locked = (
        [domain.new_person().name for _ in range(count)] for _ in range(4)
    )
    for name in known:
        running.ask("POST", LOG_IN_AD, {"user": name, "password": PASSWORD})
    for name in disabled:
        domain.disable(name)
    for name in locked:
        domain.lock(name)
    return {
        "a name of nobody": [f"nobody{number}" for number in range(count)],
        "wrong password": wrong,
        "wrong password, has an account here": known,
        "wrong password, disabled there": disabled,
        "locked there": locked,
        "a local account": ["admin"] * count,
    }


def _time_of(link: HTTPConnection, name: str) -> float:
    body = json.dumps({"user": name, "password": WRONG})
    began = time.perf_counter()
    link.request("POST", "/api/account/login", body, {"Content-Type": "application/json"})
    answer = link.getresponse()
    answer.read()
    if answer.status != 401:
        raise SystemExit(f"a wrong password was answered {answer.status}")
    return (time.perf_counter() - began) * 1000
