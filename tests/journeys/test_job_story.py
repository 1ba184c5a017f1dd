"""`curl` starts an export, asks how far it is in the documented words, and fetches the file."""

import csv
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from journeys import keys
from journeys.astera import LOG_IN
from journeys.jobs import DOCUMENTED, ENDS_S, JOBS
from journeys.people import ADMIN, PASSWORD, WITH_ADMIN, furnish
from parts.server import FOR_ALL, Server, Store, serving
from parts.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]

SETTINGS = {**WITH_ADMIN, **FOR_ALL}
PEOPLE = {f"guest-{number}" for number in range(1200)}
"""More than one portion of an export."""

WISH = {"flow": "accounts.export", "parameters": {"format": "csv"}}


@dataclass(frozen=True)
class Curl:
    """Somebody at a shell, with a credential in a header."""

    server: Server
    folder: Path
    credential: str = ""

    def __call__(self, path: str, *options: str) -> str:
        """Ask, and return the body, whatever the status."""
        header = ["-H", self.credential] if self.credential else []
        url = f"http://127.0.0.1:{self.server.port}{path}"
        command = ["curl", "-sS", *header, *options, url]
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, timeout=30
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def status(self, path: str, *options: str) -> int:
        return int(self(path, "-o", "/dev/null", "-w", "%{http_code}", *options))

    def post(self, path: str, body: object, *options: str) -> Any:  # noqa: ANN401 - what JSON holds
        return json.loads(self(path, *posted(body), *options))

    def log_in(self, name: str) -> "Curl":
        """Return the same one with a token."""
        said = self.post(LOG_IN, {"user": name, "password": PASSWORD})
        return Curl(self.server, self.folder, f"Authorization: Bearer {said['token']}")


@pytest.fixture
async def curl(store: Store, tmp_path: Path) -> AsyncIterator[Curl]:
    """A server with some people on it."""
    with serving(store, settings=SETTINGS) as server:
        await furnish(store, PEOPLE)
        yield Curl(server, tmp_path)


def test_an_admin_exports_the_accounts(curl: Curl) -> None:
    """A job comes into being, goes through the documented statuses, and leaves a file."""
    assert_exports(curl.log_in(ADMIN))


def test_a_key_for_jobs_exports_the_accounts(curl: Curl, store: Store) -> None:
    """As an admin's token does; the key needs no more than its scope."""
    key = keys.create(store, "--scope", "jobs:run")

    assert_exports(Curl(curl.server, curl.folder, f"X-Authorization: {key.text}"))


def test_nobody_else_does(curl: Curl, store: Store) -> None:
    """A user and a key without the scope are refused, and see nothing of other people's jobs."""
    admin = curl.log_in(ADMIN)
    job = admin.post(JOBS, WISH)["jobId"]
    finished(admin, job)
    user = curl.log_in(min(PEOPLE))
    key = keys.create(store)
    others = [user, Curl(curl.server, curl.folder, f"X-Authorization: {key.text}")]

    started = [one.status(JOBS, *posted(WISH)) for one in (*others, curl)]
    stopped = [one.status(f"{JOBS}/{job}/Cancel", "-X", "POST") for one in (*others, curl)]
    fetched = [one.status(f"{JOBS}/{job}/Result") for one in (*others, curl)]
    seen = json.loads(user(f"{JOBS}/{job}/Status"))
    plain = user(f"{JOBS}/{job}/Status", "-H", "Accept: text/plain")
    listed = json.loads(user(JOBS))

    assert started == [403, 403, 401]
    assert stopped == [404, 403, 401]
    assert fetched == [404, 403, 401]
    assert (seen, plain) == ({"jobId": job, "status": "Unknown"}, "Unknown")
    assert listed == {"jobs": [], "next": None}


def assert_exports(curl: Curl) -> None:
    """Whoever this is starts an export, watches it and has the file."""
    answer = curl(JOBS, "-D", "head", *posted(WISH))
    job = json.loads(answer)["jobId"]
    head = (curl.folder / "head").read_text("ascii").lower()
    told = finished(curl, job)
    plain = curl(f"{JOBS}/{job}/Status", "-H", "Accept: text/plain")
    curl(f"{JOBS}/{job}/Result", "-O", "-J", "-f")
    with (curl.folder / f"accounts.export-{job}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert " 202 " in head
    assert f"location: {JOBS}/{job}".lower() in head
    assert isinstance(job, int)
    assert told == sorted(told, key=DOCUMENTED.index)
    assert (told[-1], plain) == ("Completed", "Completed")
    assert {row["name"] for row in rows} == {ADMIN, *PEOPLE}
    assert len(rows) == 1 + len(PEOPLE)
    assert "password_hash" not in rows[0]


def finished(curl: Curl, job: int) -> list[str]:
    """Ask until a job is over; return each status that it had meanwhile, in order."""
    told: list[str] = []

    def look() -> bool:
        status = json.loads(curl(f"{JOBS}/{job}/Status"))["status"]
        if status not in told:
            told.append(status)
        return status not in DOCUMENTED[:-1]

    until(look, within=ENDS_S)
    return told


def posted(body: object) -> list[str]:
    """Return the options that send JSON."""
    return ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
