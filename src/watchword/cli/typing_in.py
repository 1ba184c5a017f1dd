"""What a person types while a command runs: passwords, and a yes."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from watchword.cli.exits import usage

PASSWORD_INPUT_MAX = 8192
"""Far more than a password may have; the rest of a file piped by mistake stays unread."""


def new_password(*, from_stdin: bool) -> str:
    """Return a password from one line of standard input, or typed twice without being shown."""
    if from_stdin:
        return _line()
    if not has_terminal():
        raise usage(
            "There is no terminal to ask for a password. Pipe it in, on one line, with"
            " --password-stdin."
        )
    with _interruptible():
        password: str = typer.prompt(
            "New password", hide_input=True, confirmation_prompt="The same again", err=True
        )
    return password


def has_terminal() -> bool:
    """Say whether somebody could answer a question."""
    return sys.stdin.isatty()


def secret(question: str) -> str:
    """Ask for something that is not shown."""
    with _interruptible():
        typed: str = typer.prompt(question, hide_input=True, err=True)
    return typed


def agrees(question: str) -> bool:
    """Ask for a yes; anything else is a no."""
    require_terminal()
    with _interruptible():
        return typer.confirm(question, err=True)


def require_terminal() -> None:
    """Refuse to go on where a question would never be answered."""
    if not has_terminal():
        raise usage("There is no terminal to ask for a yes. Repeat with --yes if you mean it.")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a question at once: asyncio would only note the first one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _line() -> str:
    data = sys.stdin.buffer.read(PASSWORD_INPUT_MAX)
    try:
        # Only what ends the line is cut: spaces belong to a password.
        text = data.decode()
    except UnicodeDecodeError:
        raise usage("The password on standard input is not UTF-8 text.") from None
    line = text.removesuffix("\r\n" if text.endswith("\r\n") else "\n")
    if not line:
        raise usage("There was no password on standard input.")
    if "\n" in line:
        raise usage("There is more than one line on standard input; the password is one line.")
    return line
