"""Serving: binds, starts one process or several, and ends without cutting a request off.

`serve` is all the command line needs. With one worker everything runs in the process that
called; with more, `workers.py` forks them and watches over them.

The end, on SIGTERM or SIGINT: no new connection is accepted (those the kernel already took
for us are), a request that is here is answered with `Connection: close`, a connection
without one gets a moment for a request that may be on its way, and after `grace_seconds`
what is left is cancelled. A second signal ends the process at once.
"""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

import uvloop

from watchword.http.engine import Config, Server
from watchword.http.gate import Gate, Served, TransportLimits
from watchword.http.handshakes import TlsDoor
from watchword.http.lifespan import QuietLifespan, reason_of
from watchword.http.listening import ServeError, allow_open_files, hold_off, listen, urls
from watchword.http.protocol import LimitedProtocol
from watchword.http.tls import TlsFiles, server_context
from watchword.http.workers import Post, Supervisor

BACKLOG = 2048
LOG = logging.getLogger(__name__)

Door = asyncio.Server | TlsDoor
"""What listens on a socket."""

Factory = Callable[[int], Served]
"""Builds what a worker serves, from the worker's number (0, 1, ...).

It is called in the worker. Whoever calls `serve` with more than one worker must not have
threads running or databases open: the workers are forked from there.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Where and how to serve."""

    host: str = "127.0.0.1"
    port: int = 9261
    workers: int = 1
    limits: TransportLimits = field(default_factory=TransportLimits)
    tls: TlsFiles | None = None
    grace_seconds: int = 10


def serve(
    factory: Factory,
    config: ServerConfig,
    *,
    on_ready: Callable[[tuple[str, ...]], None],
    on_bound: Callable[[tuple[str, ...]], None] = lambda _: None,
) -> int:
    """Serve until a signal says to stop, and return the exit code.

    `on_bound` gets the URLs before the first app is built, and `on_ready` once every worker
    accepts requests. ServeError is raised when the server cannot start, or when its workers
    keep dying.
    """
    allow_open_files(config.limits, is_tls=config.tls is not None)
    listeners = listen(config.host, config.port)
    places = urls(listeners, "https" if config.tls else "http")
    try:
        on_bound(places)
        if config.workers == 1:
            return _serve_here(factory, config, listeners, lambda: on_ready(places))
        return _supervise(factory, config, listeners, lambda: on_ready(places))
    finally:
        for listener in listeners:
            listener.close()


def _serve_here(
    factory: Factory,
    config: ServerConfig,
    listeners: list[socket.socket],
    on_started: Callable[[], None],
) -> int:
    server = GracefulServer(_served(factory, 0), config, on_started=on_started)
    return server.serve_on(listeners)


def _supervise(
    factory: Factory,
    config: ServerConfig,
    listeners: list[socket.socket],
    on_ready: Callable[[], None],
) -> int:
    def work(index: int, post: Post) -> int:
        try:
            server = GracefulServer(
                _served(factory, index), config, on_started=post.ready, lifeline=post.lifeline
            )
            return server.serve_on(listeners)
        except ServeError as error:
            post.failed(str(error))
            return 1

    def stop_listening() -> None:
        hold_off(listeners)
        for listener in listeners:
            listener.close()

    return Supervisor(
        work,
        count=config.workers,
        grace_seconds=config.grace_seconds,
        on_ready=on_ready,
        on_stop=stop_listening,
    ).run()


def _served(factory: Factory, index: int) -> Served:
    try:
        return factory(index)
    except Exception as error:
        LOG.debug("Building the app failed", exc_info=error)
        raise ServeError(reason_of(error)) from error


class GracefulServer(Server):
    """uvicorn's server behind our gate, with our way of starting and ending.

    With a `lifeline` it is one worker of several: it ends when told by SIGTERM (however
    often) or when the lifeline breaks, and leaves SIGINT to its parent.
    """

    def __init__(
        self,
        served: Served,
        config: ServerConfig,
        *,
        on_started: Callable[[], None],
        lifeline: int | None = None,
    ) -> None:
        super().__init__(_uvicorn_config(served, config))
        self._served = served
        self._limits = config.limits
        self._on_started = on_started
        self._lifeline = lifeline
        self._gate: Gate
        self._doors: list[Door] = []

    def serve_on(self, listeners: list[socket.socket]) -> int:
        """Serve until told to stop; return 1 if the app could not end in order."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self.serve(sockets=listeners))
        return 1 if self.lifespan.should_exit else 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        if self._lifeline is not None:
            loop.add_reader(self._lifeline, self._cut_loose)
        await self.lifespan.startup()
        assert isinstance(self.lifespan, QuietLifespan)
        if self.lifespan.should_exit:
            raise ServeError(self.lifespan.reason)
        self._gate = Gate(self._limits, self._served, loop)
        self._doors = [await self._listen_on(listener) for listener in sockets or []]
        self.servers = [door for door in self._doors if not isinstance(door, TlsDoor)]
        self.started = True
        try:
            self._on_started()
        except Exception:
            await self.shutdown(sockets)
            raise

    async def _listen_on(self, listener: socket.socket) -> Door:
        context = self.config.ssl
        if context is None:
            loop = asyncio.get_running_loop()
            return await loop.create_server(self._protocol, sock=listener, backlog=BACKLOG)
        listener.listen(BACKLOG)
        return TlsDoor(listener, self._protocol, context=context, limits=self._limits)

    def _protocol(self) -> LimitedProtocol:
        state, loop = self.lifespan.state, asyncio.get_running_loop()
        return LimitedProtocol(self.config, self.server_state, state, gate=self._gate, loop=loop)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        if self._lifeline is not None:
            loop.remove_reader(self._lifeline)
        self._gate.drain()
        self._served.on_stopping()
        for door, connection in self._stop_listening(sockets or []):
            if isinstance(door, TlsDoor):
                door.admit(connection)
            else:
                await loop.connect_accepted_socket(self._protocol, connection)
        for door in self._doors:
            if isinstance(door, TlsDoor):
                await door.settle()
        await super().shutdown(sockets)

    def _stop_listening(self, listeners: list[socket.socket]) -> list[tuple[Door, socket.socket]]:
        """Close the listening sockets; return who had connected: the kernel would reset them."""
        waiting: list[tuple[Door, socket.socket]] = []
        if self._lifeline is None:  # a worker may end alone, and the others serve on
            hold_off(listeners)
        # Nothing may come between the last look and the close, so nothing is awaited here.
        for door, listener in zip(self._doors, listeners, strict=True):
            with suppress(OSError):
                while True:
                    waiting.append((door, listener.accept()[0]))
            door.close()
        return waiting

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's raises the signal again at the end; we return an exit code instead.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in self._signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's)
        self.should_exit = True
        if self._lifeline is None:
            for number in self._signals:
                signal.signal(number, signal.SIG_DFL)

    @property
    def _signals(self) -> tuple[signal.Signals, ...]:
        alone = self._lifeline is None
        return (signal.SIGTERM, signal.SIGINT) if alone else (signal.SIGTERM,)

    def _cut_loose(self) -> None:
        """End because the parent is gone."""
        assert self._lifeline is not None
        asyncio.get_running_loop().remove_reader(self._lifeline)
        self.should_exit = True


def _uvicorn_config(served: Served, config: ServerConfig) -> Config:
    files = config.tls
    settings = Config(
        lambda: served.app,
        factory=True,
        interface="asgi3",
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=config.grace_seconds,
        ssl_context_factory=(lambda *_: server_context(files)) if files else None,
        workers=1,
    )
    settings.load()
    settings.lifespan_class = QuietLifespan
    return settings
