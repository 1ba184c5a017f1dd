"""One turn of each after another, several times, so that a drift of the machine hits all alike.

The others run meanwhile and are asked nothing. They are not stopped (SIGSTOP): gunicorn and
uvicorn kill a worker that was silent for as long as the turns of others take. What all use while
idle is measured and told instead.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cpu import tree_seconds, watched
from peers.peer import NAME, Ask, Credential
from peers.serving import NAMES, Live
from tables import Row, Turn
from wrk import UNIQUE, press

_QUIET_S = 0.1
_QUIET_WITHIN_S = 5.0


@dataclass(frozen=True)
class Test:
    """What is asked of everybody who has it."""

    name: str
    requests: Callable[[Live], list[bytes]]
    each: bool
    """Whether wrk looks at each answer: it is too slow for that where answers are quick."""


def _checks(live: Live) -> list[bytes]:
    return _with(live, live.peer.check, live.held)


def _key_checks(live: Live) -> list[bytes]:
    held = [Credential(key) for key in live.keys]
    return _with(live, live.peer.key, held) if live.peer.key else []


def _with(live: Live, ask: Ask, held: list[Credential]) -> list[bytes]:
    return [ask.raw(live.ground.holes | one.holes) for one in held]


def _logins(live: Live) -> list[bytes]:
    return [live.peer.login.raw(live.ground.holes | {NAME: name}) for name in NAMES]


def _registrations(live: Live) -> list[bytes]:
    return [live.peer.register.raw(live.ground.holes | {NAME: UNIQUE})]


# Checks first: their tokens were made last, and the stores are small then for everybody.
TESTS = [
    Test("token check", _checks, each=False),
    Test("key check", _key_checks, each=False),
    Test("log-in", _logins, each=True),
    Test("registration", _registrations, each=True),
]


@dataclass(frozen=True)
class Plan:
    """How often, how long, and whose PostgreSQL it is."""

    rounds: int
    seconds: int
    postgres: int | None


def measure(test: Test, lives: list[Live], plan: Plan) -> list[Row]:
    """Press each in turn; the first round is after a short warm-up."""
    asked = [(live, requests) for live in lives if (requests := test.requests(live))]
    turns: dict[str, list[Turn]] = {live.peer.title: [] for live, _ in asked}
    for live, requests in asked:
        press(live.ground.port, requests, seconds=1, each=test.each)
        _settle(live)
    for live, requests in asked * plan.rounds:
        # Who has ended is left out when it is asked for the last proof.
        if live.process.poll() is None:
            turns[live.peer.title].append(_turn(live, requests, test, plan))
            _settle(live)
    return [Row(name=name, test=test.name, turns=taken) for name, taken in turns.items()]


def _turn(live: Live, requests: list[bytes], test: Test, plan: Plan) -> Turn:
    pids = {"server": live.process.pid}
    if live.peer.postgres and plan.postgres:
        pids["PostgreSQL"] = plan.postgres
    port = live.ground.port
    outcome, used = watched(
        pids, lambda: press(port, requests, seconds=plan.seconds, each=test.each)
    )
    return Turn.of(outcome, used)


def _settle(live: Live) -> None:
    """Wait until it has ended what nobody waits for any more: wrk hangs up in the middle."""
    ends_at = time.monotonic() + _QUIET_WITHIN_S
    before = tree_seconds(live.process.pid)
    while time.monotonic() < ends_at:
        time.sleep(_QUIET_S)
        now = tree_seconds(live.process.pid)
        if now - before < _QUIET_S / 5:
            return
        before = now
