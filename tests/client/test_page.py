"""The page of the client tells the truth: its example runs as it is written."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from parts.peer import free_port, is_listening
from parts.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "client.md"
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`(\w+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WATCHWORD, SERVICE = 9261, 8000
READY_S = 40.0


def blocks(page: str, kind: str) -> list[str]:
    return [text for found, text in FENCED.findall(page) if found == kind]


@contextmanager
def running(script: str, folder: Path, environment: dict[str, str], port: int) -> Iterator[None]:
    """Type a block of the page into a shell, and wait until something listens."""
    with (folder / f"{port}.log").open("w+") as log:
        process = subprocess.Popen(
            ["bash", "-eu"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            text=True,
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(script)
        process.stdin.close()
        try:
            until(lambda: process.poll() is not None or is_listening(port), within=READY_S)
            assert process.poll() is None, (folder / f"{port}.log").read_text("utf-8")
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.slow
def test_the_example_runs_as_it_is_written(tmp_path: Path) -> None:
    """A Watchword, a guarded service and a caller: let in, and after the log-out not any more."""
    page = PAGE.read_text(encoding="utf-8")
    ports = {WATCHWORD: free_port(), SERVICE: free_port()}
    for written, real in ports.items():
        page = re.sub(rf"(127\.0\.0\.1:|--port ){written}\b", rf"\g<1>{real}", page)
    for name, text in NAMED.findall(page):
        (tmp_path / name).write_text(text, encoding="utf-8")
    serve, guard, caller = blocks(page, "sh")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "WATCHWORD_SERVER__PORT": str(ports[WATCHWORD]),
    }

    with ExitStack() as stack:
        stack.enter_context(running(serve, tmp_path, environment, ports[WATCHWORD]))
        stack.enter_context(running(guard, tmp_path, environment, ports[SERVICE]))
        ran = subprocess.run(
            ["bash", "-eu", "-c", caller],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (ran.stdout, ran.stderr) == (blocks(page, "text")[0], "")


@pytest.mark.parametrize("number", range(5))
def test_every_piece_of_code_can_be_read_by_python(number: int) -> None:
    """And imports what there is."""
    pieces = blocks(PAGE.read_text(encoding="utf-8"), "python")
    imports = [line for line in pieces[number].splitlines() if re.match(r"(from|import) ", line)]

    compile(pieces[number], "page", "exec")
    exec("\n".join(imports), {})  # noqa: S102 - the lines of our own page
    assert len(pieces) == 5
    assert imports
