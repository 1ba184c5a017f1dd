"""A real Active Directory: log-ins a second, who feels those that wait, and 20,000 people.

Run it as root, on a machine with nothing else to do:
`PYTHONPATH=tests .venv/bin/python benchmarks/active_directory.py`. First it makes a domain, for
which 20,000 people take minutes; with `--domain FOLDER` that is kept for another run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import uvloop
from comparing import Pair, compare, line, pressed
from drill import CROWD, drill
from load import Outcome, press, request
from processes import PATIENCE_S, Running, watchword
from strangers import UNLIMITED, compare_refusals

from journeys.directory import BY_HAND, LOG_IN_AD, settings_of
from parts.domain import PASSWORD, Domain
from parts.domain_making import make_domain, missing, running_domain

PEOPLE, AT_ONCE = 50, 500
ME = "/api/auth/me"
HERE = Path(__file__).parent
STEP_S = "30"
"""So long a controller may take where one is slow on purpose: nobody shall give up."""


def main() -> None:
    options = _options()
    if reason := missing():
        raise SystemExit(reason)
    with tempfile.TemporaryDirectory() as folder:
        made = options.domain or Path(folder) / "domain"
        if not (made / "http.keytab").exists():
            _make(made, options.crowd)
        with running_domain(made) as domain:
            names = [domain.new_person().name for _ in range(PEOPLE)]
            _log_ins(domain, names, options)
            _waiting(domain, names, options)
            with _serving(UNLIMITED | settings_of(domain)) as running:
                compare_refusals(running, domain, options.samples)
            drill(domain, Path(folder), options.turns)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one measurement")
    parser.add_argument("--samples", type=int, default=500, help="of each kind of refusal")
    parser.add_argument("--crowd", type=int, default=20_000, help="people in the domain")
    parser.add_argument("--domain", type=Path, help="a folder to keep the domain in")
    return parser.parse_args()


def _make(folder: Path, crowd: int) -> None:
    make_domain(folder)
    domain = Domain(folder, "127.0.0.1")  # nobody asks it before it is copied
    domain.new_ou(CROWD)
    for begin in range(0, crowd, AT_ONCE):
        domain.new_crowd(min(AT_ONCE, crowd - begin), prefix=f"crowd{begin:05d}-", ou=CROWD)
    domain.close()


@contextmanager
def _serving(settings: dict[str, str]) -> Iterator[Running]:
    """Serve from an empty folder, with a directory."""
    os.environ.update({**BY_HAND, **settings})
    with tempfile.TemporaryDirectory() as data, watchword(Path(data)) as running:
        yield running


def _log_ins(domain: Domain, names: list[str], options: argparse.Namespace) -> None:
    """Log-ins a second, beside bare binds of the same people with as many connections."""
    bodies = [json.dumps({"user": name, "password": PASSWORD}).encode() for name in names]
    asked = [request("POST", LOG_IN_AD, body=body) for body in bodies]

    def stream(number: int) -> Iterator[bytes]:
        return cycle(asked[number:] + asked[:number])

    with _serving(settings_of(domain)) as running:
        pressed(running.port, stream, options.seconds)  # the first one makes the account
        compare(
            "log-in",
            "bare bind",
            options.turns,
            ours=lambda: pressed(running.port, stream, options.seconds),
            limit=lambda: _binds(domain, names, options.seconds),
        )


def _binds(domain: Domain, names: list[str], seconds: float) -> float:
    asked = {"url": domain.ldaps_url, "ca_file": str(domain.ca_file), "seconds": seconds}
    asked |= {"names": [f"{name}@ad.test" for name in names], "password": PASSWORD}
    command = [sys.executable, str(HERE / "binds.py"), json.dumps(asked)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _waiting(domain: Domain, names: list[str], options: argparse.Namespace) -> None:
    """Token checks of a local account while 50 log-ins wait, between two times without them."""
    with _crowd(domain, names) as crowd:
        url = _told(crowd)
        with _serving(settings_of(domain, urls=url, timeout_s=STEP_S)) as running:
            _tell(crowd, str(running.port))
            check = request("GET", ME, token=_token(running))
            for connections in (16, 1):
                _compare_checks(running.port, check, crowd, connections, options)


def _compare_checks(
    port: int,
    check: bytes,
    crowd: "subprocess.Popen[str]",
    connections: int,
    options: argparse.Namespace,
) -> None:
    beside, alone = list[Outcome](), [_checked(port, check, connections, options.seconds)]
    for _ in range(options.turns):
        _tell(crowd, "wait")
        beside.append(_checked(port, check, connections, options.seconds))
        _tell(crowd, "go")
        alone.append(_checked(port, check, connections, options.seconds))
    for figure, unit in (("p50_ms", "ms"), ("p99_ms", "ms"), ("rate", "/s")):
        ours = [getattr(outcome, figure) for outcome in beside]
        limits = [getattr(outcome, figure) for outcome in alone]
        pairs = list(map(Pair, ours, limits, limits[1:]))
        name = f"token check {figure.removesuffix('_ms')}, {connections} at once"
        print(line(f"{name}, alone", [pair.limit for pair in pairs], unit))
        print(line(f"{name}, beside {PEOPLE} that wait", ours, unit))
        print(line(f"{name}, beside : alone", [pair.ratio for pair in pairs], ""))


def _checked(port: int, check: bytes, connections: int, seconds: float) -> Outcome:
    outcome = uvloop.run(
        press(port, lambda _: cycle([check]), connections=connections, seconds=seconds)
    )
    if set(outcome.statuses) != {200}:
        raise SystemExit(f"token checks answered {outcome.statuses}")
    return outcome


def _token(running: Running) -> str:
    body = {"user": "admin", "password": "correct horse battery staple"}
    _, said = running.ask("POST", "/api/account/login", body)
    return str(json.loads(said)["token"])


@contextmanager
def _crowd(domain: Domain, names: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """Have a slow DC and people who wait for it, in a process of its own."""
    asked = {"folder": str(domain.folder), "address": domain.address, "names": names}
    command = [sys.executable, str(HERE / "waiting.py"), json.dumps(asked)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def _tell(crowd: "subprocess.Popen[str]", word: str) -> None:
    """Say a word to it, and wait until it has done that."""
    assert crowd.stdin is not None
    crowd.stdin.write(f"{word}\n")
    crowd.stdin.flush()
    assert _told(crowd) == "done"


def _told(crowd: "subprocess.Popen[str]") -> str:
    assert crowd.stdout is not None
    return crowd.stdout.readline().strip()


if __name__ == "__main__":
    main()
