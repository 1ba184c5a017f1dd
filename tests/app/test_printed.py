"""Secrets told once."""

import io
import stat
from pathlib import Path

from fakes import HandClock
from watchword.app.printed import PrintedSecrets
from watchword.core.accounts.model import Account, Role
from watchword.core.kernel.ids import AccountId


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def account(role: Role) -> Account:
    now = HandClock().now()
    return Account(id=AccountId("1"), name="a", created_at=now, updated_at=now, role=role)


def test_a_terminal_shows_the_secret(tmp_path: Path) -> None:
    """Nothing is left on the disk."""
    terminal = Terminal()

    assert PrintedSecrets(tmp_path, stream=terminal).show("x", "Look:", "s3cret") is None
    assert "s3cret" in terminal.getvalue()
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_a_file_holds_it(tmp_path: Path) -> None:
    """For its owner alone, even where a file of that name lay open before."""
    (tmp_path / "printed-x.txt").touch(0o666)
    log = io.StringIO()

    path = PrintedSecrets(tmp_path, stream=log).show("x", "Look:", "s3cret")

    assert path is not None
    assert path.read_text() == "s3cret\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert log.getvalue() == ""


def test_the_first_log_in_of_an_admin_removes_it(tmp_path: Path) -> None:
    """A user's log-in does not: the admin may not have read it yet."""
    printed = PrintedSecrets(tmp_path, stream=io.StringIO())
    path = printed.show("x", "Look:", "s3cret")
    assert path is not None

    printed.forget(account(Role.USER))
    assert path.exists()

    printed.forget(account(Role.ADMIN))
    assert not path.exists()
