"""A server that knows a real Active Directory, and what its people do there and here."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journeys.astera import ACCOUNT, Client
from journeys.jobs import JOBS, OVER
from journeys.people import ADMIN, ME, WITH_ADMIN
from parts.domain import DNS_DOMAIN, NETBIOS, PASSWORD, Domain, Person
from parts.peer import Answer
from parts.server import FOR_ALL, PROGRAM, Server, Store, environment, serving
from parts.waiting import until

CORP = "corp"
"""What the directory is called in the settings."""

LOG_IN_AD, REGISTER_AD, CHANGE_PASSWORD = (
    f"{ACCOUNT}/{name}" for name in ("loginAD", "registerAD", "changePassword")
)
LOG_INS = {
    "loginAD": (LOG_IN_AD, "user"),
    "astera": (f"{ACCOUNT}/login", "user"),
    "asta": ("/api/auth/login", "username"),
    "precrime": ("/user/login", "username"),
}
"""By call: where one logs in with JSON, and which member has the name."""

BY_HAND = {"WATCHWORD_JOBS__SCHEDULES": json.dumps({"directory.sync": ""})}
"""It is synchronised when we say so; else it would be at each quarter of an hour."""

WRONG = "a horse without any staple"
ORDER_S = 300.0

Json = Any  # what an answer holds
Document = dict[str, Any]


@dataclass(kw_only=True)
class Corp(Client):
    """A client of a server, and whoever keeps the server and its directory."""

    domain: Domain
    settings: Mapping[str, str]
    _admin: str = ""

    def try_enter(self, name: str, password: str = PASSWORD, **more: Json) -> Answer:
        return self.ask("POST", LOG_IN_AD, {"user": name, "password": password, **more})

    def enter(self, name: str, password: str = PASSWORD, **more: Json) -> Document:
        """Log in over loginAD; return what the answer says."""
        answer = self.try_enter(name, password, **more)
        assert answer.status == 200, answer
        said: Document = answer.document
        return said

    def try_door(self, call: str, name: str, password: str = PASSWORD) -> Answer:
        """Log in by one of the calls that take JSON."""
        path, member = LOG_INS[call]
        return self.ask("POST", path, {member: name, "password": password})

    def me(self, token: str) -> Answer:
        return self.ask("GET", ME, token=token)

    def admin(self) -> str:
        """Return a token of the local admin."""
        self._admin = self._admin or self.log_in(ADMIN)
        return self._admin

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command with the settings of the server."""
        return command(self.store, self.settings, *words)

    def told_by(self, *words: str) -> Document:
        """Run a command that must go well; return what it says."""
        ran = self.command(*words, "--json")
        assert ran.returncode == 0, ran
        document: Document = json.loads(ran.stdout)
        return document

    def sync(self, **parameters: Json) -> Document:
        """Synchronise, which must go well; return what came of it."""
        ended = self.try_sync(**parameters)
        assert ended["status"] == "Completed", ended
        result: Document = ended["result"]
        return result

    def try_sync(self, **parameters: Json) -> Document:
        """Have a job synchronise over HTTP; return all that is told of it at its end."""
        body = {"flow": "directory.sync", "parameters": parameters}
        begun = self.ask("POST", JOBS, body, token=self.admin())
        assert begun.status == 202, begun
        return until(lambda: self._ended(begun.document["jobId"]), within=ORDER_S)

    def _ended(self, job: int) -> Document | None:
        answer = self.ask("GET", f"{JOBS}/{job}", token=self.admin())
        assert answer.status == 200, answer
        document: Document = answer.document
        return document if document["status"] in OVER else None

    def account(self, name: str) -> Document:
        """Return what an account is, as the operator is told."""
        account: Document = self.told_by("account", "show", name)["account"]
        return account

    def refusals(self, count: int) -> list[str]:
        """Return why the last log-ins were refused, the last one first, as the audit trail says."""
        words = ("--action", "session.signin.refused", "--limit", str(count))
        return [one["detail"] for one in self.told_by("audit", "list", *words)["events"]]


def command(
    store: Store, settings: Mapping[str, str], *words: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command that may take its time."""
    return subprocess.run(
        [PROGRAM, *store.where, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ORDER_S,
        env=environment(settings),
        check=False,
    )


@contextmanager
def at_corp(
    store: Store, domain: Domain, *words: str, settings: Mapping[str, str] | None = None
) -> Iterator[Corp]:
    """Serve people of a domain."""
    chosen = {**WITH_ADMIN, **FOR_ALL, **BY_HAND, **(settings or settings_of(domain))}
    with serving(store, *words, settings=chosen) as server:
        yield Corp(store=store, server=server, domain=domain, settings=chosen)


def settings_of(dc: Domain, directory: str = CORP, /, **more: Json) -> dict[str, str]:
    """Return the settings of a directory with a service account."""
    keys = {
        "urls": [dc.ldaps_url],
        "domain": DNS_DOMAIN,
        "netbios": NETBIOS,
        "ca_file": str(dc.ca_file),
        "bind_user": dc.service.upn,
        "bind_password": dc.service.password,
        **more,
    }
    table = f"WATCHWORD_DIRECTORIES__{directory.upper()}__"
    return {f"{table}{name.upper()}": as_text(value) for name, value in keys.items()}


def as_text(value: Json) -> str:
    """Return a value as it stands in the environment."""
    return value if isinstance(value, str) else json.dumps(value)


def shown(answer: Answer) -> tuple[int, Mapping[str, str], bytes]:
    """Return all of an answer but what is another each time."""
    headers = {name: value for name, value in answer.headers.items() if name not in _EACH_TIME}
    return answer.status, headers, answer.body


_EACH_TIME = {"date", "x-request-id", "server-timing"}


def code_of(answer: Answer) -> tuple[int, str]:
    """Return the status of a refusal of astera, and its word for programs."""
    return answer.status, answer.document.get("code", "")


def open_files(server: Server) -> int:
    """Return how many files, sockets and the like all processes of a server have open."""
    return _counted(server, "fd")


def threads(server: Server) -> int:
    """Return how many threads all processes of a server have."""
    return _counted(server, "task")


def _counted(server: Server, what: str) -> int:
    pids = (server.process.pid, *server.workers())
    return sum(1 for pid in pids for _ in Path(f"/proc/{pid}/{what}").iterdir())


def spellings(person: Person) -> tuple[str, ...]:
    """Return the ways in which somebody may type who they are."""
    return person.name, person.name.upper(), person.upn, person.down_level
