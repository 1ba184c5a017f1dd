"""Start our server as an operator would, and look at it from outside."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from load import request

PROGRAM = Path(sys.executable).with_name("watchword")
PATIENCE_S = 30.0
ASK = request("GET", "/api/health")


@dataclass(frozen=True)
class Running:
    """A server that answers, and how long it took until it did."""

    port: int
    pid: int
    ready_s: float

    @property
    def rss_mib(self) -> float:
        """Return the resident memory of the process, in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def ask(
        self, method: str, path: str, body: object = None, *, token: str = ""
    ) -> tuple[int, bytes]:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        text = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, text, headers)
        answer = connection.getresponse()
        try:
            return answer.status, answer.read()
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def watchword(data: Path, *options: str) -> Iterator[Running]:
    """Serve from this data folder until the block ends."""
    port = free_port()
    command = [str(PROGRAM), "serve", "--data", str(data), "--port", str(port), *options]
    # The load comes from one address, which would else hit the limits per address.
    environment = {
        **os.environ,
        "WATCHWORD_LIMITS__EXEMPT_ADDRESSES": "127.0.0.0/8",
        "WATCHWORD_ADMIN_PASSWORD": "correct horse battery staple",
        "WATCHWORD_LOG__LEVEL": "warning",
    }
    with started(command, port, environment) as running:
        yield running


@contextmanager
def started(command: list[str], port: int, environment: dict[str, str]) -> Iterator[Running]:
    """Run a server program until the block ends; it answers on this port."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for_answer(process, port)
        yield Running(port, process.pid, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


def _wait_for_answer(process: subprocess.Popen[bytes], port: int) -> None:
    """Ask until somebody answers. A connection alone says little: the kernel takes it early."""
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
                connection.sendall(ASK)
                if connection.recv(12) == b"HTTP/1.1 200":
                    return
        except OSError:
            time.sleep(0.002)
    raise SystemExit("the server did not answer in time")
