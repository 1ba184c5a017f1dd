"""`watchword job result`: what a job left, on stdout or in a new file."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.shell import PROGRAM, Shell
from cli.steering import FLOW, Hand, keeping_workers_away
from cli.terminal import at_terminal
from contract.files import no_larger_files
from watchword.core.jobs.model import State

PIECES = ("name,note\r\n", "ada,ünï\x1b[2J\t-\r\n", *(f"n{number},\r\n" for number in range(20)))
WHOLE = "".join(PIECES).encode()


@pytest.fixture
def hand(each_shell: Shell) -> Iterator[Hand]:
    with keeping_workers_away(each_shell):
        yield Hand(each_shell)


@pytest.fixture
def sqlite_hand(shell: Shell) -> Iterator[Hand]:
    with keeping_workers_away(shell):
        yield Hand(shell)


def exported(hand: Hand, *pieces: str) -> int:
    """Have a job that left these."""
    number = hand.starts()
    hand.begins(number)
    hand.writes(number, *pieces)
    hand.ends(number, result='{"accounts": 2}')
    return number


def test_a_pipe_gets_what_the_job_wrote(hand: Hand) -> None:
    """Octet by octet, all pieces in order, and nothing else; whatever the language here."""
    number = exported(hand, *PIECES)

    done = subprocess.run(
        [str(PROGRAM), *hand.shell.where, "job", "result", str(number)],
        capture_output=True,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, WHOLE, b"")


def test_a_file_is_made_for_its_owner_alone(hand: Hand, tmp_path: Path) -> None:
    """The same octets; its size is told."""
    number, file = exported(hand, *PIECES), tmp_path / "users.csv"
    other = tmp_path / "again.csv"

    ran = hand.shell.run("job", "result", str(number), "--output", str(file))
    document = hand.shell.ask("job", "result", str(number), "--output", str(other))

    assert ran.out == f"Wrote {len(WHOLE)} octets to {file}.\n"
    assert file.read_bytes() == other.read_bytes() == WHOLE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert document == {
        "output": {"job": 1, "file": str(other), "size": len(WHOLE), "media": "text/csv"}
    }


def test_nothing_that_is_there_is_overwritten(sqlite_hand: Hand, tmp_path: Path) -> None:
    """No file, no folder, no link to nowhere; and nothing was had, says the audit trail."""
    exported(sqlite_hand, *PIECES)
    shell, file, link = sqlite_hand.shell, tmp_path / "users.csv", tmp_path / "link"
    file.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")

    ran = [
        shell.run("job", "result", "1", "--output", str(one), "--json")
        for one in (file, link, tmp_path)
    ]

    assert [(one.code, one.error["code"]) for one in ran] == [(1, "exists")] * 3
    assert file.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    assert shell.ask("audit", "list", "--action", "job.download")["events"] == []


def test_a_place_that_cannot_be_written(sqlite_hand: Hand, tmp_path: Path) -> None:
    """Says so, and there is no file."""
    exported(sqlite_hand, *PIECES)

    ran = sqlite_hand.shell.run("job", "result", "1", "--output", str(tmp_path / "no" / "where"))

    assert ran.code == 3
    assert ran.err == f"Error: {tmp_path}/no/where: No such file or directory\n"


def test_a_full_disk_leaves_no_half_file(sqlite_hand: Hand, tmp_path: Path) -> None:
    """Exit 4: it may be worth another try."""
    exported(sqlite_hand, *("x" * 1_000_000 for _ in range(12)))
    file = tmp_path / "users.csv"

    with no_larger_files(10_000_000):
        ran = sqlite_hand.shell.run("job", "result", "1", "--output", str(file))

    assert (ran.code, ran.err) == (4, f"Error: {file} cannot be written: File too large.\n")
    assert not file.exists()


@pytest.mark.slow
def test_standard_output_that_takes_no_more(sqlite_hand: Hand) -> None:
    """A full disk behind `>` is told, and is no bug; a reader that goes away is no error."""
    exported(sqlite_hand, *("x" * 100_000 for _ in range(3)))
    command = [str(PROGRAM), *sqlite_hand.shell.where, "job", "result", "1"]
    reader, writer = os.pipe()
    os.close(reader)

    with Path("/dev/full").open("wb") as full:
        failed = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, timeout=30, check=False
        )
    left = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=30, check=False)
    os.close(writer)

    assert failed.returncode == 4
    assert failed.stderr == b"Error: Standard output takes no more: No space left on device.\n"
    assert (left.returncode, left.stderr) == (0, b"")


def test_without_output_the_result_is_given(sqlite_hand: Hand, tmp_path: Path) -> None:
    """As JSON, alone on stdout; with --json as a document; and as a file."""
    shell = sqlite_hand.shell
    sqlite_hand.does(sqlite_hand.starts(), result='{"made": 3}')
    file = tmp_path / "result.json"

    told, document = shell.run("job", "result", "1"), shell.ask("job", "result", "1")
    written = shell.ask("job", "result", "1", "--output", str(file))["output"]

    assert told.document == {"made": 3}
    assert document == {"result": {"made": 3}}
    assert file.read_text() == told.out
    assert written["media"] == "application/json"


def test_output_is_no_document(sqlite_hand: Hand) -> None:
    """Whoever asks for JSON names a file for it."""
    exported(sqlite_hand, *PIECES)

    ran = sqlite_hand.shell.run("job", "result", "1", "--json")

    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert "--output" in ran.error["message"]


def test_what_is_not_over_or_left_nothing(sqlite_hand: Hand) -> None:
    """The first comes later, the second never."""
    shell, waits, broke = sqlite_hand.shell, sqlite_hand.starts(), sqlite_hand.starts()
    sqlite_hand.does(broke, state=State.FAILED, error="It broke.")

    early, empty = (shell.run("job", "result", str(one), "--json") for one in (waits, broke))

    assert (early.code, early.error["code"]) == (1, "job_not_over")
    assert (empty.code, empty.error["code"]) == (1, "not_found")
    assert "left nothing" in empty.error["message"]


def test_a_failed_job_gives_what_it_wrote(sqlite_hand: Hand) -> None:
    """The report of an import that broke off, for instance."""
    number = sqlite_hand.starts()
    sqlite_hand.begins(number)
    sqlite_hand.writes(number, "line 1\n")
    sqlite_hand.ends(number, state=State.FAILED, error="It broke.")

    ran = sqlite_hand.shell.run("job", "result", str(number))

    assert (ran.code, ran.out) == (0, "line 1\n")


@pytest.mark.slow
def test_a_terminal_gets_nothing_that_steers_it(shell: Shell) -> None:
    """The lines stay lines."""
    with keeping_workers_away(shell):
        number = exported(Hand(shell), *PIECES)

        with at_terminal([*shell.where, "job", "result", str(number)]) as terminal:
            ran = terminal.end()

    assert ran.code == 0
    assert ran.err.startswith("name,note\r\nada,ünï\N{REPLACEMENT CHARACTER}[2J\t-\r\nn0,\r\n")


def test_the_list_says_what_there_is_to_have(sqlite_hand: Hand) -> None:
    """On the page of a job, and at its end; its media type for programs."""
    shell = sqlite_hand.shell
    exported(sqlite_hand, *PIECES)
    hint = "What it left (text/csv): watchword job result 1\n"

    page, ended = shell.run("job", "show", "1").out, shell.run("job", "watch", "1").out

    assert page.endswith(hint)
    assert ended.endswith(hint)
    assert shell.ask("job", "list", "--flow", FLOW)["jobs"][0]["output"] == "text/csv"
