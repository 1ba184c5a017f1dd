"""Loaded by schemathesis: gives each of its requests a token that works, whatever it did before.

The run disables, demotes and deletes accounts and changes passwords, those of its own account
too. Then the next request is made by a new one. The environment says where the server is, whose
role to take, and where the store is, in which the command line makes accounts.
"""

import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import schemathesis

PASSWORD = "a staple for every horse"
PROGRAM = Path(sys.executable).with_name("watchword")


class Somebody:
    """An account of the wanted role, and a new one when the old one is of no more use."""

    def __init__(self) -> None:
        self._role = os.environ["SCHEMA_ROLE"]
        self._folder = os.environ["SCHEMA_FOLDER"]
        self._http = httpx.Client(base_url=os.environ["SCHEMA_URL"])
        self._numbers = count(1)
        self._name = self._token = ""

    def token(self) -> str:
        if not self._works(self._token):
            self._token = self._log_in()
        while not self._works(self._token):
            self._name = self._make()
            self._token = self._log_in()
        return self._token

    def _works(self, token: str) -> bool:
        if not token:
            return False
        answer = self._http.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code == httpx.codes.OK and answer.json()["role"] == self._role

    def _log_in(self) -> str:
        body = {"username": self._name, "password": PASSWORD}
        answer = self._http.post("/api/auth/login", json=body)
        return str(answer.json()["access_token"]) if answer.status_code == httpx.codes.OK else ""

    def _make(self) -> str:
        name = f"{self._role} of the run, {os.getpid()}-{next(self._numbers)}"
        words = ["--data", self._folder, "account", "create", name, "--role", self._role]
        command = [str(PROGRAM), *words, "--password-stdin"]
        subprocess.run(command, input=PASSWORD, text=True, check=True, capture_output=True)
        return name


somebody = Somebody()


@schemathesis.auth(refresh_interval=None)
class Bearer:
    """Puts the token where most clients put it."""

    def get(self, _case: schemathesis.Case[Any], _context: schemathesis.AuthContext) -> str:
        return somebody.token()

    def set(self, case: schemathesis.Case[Any], token: str, _: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {token}"
