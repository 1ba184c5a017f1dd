"""`watchword backup`: make one, see that it is whole, put it in place, and make keys for them."""

import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.shell import PROGRAM, Shell
from cli.steering import Hand, keeping_workers_away
from cli.terminal import CTRL_C, at_terminal, plain
from parts.waiting import until
from watchword.core.jobs.model import State

FLOW = "backup.create"
RECIPIENTS = "WATCHWORD_BACKUP__RECIPIENTS"
MASTER_KEY = "WATCHWORD_MASTER_KEY"
ASKED = "Master key: "
needs_pg_dump = pytest.mark.skipif(not shutil.which("pg_dump"), reason="no pg_dump on this machine")


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def made(shell: Shell, *words: str) -> Path:
    """Make a backup as a script would, and return its file."""
    ran = shell.run("backup", "create", *words)
    assert ran.code == 0, ran.err
    return Path(ran.out.removesuffix("\n"))


def pair(shell: Shell, file: Path) -> str:
    """Make keys, and return the recipient."""
    recipient: str = shell.ask("backup", "key", "--output", str(file))["backup_key"]["recipient"]
    return recipient


def names(shell: Shell) -> list[str]:
    accounts: list[dict[str, Any]] = shell.ask("account", "list")["accounts"]
    return [one["name"] for one in accounts]


def test_keys_are_made(shell: Shell, tmp_path: Path) -> None:
    """The public half alone on stdout; the private one in a file, and nowhere else."""
    file, other = tmp_path / "identity.txt", tmp_path / "other.txt"

    ran = shell.run("backup", "key", "--output", str(file))
    document = shell.ask("backup", "key", "--output", str(other))["backup_key"]

    identity = file.read_text().splitlines()[-1]
    assert ran.out.startswith("age1")
    assert file.read_text().splitlines()[0] == f"# public key: {ran.out.strip()}"
    assert identity.startswith("AGE-SECRET-KEY-1")
    assert identity not in ran.out + ran.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert document["identity_file"] == str(other)
    assert document["recipient"] in other.read_text()
    assert document["recipient"] != ran.out.strip()
    assert not shell.folder.exists()


def test_no_key_is_written_over(shell: Shell, tmp_path: Path) -> None:
    """The identity of old backups is the one thing that must not be lost."""
    file = tmp_path / "identity.txt"
    file.write_text("the old one")

    ran = shell.run("backup", "key", "--output", str(file), "--json")
    unsaid = shell.run("backup", "key")

    assert (ran.code, ran.error["code"]) == (1, "exists")
    assert file.read_text() == "the old one"
    assert unsaid.code == 2


@pytest.mark.parametrize(
    ("words", "has_recipients", "told"),
    [
        ((), False, None),
        ((), True, True),
        (("--encrypt",), False, True),
        (("--no-encrypt",), True, False),
    ],
)
def test_what_is_asked_of_the_flow(
    shell: Shell, tmp_path: Path, words: tuple[str, ...], *, has_recipients: bool, told: bool | None
) -> None:
    """Where recipients are set here, whoever works on it must encrypt, whatever it knows."""
    recipient = pair(shell, tmp_path / "identity.txt")
    recipients = f'["{recipient}"]' if has_recipients else "[]"

    with keeping_workers_away(shell), variable(RECIPIENTS, recipients):
        job = shell.ask("backup", "create", "--no-wait", *words)["job"]

    assert (job["flow"], job["parameters"]) == (FLOW, {"encrypt": told})


def test_a_backup_that_was_made_is_shown_by_its_path(shell: Shell) -> None:
    """Alone on stdout; what else is to be known stands on stderr."""
    with keeping_workers_away(shell):
        hand = Hand(shell)
        number = hand.starts("--key", "nightly", flow=FLOW)
        hand.does(
            number,
            result='{"file": "watchword-1.wwb", "size": 12, "sha256": "", "encrypted": false,'
            ' "has_master_key": false}',
        )
        ran = shell.run("backup", "create", "--key", "nightly")
        document = shell.ask("backup", "create", "--key", "nightly")

    assert ran.out == f"{shell.folder}/backups/watchword-1.wwb\n"
    assert "Job 1 made a backup of 12 octets, not encrypted:\n" in ran.err
    assert "The master key is not in it" in ran.err
    assert document["job"]["result"]["file"] == "watchword-1.wwb"


