"""What a server on SQLite has loaded once it is ready: nothing that only few need."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from parts.waiting import until

pytestmark = pytest.mark.slow

_PROGRAM = """
import json, sys, threading

def tell():
    for _ in sys.stdin:
        print(json.dumps(sorted(sys.modules)), flush=True)

threading.Thread(target=tell, daemon=True).start()
from watchword.cli import main
main()
"""

LAST = "jobs.lock"
"""Taken by who looks after jobs, which is the last thing that begins in a server."""

ABSENT = {
    "aiosmtplib": "only a mail server needs it",
    "argparse": "a library's own command line brought it",
    "asyncpg": "PostgreSQL",
    "bonsai": "Active Directory",
    "click": "uvicorn's command line brings it",
    "cyclopts": "a command line of others",
    "email.headerregistry": "letters",
    "email.mime": "letters",
    "greenlet": "structlog takes it in when it is there",
    "gssapi": "Kerberos",
    "httpx": "our client library, not the server",
    "idna": "addresses that are not ASCII",
    "importlib.metadata": "flows of other packages, where there are any",
    "importlib.resources": "our files lie in folders",
    "jinja2": "pages and letters",
    "ldap": "Active Directory",
    "multiprocessing": "uvicorn's reloader brings it",
    "procrastinate": "jobs on PostgreSQL",
    "psycopg": "jobs on PostgreSQL",
    "psycopg_pool": "jobs on PostgreSQL",
    "pydantic": "Typer brings it",
    "pydantic_core": "Typer brings it",
    "rich": "tables of the command line",
    "smtplib": "letters go by aiosmtplib",
    "sqlite3": "apsw is what we use",
    "tarfile": "backups",
    "tomllib": "a settings file",
    "typer": "the command line",
    "unittest": "tests",
    "uvicorn.main": "uvicorn's command line",
    "watchword.app.backups": "backups",
    "watchword.app.restoring": "backups",
    "watchword.cli.program": "the command line",
    "watchword.client": "our client library, not the server",
    "watchword.directory": "Active Directory",
    "watchword.jobs.procrastinatequeue": "jobs on PostgreSQL",
    "watchword.mail.message": "letters",
    "watchword.mail.smtp": "a mail server",
    "watchword.storage.postgres": "PostgreSQL",
    "xml": "nothing of ours reads it",
    "zxcvbn_rs_py": "new passwords",
}
"""What must not be there, with all below it, and who would need it."""


@contextmanager
def serving(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Serve with settings of nobody, so with the defaults."""
    command = [sys.executable, "-c", _PROGRAM, "serve", "--data", str(folder), "--port", "0"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}
    plain["WATCHWORD_DEFAULT_ADMIN"] = "none"  # an account is made at the first start alone
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=plain
    ) as process:
        assert process.stdout is not None
        try:
            assert any(line.startswith("Stop it") for line in process.stdout), "it did not start"
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
        finally:
            process.kill()


def loaded_by(process: "subprocess.Popen[str]") -> set[str]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return set(json.loads(process.stdout.readline()))


def is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_an_idle_server_has_loaded_nothing_that_few_need(tmp_path: Path) -> None:
    """Each of these would cost everybody memory and time at each start.

    Who needs it loads it where it is first used (PLC0415, with its reason).
    """
    with serving(tmp_path / "data") as process:
        until((tmp_path / "data" / LAST).exists)
        loaded = loaded_by(process)

    needless = {
        name: why for name, why in ABSENT.items() if any(is_below(one, name) for one in loaded)
    }

    assert "watchword.storage.sqlite" in loaded
    assert "watchword.dialects.astera.login" in loaded
    assert needless == {}
