"""A process that another one of ours began: `python -m watchword.app.handed`.

It gets the settings through stdin, in one line, for they hold secrets. `beside` is the one
in which a server's heavy jobs run: stdin ends when the server does, and stdout is where it
says what became of them. `detached` goes on without whoever began it.
"""

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchword.settings.model import Settings

FAILED = 3

_STDIN, _STDOUT, _STDERR = 0, 1, 2


def main() -> int:
    """Be that process; return its exit code."""
    # Ctrl-C reaches the whole group, and the server tells us by itself. The imports take a while.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from watchword.app.house import StartError  # noqa: PLC0415 - see above
    from watchword.observability.log import get_logger  # noqa: PLC0415 - the same
    from watchword.settings.handover import unpack  # noqa: PLC0415 - the same

    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return 0  # whoever began us is gone
    try:
        {"beside": _beside, "detached": _detached}[sys.argv[1]](unpack(line))
    except StartError as error:
        get_logger("watchword.jobs").error("no job can be worked on", reason=str(error))
        return FAILED
    return 0


def _beside(settings: "Settings") -> None:
    from watchword.app.worker import run  # noqa: PLC0415 - see above
    from watchword.app.workshops import beside_server  # noqa: PLC0415 - the same
    from watchword.jobs.child import Report  # noqa: PLC0415 - the same
    from watchword.observability import log  # noqa: PLC0415 - the same

    log.configure(settings.log.level, settings.log.format)
    log.catch_uncaught()
    # What a flow prints is for people, and what we say on stdout is for the server.
    report = Report(os.dup(_STDOUT))
    os.dup2(_STDERR, _STDOUT)
    run(settings, lambda house: beside_server(house, report), lifeline=_STDIN)


def _detached(settings: "Settings") -> None:
    from watchword.app.worker import detached  # noqa: PLC0415 - see above

    detached(settings)


if __name__ == "__main__":
    sys.exit(main())
