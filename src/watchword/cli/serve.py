"""`watchword serve`: run the server."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from watchword import __version__
from watchword.cli.calls import Call, command
from watchword.core.policy.passwords import DOCUMENTED_PASSWORD


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    TEXT = "text"


class Tls(StrEnum):
    """Where the certificate comes from, if not from two files."""

    SELF_SIGNED = "self-signed"


Demo = Annotated[
    bool,
    typer.Option("--demo", help="Make admin / Admin123, listen on loopback only, be lenient."),
]
Host = Annotated[
    str | None, typer.Option("--host", help="The address to listen on; 127.0.0.1 by default.")
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="9261 by default; 0 takes a free one."),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=256, help="Processes; 1 by default.")
]
Certificate = Annotated[
    Tls | None, typer.Option("--tls", help="Make a certificate of our own and use it.")
]
TlsCert = Annotated[
    Path | None, typer.Option("--tls-cert", metavar="FILE", help="A certificate chain, PEM.")
]
TlsKey = Annotated[
    Path | None, typer.Option("--tls-key", metavar="FILE", help="Its private key, PEM.")
]
Format = Annotated[LogFormat | None, typer.Option("--log-format", help="JSON by default.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    command(
        app,
        "serve",
        examples=(
            "watchword serve --demo",
            "watchword serve --data /var/lib/watchword --host 0.0.0.0 --tls self-signed",
        ),
        prints_data=False,
    )(serve)


def serve(
    call: Call,
    *,
    demo: Demo = False,
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    tls: Certificate = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    log_format: Format = None,
) -> int:
    """Run the server until Ctrl-C or SIGTERM; requests that have begun are finished first.

    The first start makes an account `admin` and prints its password once.
    """
    from watchword.app.serve import serve as run  # noqa: PLC0415 - `--help` must be quick

    listen = {"host": host, "port": port, "workers": workers}
    certificate = {"tls": tls, "tls_cert": tls_cert, "tls_key": tls_key}
    overrides = {"server": listen | certificate, "log": {"format": log_format}}
    settings = call.settings(overrides=overrides, demo=demo)

    def say(urls: tuple[str, ...]) -> None:
        # On stdout: stderr has the log, which a program may read.
        sends = bool(settings.mail.smtp_host)
        lines = welcome(urls, docs=settings.server.docs, demo=demo, sends=sends)
        typer.echo("\n".join(lines))

    return run(settings, demo=demo, on_ready=say)


def welcome(urls: tuple[str, ...], *, docs: bool, demo: bool, sends: bool) -> list[str]:
    """Return what somebody at the terminal reads once the server accepts requests."""
    lines = [f"Watchword {__version__} listens on {' and '.join(urls)}"]
    if docs:
        lines.append(f"Documentation: {urls[0]}/docs")
    if not sends:
        lines.append("Letters stay here, for no mail server is set: watchword mail show latest")
    if demo:
        from watchword.core.services.setup import DOCUMENTED_NAME  # noqa: PLC0415 - loaded by now

        lines += [
            f"Demo account, until you change it: {DOCUMENTED_NAME} / {DOCUMENTED_PASSWORD}",
            "WARNING: --demo is for trying out. Everybody on this machine can log in as admin.",
        ]
    return [*lines, "Stop it with Ctrl-C."]
