"""Can a stopwatch tell which accounts there are? Answers of each kind, interleaved, compared.

Run it on a machine with nothing else to do: `.venv/bin/python benchmarks/enumeration.py`. It
takes about ten minutes. The kinds of one question must have the same status, the same headers
and the same body, and times that are within a millisecond of each other (medians) or that
chance alone explains (Mann-Whitney, p > 0.01).
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import combinations, count
from math import erfc, sqrt
from pathlib import Path
from random import Random
from statistics import median

from processes import PATIENCE_S, PROGRAM, watchword

ADMIN = ("admin", "correct horse battery staple")
CLOSED = ("closed", "a staple for every horse")
KNOWN = "known00000000@example.org"
MOST_APART_S = 0.001
LEAST_P = 0.01
WARM_UP = 20
UNLIMITED = {
    "WATCHWORD_LIMITS__FREE_FAILURES": "1000000",
    "WATCHWORD_LIMITS__FAILURES_PER_NAME": "1000000",
    "WATCHWORD_LIMITS__LETTER_EVERY_S": "0.000001",
}
"""Nobody has to wait here: a wait would be what is measured."""
NEW_EACH_TIME = {"date", "x-request-id"}
NUMBERS = count(1)

Answer = tuple[int, tuple[tuple[str, str], ...], bytes]


@dataclass(frozen=True)
class Kind:
    """One way to ask a question: `body` is made anew for each time. Then what came of it."""

    name: str
    body: Callable[[], dict[str, object]]
    times: list[float] = field(default_factory=list)
    said: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Question:
    """Something that must be answered alike, whoever it is about.

    `varies` are members of the answer that are what was sent, or new each time.
    """

    name: str
    path: str
    kinds: tuple[Kind, ...]
    token: str = ""
    varies: tuple[str, ...] = ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2000, help="of each kind")
    parser.add_argument("--question", help="only this one")
    options = parser.parse_args()
    os.environ.update(UNLIMITED)
    verdicts = []
    with tempfile.TemporaryDirectory() as folder, watchword(Path(folder)) as running:
        link = HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE_S)
        _prepare(link, folder)
        for question in _questions(link):
            if options.question in {None, question.name}:
                _measure(link, question, options.samples)
                verdicts.append(_judge(question))
    raise SystemExit(not all(verdicts))


def _prepare(link: HTTPConnection, folder: str) -> None:
    """Make an account whose address is proved, and one that is disabled."""
    create = ["account", "create", "known", "--email", KNOWN, "--password-stdin"]
    command = [str(PROGRAM), *create, "--data", folder]
    subprocess.run(command, check=True, input=b"the horse is known\n", capture_output=True)
    token = _log_in(link)
    created = {"username": CLOSED[0], "password": CLOSED[1]}
    _, _, said = _ask(link, "/api/auth/users", created, token)
    path = f"/api/auth/users/{json.loads(said)['user']['id']}"
    status, _, said = _ask(link, path, {"active": False}, token, method="PUT")
    assert status == HTTPStatus.OK, said


def _questions(link: HTTPConnection) -> Iterator[Question]:
    yield Question("log-in", "/api/account/login", _log_ins())
    varies = ("id", "user", "email", "created")
    yield Question("register", "/api/account/register", _registrations(), varies=varies)
    yield Question("forgotten", "/api/account/forgotPassword", _forgotten())
    yield Question("resend", "/api/account/resendConfirmation", _forgotten()[:2])
    token = _log_in(link)
    yield Question("e-mail change", "/api/account/emailChangeToken", _changes(), token=token)


def _log_ins() -> tuple[Kind, ...]:
    return (
        Kind("unknown name", lambda: _login(_fresh("nobody"), "wrong password")),
        Kind("unknown, empty", lambda: _login(_fresh("nobody"), "")),
        Kind("wrong password", lambda: _login(ADMIN[0], "wrong password")),
        Kind("empty password", lambda: _login(ADMIN[0], "")),
        Kind("wrong, disabled", lambda: _login(CLOSED[0], "wrong password")),
    )


def _registrations() -> tuple[Kind, ...]:
    return (
        Kind("address unknown", lambda: _wish(f"{_fresh('known')}@example.org")),
        Kind("address known", lambda: _wish(KNOWN)),
    )


def _forgotten() -> tuple[Kind, ...]:
    return (
        Kind("address unknown", lambda: {"email": f"{_fresh('known')}@example.org"}),
        Kind("address known", lambda: {"email": KNOWN}),
        Kind("name unknown", lambda: {"user": _fresh("nobody")}),
        Kind("name known", lambda: {"user": "known"}),
        Kind("name disabled", lambda: {"user": CLOSED[0]}),
    )


def _changes() -> tuple[Kind, ...]:
    return (
        Kind("address unknown", lambda: {"newEmail": f"{_fresh('known')}@example.org"}),
        Kind("address known", lambda: {"newEmail": KNOWN}),
    )


def _measure(link: HTTPConnection, question: Question, samples: int) -> None:
    """Ask each kind so often; they take turns, so that all have the same luck."""
    order = list(question.kinds)
    chance = Random(samples)  # noqa: S311 - only the order of turns
    for _ in range(samples + WARM_UP):
        chance.shuffle(order)
        for kind in order:
            body = kind.body()
            began = time.perf_counter()
            answer = _ask(link, question.path, body, question.token)
            kind.times.append(time.perf_counter() - began)
            kind.said.add(_told(answer, question.varies))
    for kind in question.kinds:
        del kind.times[:WARM_UP]


def _judge(question: Question) -> bool:
    """Print what there is to tell the kinds apart by, and say whether it is nothing."""
    print(question.name)
    for kind in question.kinds:
        print(f"  {kind.name:16} median {median(kind.times) * 1000:8.3f} ms, n {len(kind.times)}")
    is_alike = True
    for one, other in combinations(question.kinds, 2):
        apart, p = (
            abs(median(one.times) - median(other.times)),
            mann_whitney(one.times, other.times),
        )
        passes = one.said == other.said and (apart <= MOST_APART_S or p > LEAST_P)
        is_alike &= passes
        told = "alike" if one.said == other.said else "DIFFERENT ANSWERS"
        print(f"    {one.name} / {other.name}: {apart * 1000:.3f} ms apart, p {p:.3f}, {told}")
    print(f"  {'alike' if is_alike else 'NOT alike'}")
    return is_alike


def mann_whitney(one: list[float], other: list[float]) -> float:
    """Return the two-sided p of the Mann-Whitney U test, by the normal approximation.

    Good for samples of 20 and more; times are so fine that ties do not matter.
    """
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks = sum(rank for rank, (_, is_first) in enumerate(ranked, start=1) if is_first)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    deviation = abs(u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    return erfc(deviation / sqrt(2))


def _told(answer: Answer, varies: tuple[str, ...]) -> str:
    """Return what an answer tells, without what was sent and what is new each time."""
    status, headers, body = answer
    named = sorted((name, value) for name, value in headers if name not in NEW_EACH_TIME)
    if varies:
        said = json.loads(body)
        body = json.dumps({**said, **dict.fromkeys(varies, "")}).encode()
        named = [(name, value) for name, value in named if name != "content-length"]
    return f"{status} {named} {body!r}"


def _login(name: str, password: str) -> dict[str, object]:
    return {"user": name, "password": password, "rememberMe": False}


def _wish(email: str) -> dict[str, object]:
    return {"user": _fresh("guest"), "password": "a fresh horse", "email": email}


def _fresh(word: str) -> str:
    """Return a name that nobody has had; all are of one length."""
    return f"{word}{next(NUMBERS):08d}"


def _log_in(link: HTTPConnection) -> str:
    status, _, said = _ask(link, "/api/account/login", _login(*ADMIN))
    assert status == HTTPStatus.OK, said
    return str(json.loads(said)["token"])


def _ask(
    link: HTTPConnection, path: str, body: object, token: str = "", *, method: str = "POST"
) -> Answer:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    link.request(method, path, json.dumps(body), headers)
    answer = link.getresponse()
    named = tuple((name.lower(), value) for name, value in answer.getheaders())
    return answer.status, named, answer.read()


if __name__ == "__main__":
    main()
