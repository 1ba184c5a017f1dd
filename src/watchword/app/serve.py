"""Serve: the steps before the first request, then sockets and processes."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from watchword import __version__
from watchword.app.house import StartError, make_folder, open_house
from watchword.app.links import forget_address, keep_address
from watchword.app.printed import PrintedSecrets
from watchword.app.start import Start, check_demo, check_directories, check_jobs, check_mail
from watchword.app.web import WebApp, mounted
from watchword.core.kernel.clock import SystemClock
from watchword.core.kernel.errors import CoreError
from watchword.crypto.argon2 import chosen
from watchword.http.gate import Served, TransportLimits
from watchword.http.listening import ServeError, listen
from watchword.http.server import ServerConfig
from watchword.http.server import serve as serve_http
from watchword.http.tls import TlsFiles, check, self_signed
from watchword.observability import log
from watchword.observability.metrics import Metrics, prepare
from watchword.settings.model import ServerSettings, Settings


@dataclass(frozen=True, slots=True)
class Factory:
    """Builds what each worker serves."""

    settings: Settings
    demo: bool
    metrics_listeners: list[socket.socket]

    def __call__(self, worker: int) -> Served:
        log.configure(self.settings.log.level, self.settings.log.format, worker=worker)
        metrics = Metrics(version=__version__, argon2=chosen().build.name)
        listeners = self.metrics_listeners if worker == 0 else []
        app = WebApp(self.settings, worker, self.demo, metrics, listeners)
        return Served(
            app=app,
            at_once=app.at_once,
            render=app.render,
            on_refused=metrics.refused,
            on_stopping=app.stop_waiting,
        )


def serve(settings: Settings, *, demo: bool, on_ready: Callable[[tuple[str, ...]], None]) -> int:
    """Serve until a signal says to stop; return the exit code.

    `on_ready` gets the URLs. Raises StartError with a sentence of what to do.
    """
    log.configure(settings.log.level, settings.log.format)
    log.catch_uncaught()
    if demo:
        check_demo(settings)
    mounted(settings)
    check_mail(settings)
    check_directories(settings)
    # What is refused until here has made nothing.
    make_folder(settings.folder)
    forget_address(settings.folder)
    # Workers count together in files that all of them map.
    prepare(settings.folder / "metrics" if settings.server.workers > 1 else None)
    try:
        config = _config(settings)
        asyncio.run(_prepare(settings, demo=demo))
        factory = Factory(settings, demo, _metrics_listeners(settings.server))
        return serve_http(
            factory, config, on_ready=on_ready, on_bound=_keeper_of_address(settings, demo=demo)
        )
    except ServeError as error:
        raise StartError(str(error)) from error


def _keeper_of_address(settings: Settings, *, demo: bool) -> Callable[[tuple[str, ...]], None]:
    if demo and not settings.public_url:
        return partial(keep_address, settings.folder)
    return lambda _: None


def _metrics_listeners(server: ServerSettings) -> list[socket.socket]:
    # Bound here, so that a port that is taken is told before anything is forked.
    return listen(server.metrics_host, server.metrics_port) if server.metrics_port else []


async def _prepare(settings: Settings, *, demo: bool) -> None:
    # Workers are forked from here, so nothing stays open: each opens its own.
    async with open_house(settings) as house:
        check_jobs(house)
        try:
            await house.keys.ensure_first()
            await Start(house, PrintedSecrets(settings.folder), demo).run()
        except CoreError as error:
            raise StartError(str(error)) from error


def _config(settings: Settings) -> ServerConfig:
    server = settings.server
    return ServerConfig(
        host=server.host,
        port=server.port,
        workers=server.workers,
        limits=TransportLimits(
            head_seconds=server.header_timeout_s,
            body_seconds=server.body_timeout_s,
            body_bytes_max=server.body_bytes_max,
            idle_seconds=server.keep_alive_s,
            connections_max=server.connections_max,
        ),
        tls=_tls(server, settings),
        grace_seconds=round(server.shutdown_timeout_s),
    )


def _tls(server: ServerSettings, settings: Settings) -> TlsFiles | None:
    if server.tls == "off":
        return None
    if server.tls == "self-signed":
        return self_signed(settings.folder, SystemClock())
    files = TlsFiles(Path(server.tls_cert), Path(server.tls_key))
    check(files, SystemClock())
    return files
