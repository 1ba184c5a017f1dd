"""All that is asked of one server, the secrets that came back, and a search for each of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from journeys.people import LOG_IN
from parts.line import Json, request
from parts.peer import Answer, Peer
from parts.server import Server

MASTER_KEY = "master.key"


@dataclass
class Visit:
    """All that is asked of one server, and the secrets that came back."""

    server: Server
    secrets: set[str] = field(default_factory=set)
    statuses: list[int] = field(default_factory=list)

    def ask(
        self, method: str, path: str, body: Json = None, *headers: str, token: str | None = None
    ) -> Answer:
        with Peer(self.server.port) as peer:
            answer = peer.ask(request(method, path, body, token=token, headers=headers))
        self.statuses.append(answer.status)
        return answer

    def send(self, raw: bytes) -> None:
        """Send bytes that may be no request, and take whatever comes."""
        with Peer(self.server.port) as peer:
            peer.send(raw)
            self.statuses.append(peer.answer().status)

    def log_in(self, name: str, password: str) -> str:
        answer = self.ask("POST", LOG_IN, who(name, password))
        assert answer.status == 200, answer
        token: str = answer.document["access_token"]
        self.secrets |= {token, token.rpartition(".")[2]}
        return token


def who(name: str, password: str, **more: str) -> Json:
    return {"username": name, "password": password, **more}


def files_of(folders: list[Path]) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != MASTER_KEY:
                yield str(path), path.read_bytes()


def found_in(places: Iterator[tuple[str, bytes]], secrets: set[bytes]) -> Iterator[str]:
    """Say in which places which secrets stand, with what stands around them."""
    for name, content in places:
        folded = content.lower()
        for secret in secrets:
            if (at := folded.find(secret.lower())) >= 0:
                yield f"{name}: {content[max(0, at - 60) : at + 60]!r}"
