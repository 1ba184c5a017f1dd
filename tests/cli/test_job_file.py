"""`watchword job start --file`: a file, or what is piped in, is handed to a job."""

import gzip
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.shell import PROGRAM, Ran, Shell
from cli.steering import FLOW, IMPORT, Hand, keeping_workers_away
from cli.terminal import at_terminal
from contract.files import no_larger_files
from parts.waiting import until
from watchword.core.jobs.model import State

TEXT = "name,email\nada,ada@example.org\n"
A_DAY_S = 86_400


@pytest.fixture
def hand(shell: Shell) -> Iterator[Hand]:
    with keeping_workers_away(shell):
        yield Hand(shell)


@pytest.fixture
def users(tmp_path: Path) -> Path:
    file = tmp_path / "users.CSV"
    file.write_text(TEXT)
    return file


def copies(shell: Shell) -> list[Path]:
    folder = shell.folder / "imports"
    return sorted(folder.iterdir()) if folder.exists() else []


def starts(shell: Shell, file: Path | str, *words: str, typed: str | bytes = "") -> Ran:
    words = ("job", "start", IMPORT, "--no-wait", "--file", str(file), *words)
    return shell.run(*words, "--json", typed=typed)


def test_a_job_gets_a_copy_of_the_file(hand: Hand, users: Path) -> None:
    """Under a name of ours, for our eyes alone; the job removes it, and the file itself stays."""
    shell = hand.shell

    job = starts(shell, users, "--set", "encoding=latin-1").document["job"]
    (copy,) = copies(shell)

    assert job["parameters"] == {
        "path": copy.name,
        "format": None,
        "encoding": "latin-1",
        "dry_run": False,
        "hash_options": "",
        "remove_file": True,
    }
    assert "users" not in copy.name
    assert copy.suffix == ".csv"
    assert copy.read_text() == users.read_text() == TEXT
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700


def test_two_jobs_get_a_copy_each(hand: Hand, users: Path) -> None:
    """Nothing of one is in the way of the other."""
    for _ in range(2):
        starts(hand.shell, users)

    assert len(copies(hand.shell)) == 2


def test_a_pipe_is_read_to_its_end(hand: Hand) -> None:
    """However much comes through it; how it is written is told, or seen when it is read."""
    lines = "name\n" + "".join(f"n{number}\n" for number in range(300_000))

    job = starts(hand.shell, "-", "--set", "format=csv", typed=lines).document["job"]
    (copy,) = copies(hand.shell)

    assert job["parameters"]["format"] == "csv"
    assert (copy.suffix, copy.read_text()) == ("", lines)


def test_a_key_makes_one_job_of_the_same_file(hand: Hand, users: Path) -> None:
    """The same octets under the same key are one wish, with one copy; others are refused."""
    shell = hand.shell

    first, again = (starts(shell, users, "--key", "k").document["job"] for _ in range(2))
    before = copies(shell)
    users.write_text(f"{TEXT}bob,\n")
    other = starts(shell, users, "--key", "k")

    assert first == again
    assert len(before) == 1
    assert (other.code, other.error["code"]) == (1, "job_key_reused")
    assert copies(shell) == before


def test_a_wish_that_was_fulfilled_leaves_no_second_copy(hand: Hand, users: Path) -> None:
    """The job is over and its copy gone; asking again brings none back."""
    shell = hand.shell
    job = starts(shell, users, "--key", "k").document["job"]
    copies(shell)[0].unlink()
    hand.does(job["id"], result="{}")

    again = starts(shell, users, "--key", "k").document["job"]

    assert (again["id"], again["state"]) == (job["id"], "completed")
    assert copies(shell) == []


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--set", "colour=red"), 1, "unknown field `colour`"),
        (("--set", "dry_run=perhaps"), 1, "Expected `bool`"),
        (("--set", "path=other.csv"), 2, "--file says which file"),
        (("--set", "remove_file=false"), 2, "the copy goes"),
        (("--set", "nonsense"), 2, "NAME=VALUE"),
        (("--key", "k" * 300), 1, "255"),
    ],
)
def test_nothing_is_left_of_a_wish_that_is_refused(
    hand: Hand, users: Path, words: tuple[str, ...], code: int, why: str
) -> None:
    """No job and no copy."""
    ran = starts(hand.shell, users, *words)

    assert ran.code == code
    assert why in ran.error["message"]
    assert copies(hand.shell) == []
    assert hand.shell.ask("job", "list")["jobs"] == []


@pytest.mark.parametrize("flow", [FLOW, "no.such"])
def test_only_a_flow_that_reads_files_gets_one(hand: Hand, users: Path, flow: str) -> None:
    """And nothing is copied to find that out."""
    ran = hand.shell.run("job", "start", flow, "--no-wait", "--file", str(users))

    assert ran.code in {1, 2}
    assert "takes no file" in ran.err or "No flow has this name" in ran.err
    assert copies(hand.shell) == []


