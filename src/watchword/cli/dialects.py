"""`watchword dialects`: which APIs the server speaks."""

import typer

from watchword.cli.answers import Answer, Table
from watchword.cli.calls import Call, command


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "dialects", examples=("watchword dialects",))(dialects)


def dialects(call: Call) -> Answer:
    """List the dialects that are installed, whether they are enabled, and their paths.

    `enabled_dialects` in the settings says which of them the server speaks.
    """
    from watchword.app.catalogue import installed  # noqa: PLC0415 - `--help` must be quick

    enabled = call.settings().enabled_dialects
    found = [(one, one.name in enabled) for one in installed()]
    document = [
        {"name": one.name, "title": one.title, "enabled": is_on, "paths": list(one.prefixes)}
        for one, is_on in found
    ]
    rows = [
        (one.name, one.title, "yes" if is_on else "no", "  ".join(one.prefixes))
        for one, is_on in found
    ]
    return Answer({"dialects": document}, Table(("name", "title", "enabled", "paths"), rows))
