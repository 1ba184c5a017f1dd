"""Secrets that the server tells its operator once, at the start."""

import os
import sys
from pathlib import Path
from typing import TextIO

from watchword.core.accounts.model import Account


class PrintedSecrets:
    """Shows a secret on the terminal, or leaves it in a file where there is no terminal.

    A log is read by many and kept for long, so a secret never goes there: the log only
    names the file. The file is gone with the first log-in of an admin.
    """

    def __init__(self, folder: Path, *, stream: TextIO = sys.stderr) -> None:
        self._folder = folder
        self._stream = stream
        self._may_be_left = True

    def show(self, name: str, sentence: str, secret: str) -> Path | None:
        """Tell a secret; return the file that holds it, None if a terminal showed it."""
        if self._stream.isatty():
            self._stream.write(f"\n{sentence}\n\n    {secret}\n\n")
            self._stream.flush()
            return None
        return self._leave(name, secret)

    def forget(self, account: Account) -> None:
        """Remove the files, now that this account got in, if it is an admin's."""
        if self._may_be_left and account.is_admin:
            for path in self._folder.glob("printed-*.txt"):
                path.unlink(missing_ok=True)
            self._may_be_left = False

    def _leave(self, name: str, secret: str) -> Path:
        path = self._folder / f"printed-{name}.txt"
        path.unlink(missing_ok=True)
        # O_EXCL: nobody else's file or link is written to, and the mode is ours from the start.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{secret}\n")
        return path
