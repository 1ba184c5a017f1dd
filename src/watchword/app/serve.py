"""Serve: the steps before the first request, then sockets and processes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from watchword.app.house import StartError, open_house
from watchword.app.printed import PrintedSecrets
from watchword.app.start import Start, check_demo
from watchword.app.web import WebApp, mounted
from watchword.core.kernel.clock import SystemClock
from watchword.http.gate import Served, TransportLimits
from watchword.http.listening import ServeError
from watchword.http.server import ServerConfig
from watchword.http.server import serve as serve_http
from watchword.http.tls import TlsFiles, check, self_signed
from watchword.observability import log
from watchword.settings.model import ServerSettings, Settings


@dataclass(frozen=True, slots=True)
class Factory:
    """Builds what each worker serves."""

    settings: Settings
    demo: bool

    def __call__(self, worker: int) -> Served:
        log.configure(self.settings.log.level, self.settings.log.format, worker=worker)
        app = WebApp(self.settings, worker, self.demo)
        return Served(app=app, render=app.render)


def serve(settings: Settings, *, demo: bool, on_ready: Callable[[tuple[str, ...]], None]) -> int:
    """Serve until a signal says to stop; return the exit code.

    `on_ready` gets the URLs. Raises StartError with a sentence of what to do.
    """
    log.configure(settings.log.level, settings.log.format)
    if demo:
        check_demo(settings)
    mounted(settings)
    asyncio.run(_prepare(settings, demo=demo))
    try:
        return serve_http(Factory(settings, demo), _config(settings), on_ready=on_ready)
    except ServeError as error:
        raise StartError(str(error)) from error


async def _prepare(settings: Settings, *, demo: bool) -> None:
    # Workers are forked from here, so nothing stays open: each opens its own.
    async with open_house(settings) as house:
        await house.keys.ensure_first()
        await Start(house, PrintedSecrets(settings.folder), demo).run()


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
