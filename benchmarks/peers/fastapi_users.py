"""fastapi-users: what people who write Python with FastAPI pick. It has no API keys."""

import shutil
from pathlib import Path
from typing import Any

from peers.ground import CORES, Ground
from peers.peer import ARGON2, NAME, PASSWORD, TOKEN, Ask, Credential, Peer

_APP = Path(__file__).parent / "apps" / "fastapi_users.txt"
_LOGIN = {"email": f"{NAME}@example.com", "password": PASSWORD}


class FastapiUsers(Peer):
    """Its documented example under uvicorn, a process for each core."""

    name = "fastapi-users"
    version = "15.0.5, fastapi 0.165.0, uvicorn 0.54.0"
    packages = (
        "fastapi-users[sqlalchemy]==15.0.5",
        "fastapi==0.165.0",
        "uvicorn[standard]==0.54.0",
        "SQLAlchemy==2.0.58",
        "pwdlib==0.3.0",
        "aiosqlite==0.22.1",
        "asyncpg==0.32.0",
        "argon2-cffi==25.1.0",
        "argon2-cffi-bindings==26.2.0",
    )
    folder = "fastapi-users"
    register = Ask("POST", "/auth/register", _LOGIN)
    login = Ask(
        "POST", "/auth/jwt/login", f"username={NAME}%40example.com&password=Bench-Passw0rd%2142"
    )
    check = Ask("GET", "/users/me", headers={"Authorization": f"Bearer {TOKEN}"})

    def __init__(self, *, postgres: bool = False) -> None:
        self.postgres = postgres
        self.programs = ("initdb",) if postgres else ()
        self.runs = f"uvicorn, {CORES} processes; {self.store}"

    def prepare(self, ground: Ground) -> None:
        shutil.copy(_APP, ground.data / "app.py")
        ground.run([str(ground.python), "app.py"], self.environment(ground))

    def command(self, ground: Ground) -> list[str]:
        uvicorn = [str(ground.python), "-m", "uvicorn", "app:app", "--workers", str(CORES)]
        return [*uvicorn, "--port", str(ground.port), "--no-access-log", "--log-level", "warning"]

    def environment(self, ground: Ground) -> dict[str, str]:
        lite = f"sqlite+aiosqlite:///{ground.data / 'data.db'}"
        url = ground.database.replace("postgresql:", "postgresql+asyncpg:") or lite
        return {"DATABASE_URL": url, **{f"ARGON2_{k}".upper(): str(v) for k, v in ARGON2.items()}}

    def credential(self, answer: Any) -> Credential:  # noqa: ANN401
        return Credential(answer["access_token"])
