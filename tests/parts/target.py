"""A server to be attacked: the program itself, its admin's token, and what must stay true of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from parts.line import Json, request
from parts.peer import Answer, Peer
from parts.server import FOR_ALL, Server, Store, serving

PASSWORD = "a staple for every horse"
LOGIN = "/api/auth/login"
ME = "/api/auth/me"
USERS = "/api/auth/users"
JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Target:
    """The server as its attacker sees it, who happens to be its admin as well."""

    server: Server
    store: Store
    token: str
    admin: str

    @property
    def port(self) -> int:
        return self.server.port

    def ask(self, raw: bytes) -> Answer:
        """Send bytes on a connection of their own; ClosedError if it ends without an answer."""
        with Peer(self.port) as peer:
            return peer.ask(raw)

    def call(
        self, method: str, path: str, body: Json = None, *headers: str, token: str | None = None
    ) -> Answer:
        return self.ask(request(method, path, body, token=token, headers=headers))

    def log_in(self, name: str, password: str = PASSWORD, *headers: str) -> Answer:
        return self.call("POST", LOGIN, {"username": name, "password": password}, *headers)

    def memory_kib(self) -> int:
        lines = Path(f"/proc/{self.server.process.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

    def lines(self) -> list[dict[str, Json]]:
        """Return its log; every line of it is JSON."""
        return [json.loads(line) for line in self.server.told().splitlines()]

    def trouble(self) -> list[dict[str, Json]]:
        """Return what its log says of failures of ours."""
        return [
            line
            for line in self.lines()
            if line["level"] in {"error", "critical"} or line.get("status", 0) in range(500, 503)
        ]

    def is_well(self) -> bool:
        """Say whether it still does its work."""
        answer = self.call("GET", ME, token=self.token)
        return answer.status == 200 and answer.document["id"] == self.admin


@contextmanager
def target(folder: Path, **settings: str) -> Iterator[Target]:
    """Run a server to attack; at the end it must be well and have seen no failure of its own."""
    chosen = {**FOR_ALL, "WATCHWORD_ADMIN_PASSWORD": PASSWORD, **_named(settings)}
    store = Store(folder / "data")
    with serving(store, settings=chosen) as server:
        stranger = Target(server, store, "", "")
        found = stranger.log_in("admin").document
        attacked = Target(server, store, found["access_token"], found["user"]["id"])
        yield attacked
        assert attacked.is_well()
        assert attacked.trouble() == []
        assert attacked.token not in server.told()


def says_no(answer: Answer) -> bool:
    """Say whether an answer is a clear no in asta's shape."""
    if answer.status not in range(400, 500) or answer.headers["content-type"] != JSON_TYPE:
        return False
    detail = answer.document["detail"]
    return set(answer.document) == {"detail"} and bool(detail) and isinstance(detail, str | list)


def _named(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"WATCHWORD_{name.upper()}": value for name, value in settings.items()}