def test_a_backup_that_failed_says_why(shell: Shell) -> None:
    """Exit 1, and no path."""
    with keeping_workers_away(shell):
        hand = Hand(shell)
        hand.does(
            hand.starts("--key", "k", flow=FLOW), state=State.FAILED, error="The disk is full."
        )
        ran = shell.run("backup", "create", "--key", "k")

    assert ran.code == 1
    assert "Error: The disk is full." in ran.out
    assert "backups/" not in ran.out


def test_one_backup_at_a_time(shell: Shell) -> None:
    """A second one is refused while the first is not over."""
    with keeping_workers_away(shell):
        shell.ask("backup", "create", "--no-wait")
        ran = shell.run("backup", "create", "--json")

    assert (ran.code, ran.error["code"]) == (1, "flow_busy")


def test_what_is_no_backup_is_refused(shell: Shell, tmp_path: Path) -> None:
    """Another file, a folder, a pipe, nothing at all; and then `restore` leaves no store."""
    other, pipe = tmp_path / "other", tmp_path / "pipe"
    other.write_text("not a backup" * 1000)
    os.mkfifo(pipe)

    for verb in ("verify", "restore"):
        for place in (other, pipe, tmp_path, tmp_path / "nothing"):
            ran = shell.run("backup", verb, str(place), "--json")

            assert (ran.code, ran.error["code"], ran.error["field"]) == (1, "invalid", "file")
            assert not (shell.folder / "watchword.db").exists()


@pytest.mark.parametrize("option", ["--identity", "--master-key-file"])
def test_files_of_keys_that_cannot_be_read(shell: Shell, tmp_path: Path, option: str) -> None:
    """Named by their path."""
    nowhere = tmp_path / "nowhere.txt"

    ran = shell.run("backup", "restore", str(tmp_path), option, str(nowhere), "--json")

    assert (ran.code, ran.error["code"]) == (1, "file")
    assert ran.error["message"] == f"{nowhere} cannot be read: No such file or directory."


@pytest.mark.slow
@needs_pg_dump
def test_a_backup_is_made_and_looked_into(each_shell: Shell) -> None:
    """A worker is started for it, and the file is whole."""
    each_shell.has("ada")

    file = made(each_shell)
    told = each_shell.run("backup", "verify", str(file))
    found = each_shell.ask("backup", "verify", str(file))["backup"]

    assert file.parent == each_shell.folder / "backups"
    assert told.out.startswith(f"The backup is whole.\nFile:       {file}\nSize:       ")
    assert "Encrypted:  no\nMaster key: not in it\n" in told.out
    assert found["engine"] == ("postgres" if each_shell.database else "sqlite")
    assert found["size"] == file.stat().st_size
    assert (found["encrypted"], found["newer"]) == (False, False)


@pytest.mark.slow
def test_an_encrypted_backup_is_complete_by_itself(shell: Shell, tmp_path: Path) -> None:
    """The identity opens it, nobody else does; restored, everybody logs in as before."""
    shell.has("ada")
    identity, wrong = tmp_path / "identity.txt", tmp_path / "wrong.txt"
    recipient = pair(shell, identity)
    pair(shell, wrong)
    with variable(RECIPIENTS, f'["{recipient}"]'):
        file = made(shell)
    shell.has("late")
    there = Shell(tmp_path / "there")

    closed = shell.run("backup", "verify", str(file), "--json")
    foreign = shell.run("backup", "verify", str(file), "--identity", str(wrong), "--json")
    found = shell.ask("backup", "verify", str(file), "--identity", str(identity))["backup"]
    restored = there.ask("backup", "restore", str(file), "--identity", str(identity))["restored"]

    assert (closed.code, closed.error["field"]) == (1, "identity")
    assert (foreign.code, foreign.error["field"]) == (1, "identity")
    assert (found["encrypted"], found["has_master_key"]) == (True, True)
    assert found["counts"]["accounts"] == 1
    assert restored["backup"] == found
    assert restored["database"] == str(there.folder / "watchword.db")
    assert restored["put_aside"] == []
    assert names(there) == ["ada"]
    assert there.signs_in("ada")


