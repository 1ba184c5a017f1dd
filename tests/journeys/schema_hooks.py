"""Loaded by schemathesis: gives each request a token or key that works, whatever it did before.

The run disables, demotes and deletes accounts and changes passwords, those of its own account
too. Then the next request is made by a new one. The environment says where the server is, whose
role to take, and where the store is, in which the command line makes accounts and keys.
"""

import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import schemathesis

from watchword.core.apikeys.model import Scope

Header = dict[str, str]

PASSWORD = "a staple for every horse"
PROGRAM = Path(sys.executable).with_name("watchword")
WAITS = {str(seconds) for seconds in range(31)}
"""For how long one may wait for news, as the document says."""


class Somebody:
    """An account of the wanted role, and a new one when the old one is of no more use."""

    role = os.environ["SCHEMA_ROLE"]

    def __init__(self) -> None:
        self._http = httpx.Client(base_url=os.environ["SCHEMA_URL"])
        self._numbers = count(1)
        self._name = ""
        self._header: Header = {}
        self._is_sure = False

    def header(self) -> Header:
        """Return the field of the request that says who asks."""
        if not self._is_sure and not self._works():
            self._header = self._obtain(self._name)
            while not self._works():
                self._name = self._make()
                self._header = self._obtain(self._name)
        self._is_sure = True
        return self._header

    def hear(self, status: int) -> None:
        """Learn how a request was answered: what was refused changed nothing."""
        self._is_sure = self._is_sure and status >= httpx.codes.BAD_REQUEST

    def _works(self) -> bool:
        if not self._header:
            return False
        answer = self._http.get("/api/auth/me", headers=self._header)
        return answer.status_code == httpx.codes.OK and answer.json()["role"] == self.role

    def _obtain(self, name: str) -> Header:
        """Log in; nothing comes of it if that cannot be done any more."""
        body = {"username": name, "password": PASSWORD}
        answer = self._http.post("/api/auth/login", json=body)
        if answer.status_code != httpx.codes.OK:
            return {}
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def _make(self) -> str:
        name = f"{self.role} of the run, {os.getpid()}-{next(self._numbers)}"
        words = ["account", "create", name, "--role", self.role, "--password-stdin"]
        assert command(*words, typed=PASSWORD).returncode == 0
        return name


class Machine(Somebody):
    """An admin's API key with every scope, and another when the old one is of no more use."""

    role = "admin"

    def _obtain(self, name: str) -> Header:
        if not name:
            return {}
        scopes = [word for scope in Scope for word in ("--scope", scope)]
        ran = command("apikey", "create", name, "--name", "of the run", *scopes)
        return {"X-Authorization": ran.stdout.strip()} if ran.returncode == 0 else {}


def command(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of the program on the store that is served."""
    where = ["--data", os.environ["SCHEMA_FOLDER"]]
    line = [str(PROGRAM), *where, *words]
    return subprocess.run(line, input=typed, text=True, check=False, capture_output=True)


somebody = Machine() if Somebody.role == "key" else Somebody()


@schemathesis.auth(refresh_interval=None)
class Shown:
    """Puts the credential where most clients put it."""

    def get(self, _case: schemathesis.Case[Any], _context: schemathesis.AuthContext) -> Header:
        return somebody.header()

    def set(
        self, case: schemathesis.Case[Any], header: Header, _: schemathesis.AuthContext
    ) -> None:
        case.headers.update(header)


@schemathesis.hook
def after_call(
    _context: schemathesis.HookContext,
    _case: schemathesis.Case[Any],
    response: schemathesis.Response,
) -> None:
    """Look at the credential again if it may have changed."""
    somebody.hear(response.status_code)


@schemathesis.hook
def before_call(
    _context: schemathesis.HookContext, case: schemathesis.Case[Any], _arguments: dict[str, Any]
) -> None:
    """Wait for no news: there would be none, and the run would take hours."""
    if case.path == "/revocations" and str(case.query.get("wait", "30")) in WAITS:
        case.query["wait"] = "0"
