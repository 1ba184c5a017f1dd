"""A real SMTP server on a free port: it keeps what it takes, and fails as it is told to.

    with smtp_server() as server:
        server.on("RCPT", "550 5.1.1 nobody here", to="bob@", times=2)
        ...
        (letter,) = server.wait_for(1)        # or `await server.eventually(1)`
        letter.text, letter.link, letter.message["Subject"]

It runs in a thread, so tests with and without a loop use it alike.
"""

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from parts.smtp_faults import DROP, STALL, Faults, Phase
from parts.smtp_letters import Received
from parts.smtp_session import Session, Terms
from parts.tls import Pair, make_pair
from parts.waiting import eventually, until

__all__ = ["DROP", "STALL", "Phase", "Received", "SmtpServer", "smtp_server"]

Found = TypeVar("Found")

Mode = Literal["none", "starttls", "implicit"]


@dataclass
class SmtpServer:
    """A server that runs, or was stopped and can be started again on the same port."""

    mode: Mode
    terms: Terms
    pair: Pair
    host: str = "localhost"
    port: int = 0

    def __post_init__(self) -> None:
        self._faults = Faults()
        self._letters: list[Received] = []
        self._sessions: set[Session] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.connections = 0

    @property
    def certificate(self) -> Path:
        """The PEM file that a client must trust (`ca_file`)."""
        return self.pair.certificate

    @property
    def letters(self) -> list[Received]:
        """What it has taken so far, in order."""
        return list(self._letters)

    @property
    def sessions(self) -> list[Session]:
        """The connections that are open."""
        return list(self._sessions)

    @property
    def phases(self) -> set[Phase]:
        """Everything that clients came to so far."""
        return set(self._faults.reached)

    @property
    def logins(self) -> int:
        """How often somebody tried to log in."""
        return self._faults.reached["AUTH"]

    def on(
        self,
        phase: Phase,
        act: str,
        *,
        to: str = "",
        times: int | None = None,
        every: int = 1,
    ) -> None:
        """From now on answer this (`451 later`), or STALL or DROP, when it comes to a phase.

        Only for recipients that hold `to`; so many `times`; only each so-many-th time that it
        would apply (`every=5` fails one in five). Of several that apply the first counts.
        """
        self._faults.add(phase, act, to=to, times=times, every=every)

    def heal(self) -> None:
        """Forget all that `on` was told."""
        self._faults.clear()

    def wait_for(self, count: int, *, within: float = 10.0) -> list[Received]:
        """Wait until it has taken so many letters, and return all."""
        return until(self._at_least(count), within=within)

    async def eventually(self, count: int, *, within: float = 10.0) -> list[Received]:
        """Do the same from a loop."""
        return await self._eventually(self._at_least(count), within)

    async def eventually_heard(self, count: int, *, within: float = 10.0) -> bool:
        """Wait until the clients of so many letters said something after our 250."""
        return await self._eventually(
            lambda: sum(one.heard for one in self.letters) >= count, within
        )

    async def eventually_stalled(self, *, within: float = 10.0) -> bool:
        """Wait until a client waits for an answer that it will not get."""
        return await self._eventually(lambda: any(one.stalls for one in self.sessions), within)

    async def eventually_idle(self, *, within: float = 10.0) -> bool:
        """Wait until every connection is gone."""
        return await self._eventually(lambda: not self._sessions, within)

    def wait_until_idle(self, *, within: float = 10.0) -> None:
        """Do the same without a loop."""
        until(lambda: not self._sessions, within=within)

    def start(self) -> None:
        """Listen; again on the same port if it did before."""
        assert self._thread is None
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10), "the SMTP server did not start"

    def stop(self) -> None:
        """Be gone: open connections are cut, new ones refused. What it took it keeps."""
        thread, self._thread = self._thread, None
        if thread is not None:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    async def _eventually(self, look: Callable[[], Found | None], within: float) -> Found:
        async def ask() -> Found | None:
            return look()

        return await eventually(ask, within=within)

    def _at_least(self, count: int) -> Callable[[], list[Received] | None]:
        return lambda: self.letters if len(self._letters) >= count else None

    def _run(self, ready: threading.Event) -> None:
        # By its name: with another policy it would be uvloop's, which aiosmtpd does not fit.
        loop = self._loop = asyncio.SelectorEventLoop()
        asyncio.set_event_loop(loop)
        listener = loop.run_until_complete(
            loop.create_server(
                self._session,
                "127.0.0.1",
                self.port,
                ssl=self.pair.server_context() if self.mode == "implicit" else None,
            )
        )
        self.port = listener.sockets[0].getsockname()[1]
        loop.call_soon(ready.set)
        try:
            loop.run_forever()
        finally:
            listener.close()
            loop.run_until_complete(self._cut())
            loop.close()

    def _session(self) -> Session:
        self.connections += 1
        context = self.pair.server_context() if self.mode == "starttls" else None
        return Session(self.terms, self._faults, self._letters, self._sessions, context)

    async def _cut(self) -> None:
        for session in list(self._sessions):
            session.cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        self._sessions.clear()


@contextmanager
def smtp_server(
    mode: Mode = "none",
    *,
    login: tuple[str, str] | None = None,
    utf8: bool = True,
    names: tuple[str, ...] = ("localhost",),
    days: int = 2,
) -> Iterator[SmtpServer]:
    """Run a server until the end of the block.

    `login` is the user name and password that it demands, `names` are those in its
    certificate, which ended long ago if `days` are negative; without `utf8` it does not offer
    SMTPUTF8.
    """
    with tempfile.TemporaryDirectory() as folder:
        server = SmtpServer(
            mode, Terms(login=login, utf8=utf8), make_pair(Path(folder), *names, days=days)
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
