"""The command line is there at once: what is slow to load is loaded when it is needed."""

import subprocess
import sys

SLOW = (
    "apsw",
    "asyncio",
    "asyncpg",
    "cryptography",
    "msgspec",
    "rich",
    "starlette",
    "uvicorn",
    "watchword.app",
    "watchword.core.services",
    "watchword.settings",
)


def test_nothing_slow_is_loaded_before_a_command_runs() -> None:
    """`watchword --help` must not wait for a database driver."""
    script = "import sys, watchword.cli.program; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )
    loaded = set(done.stdout.split())

    assert "watchword.cli.accounts" in loaded
    assert loaded & set(SLOW) == set()
