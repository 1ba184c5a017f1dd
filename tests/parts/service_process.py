"""A service of somebody else's, a process of its own on uvicorn, that trusts our tokens."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import uvicorn
from starlette.types import Receive, Scope, Send

from parts.program import PATHS
from parts.server import environment
from parts.serving import answer, live
from watchword.client import Guard, GuardMiddleware


@dataclass(frozen=True)
class Trusted:
    """Whom the service trusts, and as what."""

    server: str
    issuer: str
    audience: str
    api_key: str = field(repr=False)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Say who the guard says is asking."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    await answer(send, {"subject": scope["watchword"].subject})


@contextmanager
def guarded(trusted: Trusted) -> Iterator[int]:
    """Run the service until the end of the block; yield its port."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "parts.service_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**environment(), "PYTHONPATH": PATHS},
    ) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(asdict(trusted)) + "\n")
            process.stdin.flush()
            yield int(process.stdout.readline())
        finally:
            process.kill()


def main() -> None:
    trusted = Trusted(**json.loads(sys.stdin.readline()))
    guard = Guard(
        trusted.server,
        audience=trusted.audience,
        api_key=trusted.api_key,
        issuer=trusted.issuer,
    )
    config = uvicorn.Config(
        GuardMiddleware(app, guard=guard), log_level="warning", access_log=False, lifespan="on"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Who connects from now on waits until the guard knows what it has to.
        print(listener.getsockname()[1], flush=True)  # noqa: T201 (a program's output)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
