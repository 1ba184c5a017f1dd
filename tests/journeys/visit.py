"""All that is asked of one server, the secrets that came back, and a search for each of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from journeys.people import LOG_IN
from parts.line import Json, request
from parts.peer import Answer, Peer
from parts.server import Server

MASTER_KEY = "master.key"
PIECE = 8


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
    """Yield what is in files; what many hold alike, as databases of one server do, once."""
    seen = set[bytes]()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != MASTER_KEY:
                content = path.read_bytes()
                if (digest := blake2b(content).digest()) not in seen:
                    seen.add(digest)
                    yield str(path), content


def found_in(places: Iterator[tuple[str, bytes]], secrets: set[bytes]) -> Iterator[str]:
    """Say in which places which secrets stand, with what stands around them."""
    groups = _by_piece({secret.lower() for secret in secrets})
    for name, content in places:
        folded = content.lower()
        for piece, alike in groups.items():
            if piece in folded:
                for secret in alike:
                    if (at := folded.find(secret)) >= 0:
                        yield f"{name}: {content[max(0, at - 60) : at + 60]!r}"


def _by_piece(secrets: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Group secrets by the greatest piece in each: those that overlap, as parts of a key do, have
    the same one as a rule, and where it is not there is no need to look for any of them.
    """
    groups: dict[bytes, list[bytes]] = {}
    for secret in secrets:
        starts = range(max(1, len(secret) - PIECE + 1))
        groups.setdefault(max(secret[at : at + PIECE] for at in starts), []).append(secret)
    return groups
