"""Starts Python programs of ours beside the test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


@contextmanager
def beside(
    *arguments: str, program: str = "parts.storage_process"
) -> Iterator["subprocess.Popen[str]"]:
    """Run `python -m` this program with these arguments; it is gone afterwards."""
    folders = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
    with subprocess.Popen(
        [sys.executable, "-m", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": folders},
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def line_of(process: "subprocess.Popen[str]") -> str:
    """Wait for the next line that it says; empty at its end."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: "subprocess.Popen[str]", line: str) -> None:
    """Say a line to it."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
