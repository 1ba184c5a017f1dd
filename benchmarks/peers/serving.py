"""Start a peer, give it 50 accounts, and stop it with all its processes."""

import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from peers.ground import PATIENCE_S, Ground, Unusable, last_line
from peers.peer import Ask, Credential, Peer

USERS = 50
NAMES = [f"bench{number}" for number in range(USERS)]
_STOPS_WITHIN_S = 10.0
_AT_ONCE = 2


@dataclass
class Live:
    """A peer that runs, and what its people hold."""

    peer: Peer
    ground: Ground
    process: subprocess.Popen[bytes]
    ready_s: float
    held: list[Credential] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def ask(self, ask: Ask, **more: str) -> tuple[int, str]:
        """Send a request: `name=`, `token=` and `id=` fill its holes."""
        holes = {f"<{hole}>": value for hole, value in more.items()}
        return self.ground.send(ask.raw(self.ground.holes | holes))

    def log_in(self, name: str) -> Credential:
        status, text = self.ask(self.peer.login, name=name)
        if not 200 <= status < 300:
            raise Unusable(f"a log-in answered {status}: {text[:200]}")
        return self.peer.credential(json.loads(text))

    def register(self, name: str) -> None:
        status, text = self.ask(self.peer.register, name=name)
        if not 200 <= status < 300:
            raise Unusable(f"a registration answered {status}: {text[:200]}")

    def log_everybody_in(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            self.held = list(pool.map(self.log_in, NAMES))

    def seed(self) -> None:
        """Register everybody, log them in, and make a key for each if there are keys."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self.register, NAMES))
        self.log_everybody_in()
        if self.peer.key:
            self.keys = self.peer.keys(self.ground, self.held)

    def stop(self) -> None:
        """Ask it to end, and end what is left of its processes."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_STOPS_WITHIN_S)
        # It was started as the leader of a group, which its children are in.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_STOPS_WITHIN_S)


def start(peer: Peer, ground: Ground) -> Live:
    """Start it and wait until it answers."""
    peer.prepare(ground)
    log = ground.data / "server.log"
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            peer.command(ground),
            cwd=ground.data,
            env={**os.environ, **peer.environment(ground)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    live = Live(peer, ground, process, 0.0)
    try:
        _wait_until_it_answers(live)
        live.ready_s = time.perf_counter() - began
        peer.furnish(ground)
    except BaseException as error:
        live.stop()
        if isinstance(error, Unusable):
            raise Unusable(f"{error}: {last_line(log.read_text(errors='replace'))}") from error
        raise
    return live


def _wait_until_it_answers(live: Live) -> None:
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:
        if live.process.poll() is not None:
            raise Unusable(f"it ended with {live.process.returncode}")
        with suppress(OSError):
            status, _ = live.ask(Ask("GET", live.peer.health))
            if status < 500:
                return
        time.sleep(0.01)
    raise Unusable("it did not answer in time")
