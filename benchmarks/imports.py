"""An import of 100,000 accounts: how quick it is, what memory it takes, who feels it meanwhile.

Run it on a machine with nothing else to do: `.venv/bin/python benchmarks/imports.py`. Each turn
begins with an empty SQLite store; with `-- --database postgresql://...` all turns share that one.
"""

import argparse
import json
import os
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path

import bcrypt
import uvloop
from comparing import Pair, line
from load import Outcome, press, request
from people import ACCOUNTS as PEOPLE
from people import seed, token_of
from processes import Running, watchword

ADMIN = {"user": "admin", "password": "correct horse battery staple"}
HEADER = "name,email,email_confirmed,password_hash"
CROWD, ONE = 16, 1
"""As many connections as in the other measurements, and one alone, which never waits for itself."""

PAUSE_S = 0.01
PATIENCE_S = 600.0
WORKING, DONE = {"Initializing", "Running"}, "Completed"
ONE_KEY = {"WATCHWORD_MASTER_KEY": urlsafe_b64encode(b"bench" + bytes(27)).decode()}
"""The folder is another at each turn, but a database of PostgreSQL is the same."""

NUMBERS = count(1)


@dataclass(frozen=True)
class Import:
    """What one import took: its own time, that from the wish on, and the memory of its process."""

    seconds: float
    from_wish_s: float
    peak_mib: float


@dataclass
class Felt:
    """Token checks over so many connections: before imports, beside them, and afterwards."""

    connections: int
    before: list[Outcome] = field(default_factory=list)
    beside: list[Outcome] = field(default_factory=list)
    after: list[Outcome] = field(default_factory=list)

    def report(self) -> None:
        people = f"{self.connections} at once" if self.connections > 1 else "one at a time"
        for figure, unit in (("p50_ms", "ms"), ("p99_ms", "ms"), ("rate", "/s")):
            pairs = [
                Pair(*(getattr(outcome, figure) for outcome in outcomes))
                for outcomes in zip(self.beside, self.before, self.after, strict=True)
            ]
            name = f"token check {figure.removesuffix('_ms')}, {people}"
            print(line(f"{name}, alone", [pair.limit for pair in pairs], unit))
            print(line(f"{name}, beside an import", [pair.ours for pair in pairs], unit))
            print(line(f"{name}, beside : alone", [pair.ratio for pair in pairs], ""))


def main() -> None:
    options = _options()
    os.environ.update(ONE_KEY)
    imports: list[Import] = []
    felt = [Felt(CROWD), Felt(ONE)]
    for _ in range(options.turns):
        with tempfile.TemporaryDirectory() as folder:
            _turn(Path(folder), options, imports, felt)
    rates = [options.accounts / one.seconds for one in imports]
    print(line("accounts", rates, "/s"))
    print(line("from the wish to Completed", [one.from_wish_s for one in imports], "s"))
    print(line("peak RSS of its process", [one.peak_mib for one in imports], "MiB"))
    for one in felt:
        one.report()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--accounts", type=int, default=100_000, help="in one import")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one measurement")
    parser.add_argument("serve", nargs="*", help="options for `watchword serve`, after --")
    return parser.parse_args()


def _turn(data: Path, options: argparse.Namespace, imports: list[Import], felt: list[Felt]) -> None:
    """One import alone, then another that is felt, between two measurements without any."""
    files = [_put_accounts(data, options.accounts) for _ in range(2)]
    with watchword(data, *options.serve) as running:
        seed(running)
        checks = [request("GET", "/api/auth/me", token=token_of(running, n)) for n in range(PEOPLE)]
        admin = _admin(running)
        imports.append(_import(running, admin, files[0]))
        for one in felt:
            one.before.append(_check(running, checks, one, options))
        job, _ = _begin(running, admin, files[1])
        for one in felt:
            one.beside.append(_check(running, checks, one, options))
        if _status(running, admin, job) not in WORKING:
            raise SystemExit("the import was over before the checks: it needs more --accounts")
        _wait(running, admin, job, {DONE})
        for one in felt:
            one.after.append(_check(running, checks, one, options))


def _check(
    running: Running, checks: list[bytes], felt: Felt, options: argparse.Namespace
) -> Outcome:
    def stream(number: int) -> Iterator[bytes]:
        return cycle(checks[number:] + checks[:number])

    outcome = uvloop.run(
        press(running.port, stream, connections=felt.connections, seconds=options.seconds)
    )
    if set(outcome.statuses) != {200}:
        raise SystemExit(f"token checks answered {outcome.statuses}")
    return outcome


def _import(running: Running, admin: str, file: str) -> Import:
    asked_at = time.monotonic()
    job, began_at = _begin(running, admin, file)
    _wait(running, admin, job, {DONE})
    ended_at = time.monotonic()
    return Import(ended_at - began_at, ended_at - asked_at, _peak_mib(running.pid))


def _begin(running: Running, admin: str, file: str) -> tuple[int, float]:
    """Start an import and wait until it runs; return its number, and when it was seen to run."""
    wish = {"flow": "accounts.import", "parameters": {"path": file}}
    status, said = running.ask("POST", "/api/Job", wish, token=admin)
    if status != 202:
        raise SystemExit(f"starting a job answered {status}: {said!r}")
    job: int = json.loads(said)["jobId"]
    _wait(running, admin, job, WORKING)
    return job, time.monotonic()


def _wait(running: Running, admin: str, job: int, wanted: set[str]) -> None:
    ends_at = time.monotonic() + PATIENCE_S
    while (status := _status(running, admin, job)) not in wanted:
        if status in {DONE, "Failed", "Cancelled"} or time.monotonic() > ends_at:
            raise SystemExit(f"the job is {status}, and should be one of {wanted}")
        time.sleep(PAUSE_S)


def _status(running: Running, admin: str, job: int) -> str:
    _, said = running.ask("GET", f"/api/Job/{job}/Status", token=admin)
    return str(json.loads(said)["status"])


def _admin(running: Running) -> str:
    _, said = running.ask("POST", "/api/account/login", ADMIN)
    return str(json.loads(said)["token"])


def _put_accounts(data: Path, accounts: int) -> str:
    """Write a file as another product would give it out; return its name."""
    folder, turn = data / "imports", next(NUMBERS)
    folder.mkdir(exist_ok=True)
    encoded = bcrypt.hashpw(b"a password of the old product", bcrypt.gensalt(10)).decode()
    # The time makes them new for a database that was used for this before.
    people = (f"guest-{time.time_ns():x}-{turn}-{number}" for number in range(accounts))
    lines = (f"{name},{name}@example.org,true,{encoded}\n" for name in people)
    path = folder / f"accounts-{turn}.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{HEADER}\n")
        file.writelines(lines)
    return path.name


def _peak_mib(server: int) -> float:
    """Return the most memory that the process beside the server ever held."""
    [child] = Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split()
    status = Path(f"/proc/{child}/status").read_text("ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main()
