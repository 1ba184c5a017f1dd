"""The command line: it reads arguments, asks the app, and prints."""

import sys
from typing import NoReturn

from watchword.cli.shortcut import serve_plainly


def main() -> NoReturn:
    """Run the command that was typed."""
    code = serve_plainly(sys.argv[1:])
    if code is None:
        from watchword.cli.program import main as run  # noqa: PLC0415 - see `shortcut`

        run()
    sys.exit(code)


__all__ = ["main"]
