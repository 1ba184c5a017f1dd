"""What `watchword serve` does once its words are read. Typer is not needed from here on."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from watchword import __version__
from watchword.core.policy.passwords import DOCUMENTED_PASSWORD

if TYPE_CHECKING:
    from watchword.settings.model import Settings

PORTS = range(65536)
WORKERS = range(1, 257)

_SERVER = {"host", "port", "workers", "tls", "tls_cert", "tls_key"}
_LOG = {"log_format": "format"}


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    TEXT = "text"


class Tls(StrEnum):
    """Where the certificate comes from, if not from two files."""

    SELF_SIGNED = "self-signed"


def overrides(said: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Return what the options of the command say, in the shape of the settings file."""
    server = {name: value for name, value in said.items() if name in _SERVER}
    log = {_LOG[name]: value for name, value in said.items() if name in _LOG}
    return {"server": server, "log": log}


def run(settings: "Settings", *, demo: bool) -> int:
    """Serve until a signal says to stop; return the exit code."""
    from watchword.app.serve import serve  # noqa: PLC0415 - `--help` must be quick

    def say(urls: tuple[str, ...]) -> None:
        # On stdout: stderr has the log, which a program may read.
        sends = bool(settings.mail.smtp_host)
        lines = welcome(urls, docs=settings.server.docs, demo=demo, sends=sends)
        print("\n".join(lines), flush=True)  # noqa: T201 - we print

    return serve(settings, demo=demo, on_ready=say)


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
