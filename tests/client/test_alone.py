"""The client works where the server is not installed."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("httpx", "joserfc")
DOOR = """
import sys
import watchword.client
# httpx itself takes rich along where it finds it.
server = {"starlette", "uvicorn", "fastapi", "msgspec", "apsw", "asyncpg", "argon2", "nacl",
    "structlog", "typer", "prometheus_client", "uvloop", "httptools"}
loaded = {name.partition(".")[0] for name in sys.modules}
rooms = {name for name in sys.modules if name.startswith("watchword.")}
print(sorted(server & loaded))
print(sorted(name for name in rooms if not name.startswith("watchword.client")))
print("watchword.client.starlette" in rooms)
"""
WORK = """
import asyncio, httpx
from watchword.client import ApiKeyAuth, AsyncClient, Client, Guard, Unavailable
down = httpx.MockTransport(lambda request: httpx.Response(503))
try:
    Client("https://id.example", username="ada", password="x", transport=down).token()
except Unavailable as error:
    print(error.retry_after)
async def check():
    guard = Guard("https://id.example", audience="a", api_key="k", transport=down)
    starting = asyncio.create_task(guard.start())
    await asyncio.sleep(0)
    try:
        await guard.check("a.b.c")
    except Unavailable as error:
        print(error.retry_after)
    await guard.stop()
    starting.cancel()
asyncio.run(check())
"""


def test_it_brings_nothing_of_the_server_along() -> None:
    """Neither a room of ours nor a library that only the server needs."""
    ran = subprocess.run(
        [sys.executable, "-c", DOOR], capture_output=True, text=True, timeout=60, check=True
    )

    assert ran.stdout.split("\n") == ["[]", "[]", "False", ""]


def test_it_works_with_httpx_and_joserfc_alone(tmp_path: Path) -> None:
    """As after `pip install --no-deps watchword` beside `pip install httpx joserfc`."""
    (tmp_path / "watchword").symlink_to(ROOT / "src" / "watchword")
    for name in _closure(NEEDED):
        for path in _tops(name):
            (tmp_path / path.name).symlink_to(path)

    # -S: no site-packages; -I: nothing of where we stand or what the environment says.
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.append({str(tmp_path)!r})\n{WORK}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.stdout, ran.stderr) == ("5\n1\n", "")
    assert not (tmp_path / "starlette").exists()


def _closure(names: tuple[str, ...]) -> set[str]:
    """Return these distributions and all that they cannot do without."""
    found: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name in found:
            continue
        found.add(name)
        wanted = [
            line
            for line in distribution(name).requires or ()
            if "extra ==" not in line and not re.search(r"python_version\s*<", line)
        ]
        ahead += [re.split(r"[^A-Za-z0-9_.-]", line, maxsplit=1)[0] for line in wanted]
    return found


def _tops(name: str) -> set[Path]:
    """Return the folders and modules that a distribution has put into site-packages."""
    package = distribution(name)
    files = [Path(str(file)) for file in package.files or ()]
    tops = {file.parts[0] for file in files if file.parts[0] not in {"..", "__pycache__"}}
    return {Path(str(package.locate_file(top))) for top in tops}