@pytest.mark.slow
def test_a_plain_backup_needs_the_master_key(shell: Shell, tmp_path: Path) -> None:
    """From a file, from the environment; the wrong one is refused, and so is none at all."""
    shell.has("ada")
    token = shell.signs_in("ada")
    file, key = made(shell), shell.folder / "master.key"
    wrong = tmp_path / "wrong.key"
    Shell(tmp_path / "other").has("eve")
    shutil.copy(tmp_path / "other" / "master.key", wrong)
    by_file, by_air = Shell(tmp_path / "by-file"), Shell(tmp_path / "by-air")

    none = by_file.run("backup", "restore", str(file), "--json")
    refused = by_file.run("backup", "restore", str(file), "--master-key-file", str(wrong), "--json")
    assert not (by_file.folder / "watchword.db").exists()
    told = by_file.run("backup", "restore", str(file), "--master-key-file", str(key))
    again = by_file.run("backup", "restore", str(file), "--json")
    forced = by_file.run("backup", "restore", str(file), "--force")
    with variable(MASTER_KEY, key.read_text().split()[0]):
        from_air = by_air.run("backup", "restore", str(file))

    assert (none.code, none.error["code"]) == (2, "usage")
    assert "--master-key-file" in none.error["message"]
    assert MASTER_KEY in none.error["message"]
    assert (refused.code, refused.error["field"]) == (1, "master_key")
    assert told.out.startswith(f"Restored {by_file.folder}/watchword.db as it was at ")
    assert (again.code, again.error["field"]) == (1, "database")
    assert forced.err.startswith(f"Warning: Put aside: {by_file.folder}/watchword.db.before-")
    assert (forced.code, from_air.code) == (0, 0)
    assert token
    assert by_file.holds(token) == "ada"
    assert not (by_air.folder / "master.key").exists()


@pytest.mark.slow
def test_the_master_key_is_asked_for_and_not_shown(shell: Shell, tmp_path: Path) -> None:
    """Only where it is not known otherwise; Ctrl-C leaves nothing behind."""
    shell.has("ada")
    file, key = made(shell), (shell.folder / "master.key").read_text().split()[0]
    there = Shell(tmp_path / "there")
    words = [*there.where, "backup", "restore", str(file)]

    with at_terminal(words) as terminal:
        terminal.read_until(ASKED)
        terminal.waits_for_a_key()
        terminal.types(CTRL_C)
        left = terminal.end()
    with at_terminal(words) as terminal:
        terminal.read_until(ASKED)
        terminal.waits_for_a_key()
        terminal.types(f"{key}\n")
        done = terminal.end()

    assert left.code == 130
    assert "Nothing was changed" in left.err
    assert done.code == 0, done.err
    assert key not in done.err
    assert "Restored " in plain(done.err)
    assert names(there) == ["ada"]


@pytest.mark.slow
def test_a_restore_that_is_interrupted_leaves_nothing(shell: Shell, tmp_path: Path) -> None:
    """SIGTERM in the middle: no store, nothing half unpacked, and the next restore works."""
    shell.has("ada")
    shell.sets("CREATE TABLE ballast (octets BLOB)")
    shell.sets("INSERT INTO ballast VALUES (zeroblob(150000000))")
    file, there = made(shell), Shell(tmp_path / "there")
    words = ["backup", "restore", str(file), "--master-key-file", str(shell.folder / "master.key")]
    begun = there.folder / "restore.partial" / "watchword.db"

    with subprocess.Popen([str(PROGRAM), *there.where, *words], stderr=subprocess.PIPE) as process:
        until(begun.exists, within=20)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    left = {path.name for path in there.folder.iterdir()}
    again = there.run(*words)

    assert (process.returncode, said) == (130, b"\nStopped. Nothing was changed.\n")
    assert left <= {"in-use.lock"}
    assert again.code == 0, again.err
    assert names(there) == ["ada"]
