"""better-auth: what people who write for Node pick. Its sessions are looked up in the store."""

import json
import shutil
from pathlib import Path
from typing import Any

from peers.ground import CORES, Ground
from peers.packages import install_node
from peers.peer import ARGON2, ARGON2_WORDS, NAME, PASSWORD, TOKEN, Ask, Credential, Peer

_APP = Path(__file__).parent / "apps" / "better_auth.mjs"
_WHO = {"email": f"{NAME}@example.com", "password": PASSWORD}


class BetterAuth(Peer):
    """Behind Node's own HTTP server, with several processes only on PostgreSQL.

    On SQLite several refuse half of all registrations, with SQLITE_BUSY.
    """

    name = "better-auth"
    version = "1.7.5, @node-rs/argon2 2.2.1"
    hash = f"{ARGON2_WORDS}, @node-rs/argon2"
    # Newer ones do not go together with this api-key, which names the versions of its parts.
    packages = (
        "better-auth@1.7.5",
        "@better-auth/core@1.7.5",
        "@better-auth/api-key@1.7.5",
        "@better-auth/utils@0.4.2",
        "better-call@1.4.0",
        "better-sqlite3@12.11.1",
        "pg@8.23.1",
        "@node-rs/argon2@2.2.1",
    )
    folder = "better-auth"
    register = Ask("POST", "/api/auth/sign-up/email", {"name": "n", **_WHO})
    login = Ask("POST", "/api/auth/sign-in/email", _WHO)
    check = Ask("GET", "/api/auth/get-session", headers={"Authorization": f"Bearer {TOKEN}"})
    key = Ask("GET", "/verify-key", headers={"X-Api-Key": TOKEN})
    key_holds = '"valid":true'

    def __init__(self, *, postgres: bool = False) -> None:
        self.postgres = postgres
        self.programs = ("node", "npm", *(["initdb"] if postgres else []))
        self._processes = CORES if postgres else 1
        self.runs = f"{self._processes} Node process(es); {self.store}"

    def install(self, home: Path) -> None:
        install_node(home, self.packages)

    def prepare(self, ground: Ground) -> None:
        # Node looks for packages beside the file and above it.
        (ground.data / "node_modules").symlink_to(ground.home / "node_modules")
        shutil.copy(_APP, ground.data / "server.mjs")
        ground.run(["node", "server.mjs", "migrate"], self.environment(ground))

    def command(self, ground: Ground) -> list[str]:
        del ground
        return ["node", "server.mjs"]

    def environment(self, ground: Ground) -> dict[str, str]:
        return {
            "NODE_ENV": "production",
            "PORT": str(ground.port),
            "PROCESSES": str(self._processes),
            "DATABASE_URL": ground.database,
            **{f"ARGON2_{name}".upper(): str(value) for name, value in ARGON2.items()},
        }

    def credential(self, answer: Any) -> Credential:  # noqa: ANN401
        return Credential(answer["token"])

    def keys(self, ground: Ground, held: list[Credential]) -> list[str]:
        ask = Ask("POST", "/api/auth/api-key/create", {"name": "k"}, self.check.headers)
        return [json.loads(ground.send(ask.raw(one.holes))[1])["key"] for one in held]
