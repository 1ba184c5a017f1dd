"""How a command ends: its exit code, and what it says when something went wrong."""

from collections.abc import Mapping
from enum import IntEnum

from watchword.cli.refusals import sentence
from watchword.core.kernel.errors import (
    ConflictError,
    CoreError,
    InvalidError,
    UnavailableError,
)
from watchword.core.policy.refusals import Refused


class ExitCode(IntEnum):
    """What a script may build on. docs/operate/cli.md lists them."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    START = 3
    UNAVAILABLE = 4
    BUG = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130  # 128 + SIGINT, as a shell says it


class Failure(Exception):  # noqa: N818 - it is one, and the name is said aloud often
    """A command ends here: a stable word for scripts, a sentence for people, an exit code."""

    def __init__(
        self,
        code: str,
        message: str,
        exit_code: ExitCode = ExitCode.REFUSED,
        *,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.exit_code = exit_code
        self.more = more or {}

    @property
    def document(self) -> Mapping[str, object]:
        """Return what `--json` prints on stderr."""
        return {"error": {"code": self.code, "message": self.message, **self.more}}


def usage(message: str) -> Failure:
    """Return the failure of a command that cannot be meant as it was typed."""
    return Failure("usage", message, ExitCode.USAGE)


def refused(refusal: Refused) -> Failure:
    """Return the failure that words a refusal."""
    numbers = {"number": refusal.number, "retry_after": refusal.retry_after}
    more = {name: value for name, value in numbers.items() if value}
    return Failure(str(refusal.reason), sentence(refusal), more=more)


def failure_of(error: Exception) -> Failure:
    """Return how a command ends that met this error. No traceback is shown to anybody."""
    match error:
        case Failure():
            return error
        case UnavailableError():
            return _unavailable(str(error), error)
        case InvalidError() | ConflictError():
            return _unfit(error)
        case CoreError():
            return Failure(error.code, str(error))
        case OSError(filename=str(place), strerror=str(reason)):
            return Failure("start", f"{place}: {reason}", ExitCode.START)
        case _:
            return _failed_start(error) or _bug(error)


def _unfit(error: InvalidError | ConflictError) -> Failure:
    text = f"{error} ({error.field})" if error.field else str(error)
    if error.field == "after":
        text = "The place for --after is none that a list gave. Use the last answer's `next`."
    return Failure(error.code, text, more={"field": error.field})


def _failed_start(error: Exception) -> Failure | None:
    from watchword.settings.load import SettingsError  # noqa: PLC0415 - loaded if it was raised

    if isinstance(error, SettingsError):
        more = {"problems": list(error.problems)}
        return Failure("settings", str(error), ExitCode.START, more=more)
    from watchword.app.house import StartError  # noqa: PLC0415 - the same, and slow

    if not isinstance(error, StartError):
        return None
    # Subclasses are about what is in the database, and waiting does not change that.
    if type(error.__cause__) is UnavailableError:
        return _unavailable(str(error), error.__cause__)
    return Failure("start", str(error), ExitCode.START)


def _unavailable(message: str, error: UnavailableError) -> Failure:
    more = {"retry_after": error.retry_after}
    return Failure(error.code, message, ExitCode.UNAVAILABLE, more=more)


def _bug(error: Exception) -> Failure:
    # Where it happened is for the report. Its text stays out: it may hold a value.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "?") if trace else "?"
    where = f"{type(error).__name__} in {module}, line {trace.tb_lineno if trace else 0}"
    return Failure("bug", f"This is a bug in Watchword, please report it: {where}", ExitCode.BUG)