def test_what_is_no_file_is_refused(hand: Hand, tmp_path: Path) -> None:
    """A folder, a named pipe that nobody writes into, a socket, a device, and nothing at all."""
    pipe, plug = tmp_path / "pipe", tmp_path / "plug"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))
        ran = {
            place: starts(hand.shell, place)
            for place in (tmp_path, pipe, plug, "/dev/null", tmp_path / "nothing", "", "a\x00b")
        }

    assert {one.code for one in ran.values()} == {1}
    assert {one.error["code"] for one in ran.values()} == {"file"}
    assert "--file -" in ran[pipe].error["message"]
    assert "No such file" in ran[tmp_path / "nothing"].error["message"]
    assert copies(hand.shell) == []


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "empty"),
        (gzip.compress(TEXT.encode(), mtime=0), "compressed (gzip)"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (b"name\0\n", "not text"),
    ],
)
@pytest.mark.parametrize("through", ["file", "pipe"])
def test_what_no_import_can_read_is_refused_at_once(
    hand: Hand, tmp_path: Path, octets: bytes, why: str, through: str
) -> None:
    """Before there is a job that can only fail."""
    file = tmp_path / "users.csv"
    file.write_bytes(octets)

    ran = starts(hand.shell, file if through == "file" else "-", typed=octets)

    assert (ran.code, ran.error["code"]) == (1, "invalid")
    assert why in ran.error["message"]
    assert "(path)" not in ran.error["message"]
    assert copies(hand.shell) == []


def test_a_terminal_is_no_pipe(hand: Hand) -> None:
    """Nobody types a file of accounts; who forgets the pipe is told at once."""
    words = [*hand.shell.where, "job", "start", IMPORT, "--no-wait", "--file", "-"]

    with at_terminal(words) as terminal:
        ran = terminal.end()

    assert ran.code == 2
    assert "nothing is piped into it" in ran.err


def test_a_standard_input_that_is_closed(hand: Hand) -> None:
    """Is told as what it is."""
    words = [str(PROGRAM), *hand.shell.where, "job", "start", IMPORT, "--no-wait", "--file", "-"]

    closed = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *words], capture_output=True, timeout=30, check=False
    )

    assert closed.returncode == 2
    assert b"nothing is piped into it" in closed.stderr
    assert copies(hand.shell) == []


def test_a_full_disk_is_told_and_nothing_is_left(hand: Hand) -> None:
    """Exit 4: when there is room, it is worth another try."""
    with no_larger_files(8_000_000):
        ran = starts(hand.shell, "-", typed=b"name\n" + b"x" * 9_000_000)

    assert (ran.code, ran.error["code"]) == (4, "unavailable")
    assert f"The disk with {hand.shell.folder}/imports is full" in ran.error["message"]
    assert copies(hand.shell) == []
    assert hand.shell.ask("job", "list")["jobs"] == []


def test_a_folder_for_imports_that_cannot_be_used(hand: Hand, users: Path) -> None:
    """Here it is a file; nothing is started."""
    (hand.shell.folder / "imports").write_text("")

    ran = starts(hand.shell, users)

    assert ran.code == 4
    assert "/imports cannot be used" in ran.error["message"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_copy_that_is_interrupted_is_gone(hand: Hand, number: signal.Signals) -> None:
    """While the pipe is still open: one signal is enough, nothing is left, no job was started."""
    words = [*hand.shell.where, "job", "start", IMPORT, "--no-wait", "--file", "-"]
    with subprocess.Popen(
        [str(PROGRAM), *words], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"name\n")
        process.stdin.flush()
        until(lambda: copies(hand.shell), within=20)
        process.send_signal(number)
        process.wait(timeout=20)
        assert process.stderr is not None
        said = process.stderr.read().decode()

    assert (process.returncode, said) == (130, "\nStopped. Nothing was changed.\n")
    assert copies(hand.shell) == []
    assert hand.shell.ask("job", "list")["jobs"] == []


def test_old_copies_that_nobody_needs_are_cleared_away(hand: Hand, users: Path) -> None:
    """Those of runs that were killed and of dry runs; a job that failed may want its copy again."""
    shell = hand.shell
    numbers = [starts(shell, users).document["job"]["id"] for _ in range(3)]
    hand.does(numbers[0], result="{}")
    hand.does(numbers[1], state=State.FAILED, error="It broke.")
    names = [one["parameters"]["path"] for one in shell.ask("job", "list")["jobs"]][::-1]
    folder = shell.folder / "imports"
    cut_off, theirs, young = (
        folder / name
        for name in (f".watchword-{'0' * 32}.part", "mine.csv", f"watchword-{'1' * 32}.csv")
    )
    for path in (cut_off, theirs, young):
        path.write_text(TEXT)
    long_ago = time.time() - A_DAY_S - 60
    for path in folder.iterdir():
        if path != young:
            os.utime(path, (long_ago, long_ago))

    new = starts(shell, users).document["job"]["parameters"]["path"]

    left = {path.name for path in copies(shell)}
    assert left == {names[1], names[2], theirs.name, young.name, new}


def test_folders_of_others_are_nobodys_copies(hand: Hand, users: Path, tmp_path: Path) -> None:
    """What only looks like one of ours stays: a folder, a link."""
    starts(hand.shell, users)
    folder = hand.shell.folder / "imports"
    (folder / f"watchword-{'2' * 32}").mkdir()
    (folder / f"watchword-{'3' * 32}.csv").symlink_to(tmp_path / "nowhere")

    ran = starts(hand.shell, users)

    assert ran.code == 0
    assert len(copies(hand.shell)) == 4
