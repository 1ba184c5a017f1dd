"""uvicorn without its command line is uvicorn all the same."""

import subprocess
import sys

import uvicorn.server

from watchword.http.engine import Config, Server

_SCRIPT = """
import sys
import watchword.http.engine
assert "uvicorn.main" not in sys.modules and "click" not in sys.modules
import uvicorn
assert uvicorn.Server is watchword.http.engine.Server
assert not hasattr(uvicorn, "run")
import uvicorn.main
assert uvicorn.main.Server is uvicorn.Server
assert uvicorn.main.run is not None
"""


def test_the_server_is_uvicorns_own() -> None:
    """Whoever imported uvicorn before has the same classes."""
    assert Server is uvicorn.server.Server
    assert Config is uvicorn.config.Config


def test_the_command_line_is_there_for_who_asks() -> None:
    """It is left out of ours, and can be imported by its own name afterwards."""
    command = [sys.executable, "-c", _SCRIPT]

    done = subprocess.run(command, check=False, capture_output=True, timeout=30)

    assert done.stderr == b""
    assert done.returncode == 0
