"""Watchword itself, as an operator starts it; benchmarks/processes.py says what is set and why."""

import json
import subprocess
import tempfile
from typing import Any

from peers.ground import Ground, Unusable
from peers.peer import ARGON2_WORDS, NAME, PASSWORD, TOKEN, Ask, Credential, Peer
from processes import PROGRAM

_LOGIN = {"username": NAME, "password": PASSWORD}


class Watchword(Peer):
    """One process with its defaults."""

    name = "watchword"
    version = "this tree"
    health = "/health/live"
    register = Ask("POST", "/api/auth/register", _LOGIN)
    login = Ask("POST", "/api/auth/login", _LOGIN)
    check = Ask("GET", "/api/auth/me", headers={"Authorization": f"Bearer {TOKEN}"})
    key = Ask("GET", "/api/auth/me", headers={"X-Authorization": TOKEN})

    def __init__(self, *, postgres: bool = False, log: str = "warning") -> None:
        self.postgres = postgres
        self.programs = ("initdb",) if postgres else ()
        self._log = log
        store = "PostgreSQL" if postgres else "SQLite, synchronous=FULL"
        self.runs = f"1 process; {store}; log level {log}"
        self.hash = ARGON2_WORDS

    @property
    def title(self) -> str:
        return f"{super().title}, log level {self._log}" if self._log == "info" else super().title

    def command(self, ground: Ground) -> list[str]:
        data, port = str(ground.data / "watchword"), str(ground.port)
        where = ["--database", ground.database] if self.postgres else []
        return [str(PROGRAM), "serve", "--data", data, "--port", port, *where]

    def environment(self, ground: Ground) -> dict[str, str]:
        del ground
        return {
            "WATCHWORD_LIMITS__EXEMPT_ADDRESSES": "127.0.0.0/8",
            "WATCHWORD_ADMIN_PASSWORD": PASSWORD,
            "WATCHWORD_LOG__LEVEL": self._log,
        }

    def credential(self, answer: Any) -> Credential:  # noqa: ANN401
        return Credential(answer["access_token"])

    def keys(self, ground: Ground, held: list[Credential]) -> list[str]:
        ask = Ask("POST", "/authheader/add", {"name": "bench"}, self.check.headers)
        answers = [ground.send(ask.raw(one.holes)) for one in held]
        if {status for status, _ in answers} != {200}:
            raise Unusable(f"making keys answered {answers[-1]}")
        return [json.loads(text)["token"] for _, text in answers]


def hash_told() -> dict[str, str]:
    """Return what `watchword doctor` says of our hash: its build, its rate."""
    with tempfile.TemporaryDirectory() as data:
        command = [str(PROGRAM), "doctor", "--json", "--data", data]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
    findings = json.loads(ended.stdout)["findings"]
    return {
        f"doctor, {finding['check']}": finding["found"]
        for finding in findings
        if finding["check"].startswith("hash")
    }
