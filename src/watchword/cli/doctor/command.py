"""Runs the examination and says what was found."""

import typer

from watchword.cli.answers import Answer, Table
from watchword.cli.calls import Call, command
from watchword.cli.doctor.findings import Finding, Grade, fail
from watchword.cli.exits import ExitCode


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "doctor", examples=("watchword doctor", "watchword doctor --json"))(doctor)


async def doctor(call: Call) -> Answer:
    """Look for what is wrong or will be, and say what to do. Changes nothing.

    Takes about two seconds, most of it to measure how many passwords the machine can hash.
    Exit 1 if anything fails; a warning alone is no failure.
    """
    # All of it is slow to load, and no other command needs it.
    from watchword.cli.doctor.examination import chosen, examine  # noqa: PLC0415
    from watchword.core.kernel.clock import SystemClock  # noqa: PLC0415
    from watchword.settings.load import SettingsError  # noqa: PLC0415

    try:
        settings = call.settings()
    except SettingsError as error:
        advice = "Correct it; docs/operate/settings.md lists every key."
        return report([fail("settings", problem, advice) for problem in error.problems], {})
    return report(await examine(settings, SystemClock()), chosen(settings))


def report(findings: list[Finding], settings: dict[str, object]) -> Answer:
    """Return what the doctor says. The settings are those that are not at their default."""
    failed = any(one.grade is Grade.FAIL for one in findings)
    document = {
        "ok": not failed,
        "settings": settings,
        "findings": [one.document for one in findings],
    }
    rows = [row for one in findings for row in _rows(one)]
    return Answer(
        document,
        Table(("", "check", "found"), rows),
        ExitCode.REFUSED if failed else ExitCode.OK,
    )


def _rows(finding: Finding) -> list[tuple[str, str, str]]:
    row = (finding.grade.value, finding.check, finding.found)
    return [row, ("", "", f"-> {finding.advice}")] if finding.advice else [row]
