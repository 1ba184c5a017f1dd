"""`watchword serve`: run the server."""

from pathlib import Path
from typing import Annotated

import typer

from watchword.cli.calls import Call, command
from watchword.cli.serving import PORTS, WORKERS, LogFormat, Tls, overrides, run

Demo = Annotated[
    bool,
    typer.Option("--demo", help="Make admin / Admin123, listen on loopback only, be lenient."),
]
Host = Annotated[
    str | None, typer.Option("--host", help="The address to listen on; 127.0.0.1 by default.")
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", min=PORTS[0], max=PORTS[-1], help="9261 by default; 0 takes a free one."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=WORKERS[0], max=WORKERS[-1], help="Processes; 1 by default."),
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
    listen = {"host": host, "port": port, "workers": workers}
    certificate = {"tls": tls, "tls_cert": tls_cert, "tls_key": tls_key}
    said = overrides(listen | certificate | {"log_format": log_format})
    return run(call.settings(overrides=said, demo=demo), demo=demo)
