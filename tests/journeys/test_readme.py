"""The first steps of the README, typed as they stand there, against a demo."""

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from parts.server import PROGRAM, Server, Store, serving

pytestmark = pytest.mark.slow

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIRST_STEPS = README.partition("\n## Try it\n")[2].partition("\n## ")[0]
LINK = re.compile(r"http://\S+/account/\S+")


def blocks() -> list[str]:
    """Return what is typed while the server runs, which is what the first block starts."""
    start, *rest = SHELL.findall(FIRST_STEPS)
    assert "make run" in start
    return rest


def typed(server: Server, folder: Path, *parts: str) -> list[str]:
    """Type these blocks into one shell, as in the folder of a clone; return what each printed."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "watchword").symlink_to(PROGRAM)
    mark = "-- the next block --"
    script = f"echo '{mark}'\n".join(parts).replace(":9261", f":{server.port}")
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        input=script,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(f"{mark}\n")


def press(link: str) -> httpx.Response:
    """Open a page and press its button."""
    page = httpx.get(link)
    assert page.status_code == 200
    assert page.text.count("<button>") == 1
    query = parse_qs(urlsplit(link).query)
    return httpx.post(link.partition("?")[0], data={name: one[0] for name, one in query.items()})


def test_the_first_steps_lead_where_the_readme_says(tmp_path: Path) -> None:
    """Log in, look at the token, log out, register, and follow the link of the letter."""
    with serving(Store(tmp_path / "watchword-data"), "--demo") as server:
        me, claims, after, letter = typed(server, tmp_path, *blocks())
        (link,) = LINK.findall(letter)
        pressed = press(link)
        body = {"username": "ada@example.org", "password": "enigma"}
        entered = httpx.post(f"http://127.0.0.1:{server.port}/api/auth/login", json=body)

    told = SHOWN.findall(FIRST_STEPS)[0].split("...")[0]
    assert json.loads(me)["username"] == "admin"
    assert json.loads(claims)["iss"]
    assert json.loads(after[after.index('{"detail') :]) == {"detail": "Invalid or expired token"}
    assert told in letter
    assert link.startswith(f"http://127.0.0.1:{server.port}/account/confirm?ticket=")
    assert pressed.status_code == 200
    assert entered.status_code == 200
