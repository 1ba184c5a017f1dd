"""What we know of a peer: how it is installed, started and asked, and what a right answer holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from load import request
from peers.ground import Ground
from peers.packages import install_python

PASSWORD = "Bench-Passw0rd!42"  # noqa: S105 - of accounts that live for a run
NAME, TOKEN, ID = "<name>", "<token>", "<id>"
"""Holes in a request."""

ARGON2 = {"memory": 19456, "passes": 2, "lanes": 1}
"""Ours; a peer whose hash can be set gets the same."""

ARGON2_WORDS = "Argon2id m=19456 t=2 p=1"


@dataclass(frozen=True)
class Ask:
    """A request with holes. A mapping is sent as JSON, a text as a form."""

    method: str
    path: str
    body: Mapping[str, object] | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def raw(self, holes: Mapping[str, str]) -> bytes:
        """Return the octets of the request with its holes filled."""
        headers = {name: filled(value, holes) for name, value in self.headers.items()}
        path, body = filled(self.path, holes), filled(self.text, holes).encode()
        return request(self.method, path, body=body, headers=self.kind | headers)

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)

    @property
    def kind(self) -> dict[str, str]:
        if not self.body:
            return {}
        kind = "x-www-form-urlencoded" if isinstance(self.body, str) else "json"
        return {"Content-Type": f"application/{kind}"}


def filled(text: str, holes: Mapping[str, str]) -> str:
    for hole, value in holes.items():
        text = text.replace(hole, value)
    return text


@dataclass(frozen=True)
class Credential:
    """What a log-in gave."""

    token: str
    id: str = ""

    @property
    def holes(self) -> dict[str, str]:
        return {TOKEN: self.token, ID: self.id}


class Peer:
    """A server that people could pick; each file beside this one has one."""

    name: ClassVar[str]
    version: ClassVar[str]
    hash: str = ARGON2_WORDS
    runs: str
    """Its processes and its store."""

    programs: tuple[str, ...] = ()
    """What must be on this machine."""

    packages: tuple[str, ...] = ()
    """What pip installs, into a venv of its own."""

    postgres: bool = False
    folder: ClassVar[str] = ""
    """Where it is installed, below the cache; nothing if there is nothing to install."""

    health: ClassVar[str] = "/health"
    register: Ask
    login: Ask
    check: Ask
    holds: ClassVar[str] = NAME
    """What the answer to a token check holds."""

    key: Ask | None = None
    key_holds: ClassVar[str] = NAME

    @property
    def title(self) -> str:
        return f"{self.name}, PostgreSQL" if self.postgres else self.name

    @property
    def store(self) -> str:
        """Say where it keeps accounts. NORMAL waits less for the disk than our FULL."""
        return "PostgreSQL" if self.postgres else "SQLite, synchronous=NORMAL"

    def install(self, home: Path) -> None:
        """Put it below this folder; it is called once for a version."""
        install_python(home, self.packages)

    def prepare(self, ground: Ground) -> None:
        """Make what must be there before the start: a file, a schema."""

    def command(self, ground: Ground) -> list[str]:
        """Return what starts it."""
        raise NotImplementedError

    def environment(self, ground: Ground) -> dict[str, str]:
        """Return what its environment has besides ours."""
        del ground
        return {}

    def furnish(self, ground: Ground) -> None:
        """Do what is left when it answers."""

    def credential(self, answer: Any) -> Credential:  # noqa: ANN401 - JSON of somebody else
        """Find the token in the answer to a log-in."""
        raise NotImplementedError

    def keys(self, ground: Ground, held: list[Credential]) -> list[str]:
        """Make an API key for each of them."""
        raise NotImplementedError
