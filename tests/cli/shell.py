"""Runs the command line, in this process or as a program of its own."""

import asyncio
import json
import os
import pty
import select
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from typer.core import TyperGroup
from typer.main import get_group
from typer.testing import CliRunner

from parts.waiting import until
from watchword.app.house import open_house
from watchword.cli.program import app
from watchword.core.kernel.caller import Origin
from watchword.core.services.authenticate import Caller
from watchword.core.services.sessiondoor import SignedIn, Terms
from watchword.core.sessions.model import Kind
from watchword.settings.load import load

PROGRAM = Path(sys.executable).with_name("watchword")
PASSWORD = "a staple for every horse"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - what JSON holds
        return json.loads(self.out)

    @property
    def error(self) -> Any:  # noqa: ANN401 - the same
        return json.loads(self.err)["error"]


@dataclass(frozen=True, slots=True)
class Shell:
    """Somebody at the command line of one store."""

    folder: Path
    database: str | None = None

    @property
    def where(self) -> list[str]:
        database = ["--database", self.database] if self.database else []
        return ["--data", str(self.folder), *database]

    def run(self, *words: str, typed: str | bytes = "") -> Ran:
        """Run a command in this process, where stdin is a pipe."""
        with CliRunner().isolation(input=typed) as (out, err, _):
            try:
                _program().main([*self.where, *words])
            except SystemExit as end:
                code = int(end.code or 0)
            return Ran(code, _text(out), _text(err))

    def ask(self, *words: str, typed: str | bytes = "") -> Any:  # noqa: ANN401 - the same
        """Run a command that must end well, and return its document."""
        ran = self.run(*words, "--json", typed=typed)
        assert ran.code == 0, ran.err
        return ran.document

    def has(self, name: str, *words: str) -> dict[str, Any]:
        """Make an account."""
        words = ("account", "create", name, "--password-stdin", *words)
        account: dict[str, Any] = self.ask(*words, typed=PASSWORD)["account"]
        return account

    def signs_in(
        self, name: str, password: str = PASSWORD, *, client: str = "", kind: Kind = Kind.BEARER
    ) -> str | None:
        """Sign in as a client would, and return the token."""
        terms = Terms(lifetime=timedelta(hours=1), client=client, kind=kind)
        return asyncio.run(self._signs_in(name, password, terms))

    def holds(self, token: str) -> str | None:
        """Use a token as a client would; return whose it is, None if it is good no more."""
        return asyncio.run(self._holds(token))

    def uses(self, key: str) -> str | None:
        """Use an API key as a client would; return whose it is, None if it is good no more."""
        return asyncio.run(self._uses(key))

    def sets(self, statement: str) -> None:
        """Change what the store, in SQLite, holds: time passes, chance plays."""
        database = sqlite3.connect(self.folder / "watchword.db")
        with database:
            database.execute(statement)
        database.close()

    async def _uses(self, key: str) -> str | None:
        async with open_house(load(environ={}, overrides=self.overrides)) as house:
            caller = await house.services.check_key.caller(key)
            await house.services.check_key.write_uses()  # as the server does now and then
        return caller.account.name if isinstance(caller, Caller) else None

    async def _signs_in(self, name: str, password: str, terms: Terms) -> str | None:
        async with open_house(load(environ={}, overrides=self.overrides)) as house:
            await house.keys.ensure_first()  # as the server does
            outcome = await house.services.signin.with_password(
                name, password, origin=Origin("192.0.2.7", "asta"), terms=terms
            )
        return outcome.token if isinstance(outcome, SignedIn) else None

    async def _holds(self, token: str) -> str | None:
        async with open_house(load(environ={}, overrides=self.overrides)) as house:
            caller = await house.services.authenticate.token(token)
            await house.services.session_uses.write()  # as the server does now and then
        return caller.account.name if caller else None

    @property
    def overrides(self) -> dict[str, object]:
        return {"data": str(self.folder), "database": self.database}


@cache
def _program() -> TyperGroup:
    """Put the program together once: that takes half as long as a command does."""
    return get_group(app)


def _text(stream: BytesIO) -> str:
    return stream.getvalue().decode().replace("\r\n", "\n")


def program(*words: str, typed: str = "", folder: Path | None = None) -> Ran:
    """Run the installed program, without a terminal."""
    done = subprocess.run(
        [str(PROGRAM), *words],
        input=typed,
        capture_output=True,
        text=True,
        timeout=30,
        cwd=folder,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def at_terminal(words: Sequence[str], answers: Sequence[tuple[str, str]]) -> Ran:
    """Run the program on a terminal; give each answer when its question is there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(PROGRAM, [str(PROGRAM), *words])  # noqa: S606 - our own program
    seen = ""
    for question, answer in answers:
        seen += _read_until(terminal, question)
        _wait_asleep(pid)
        os.write(terminal, answer.encode())
    seen += _read_until(terminal, None)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return Ran(os.waitstatus_to_exitcode(status), seen, "")


def _wait_asleep(pid: int) -> None:
    """Wait until the program waits for a key, as it does long before a person presses one.

    A signal between the question and that wait would be noted, and felt with the next key.
    """
    looks = 0

    def asleep() -> bool:
        nonlocal looks
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        looks = looks + 1 if state == "S" else 0
        return looks > 2

    until(asleep)


def _read_until(terminal: int, text: str | None) -> str:
    seen = ""
    deadline = time.monotonic() + 20
    while text is None or text not in seen:
        assert time.monotonic() < deadline, seen
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            read = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other end is gone
            break
        if not read:
            break
        seen += read.decode()
    return seen
