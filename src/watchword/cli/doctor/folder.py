"""Who may look into the data folder: only whoever runs the server."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from watchword.cli.doctor.findings import Finding, fail, ok, warn

OTHERS = stat.S_IRWXG | stat.S_IRWXO
FILES_SHOWN_MAX = 5


def look_at_folder(folder: Path, *, user: int) -> list[Finding]:
    """Look at the folder itself and at the files in it, on behalf of this user."""
    try:
        about = folder.stat()
    except FileNotFoundError:
        advice = "Say where it is with --data DIR, or start: `watchword serve` makes it."
        return [warn("data_folder", f"{folder} is not there", advice)]
    if not stat.S_ISDIR(about.st_mode):
        advice = "Move it away, or name another folder with --data DIR."
        return [fail("data_folder", f"{folder} is not a folder", advice)]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        advice = f"Run as its owner: sudo -u '#{about.st_uid}' watchword doctor"
        return [fail("data_folder", f"{folder} cannot be read and written by you", advice)]
    return [_openness_of(folder, about), _owner_of(folder, about, user)]


def _openness_of(folder: Path, about: os.stat_result) -> Finding:
    mode = stat.S_IMODE(about.st_mode)
    if not mode & OTHERS:
        return ok("data_folder", f"{folder} is open to nobody else (mode {mode:04o})")
    text = f"{folder} is open to others (mode {mode:04o})"
    if bare := sorted(_open_to_others(folder)):
        text += f", and so are files in it: {', '.join(bare[:FILES_SHOWN_MAX])}"
        advice = f"Run: chmod -R go-rwx {folder}. Then think of whom may have read them."
        return fail("data_folder", text, advice)
    return warn("data_folder", text, f"Run: chmod 700 {folder}")


def _owner_of(folder: Path, about: os.stat_result, user: int) -> Finding:
    if about.st_uid != user:
        advice = (
            "A file that you make here is not the server's. Run the command line as the user that"
            f" runs the server: sudo -u '#{about.st_uid}' watchword ..."
        )
        return warn("owner", f"{folder} belongs to user {about.st_uid}, and you are {user}", advice)
    return ok("owner", f"{folder} belongs to you (user {user})")


def _open_to_others(folder: Path) -> Iterator[str]:
    for path in folder.iterdir():
        try:
            about = path.lstat()
        except FileNotFoundError:
            continue  # the server works while we look
        if stat.S_ISREG(about.st_mode) and about.st_mode & OTHERS:
            yield path.name
