"""Where one server stands during a run: its programs, its data, its port."""

import http.client
import os
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 60.0
CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Ground:
    """Folders, a port and, if it wants one, a database of its own."""

    home: Path
    """What was installed."""

    data: Path
    """A folder that is gone after the run."""

    port: int
    database: str = ""
    """`postgresql://...`, or nothing."""

    holes: dict[str, str] = field(default_factory=dict)
    """What requests need to know and only the running server told, such as a root token."""

    @property
    def python(self) -> Path:
        return self.home / "venv" / "bin" / "python"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, command: list[str], environment: dict[str, str]) -> str:
        """Run a program to its end in the data folder, and return what it printed."""
        surroundings = {**os.environ, **environment}
        ended = subprocess.run(
            command, cwd=self.data, env=surroundings, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise Unusable(f"{Path(command[0]).name}: {last_line(ended.stderr or ended.stdout)}")
        return ended.stdout

    def send(self, raw: bytes) -> tuple[int, str]:
        """Send the octets of one request on a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as line:
            line.sendall(raw)
            answer = http.client.HTTPResponse(line)
            answer.begin()
            if answer.length is None and not answer.chunked and not answer.will_close:
                return answer.status, ""
            return answer.status, answer.read().decode()


class Unusable(Exception):  # noqa: N818 - it is a reason, told in the table
    """A peer cannot take part; the message says why."""


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
