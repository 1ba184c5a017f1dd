"""Directories and Kerberos: whether people of a directory could log in."""

from watchword.app.checkup import examined_directory, kerberos_problem
from watchword.cli.doctor.findings import Finding, fail, ok
from watchword.core.kernel.errors import CoreError
from watchword.settings.model import Settings

_CORRECT = "Correct the settings: until then the server does not start."


async def look_at_directories(settings: Settings) -> list[Finding]:
    """Try all that is needed of each directory of the settings; nothing where there is none."""
    found = [one for name in settings.directories for one in await _look_at(settings, name)]
    if settings.kerberos.keytab:
        found.append(_judge_kerberos(settings))
    return found


async def _look_at(settings: Settings, name: str) -> list[Finding]:
    try:
        findings = await examined_directory(settings, name)
    except CoreError as error:
        return [fail("directory", str(error), _CORRECT)]
    advice = f"See each step: watchword directory test {name}"
    wrong = [
        fail("directory", f"{name}: {one.title}: {one.text}", advice)
        for one in findings
        if not one.is_good
    ]
    return wrong or [ok("directory", f"{name}: {', '.join(one.title for one in findings)}")]


def _judge_kerberos(settings: Settings) -> Finding:
    if problem := kerberos_problem(settings):
        return fail("kerberos", problem, _CORRECT)
    return ok("kerberos", f"Tickets are read with {settings.kerberos.keytab}")
