"""Jobs from the command line to their end: with a worker that is started for them, or a server."""

import subprocess
from pathlib import Path

import pytest

from cli.shell import PASSWORD, PROGRAM, Ran, Shell
from cli.steering import FLOW, IMPORT
from cli.terminal import CTRL_C, at_terminal, plain
from parts.server import Store, serving
from watchword.app.worker import DETACHED_LOG, is_somebody_working
from watchword.settings.load import load

pytestmark = pytest.mark.slow

MANY = 60_000
USERS = (
    "name,email,password_hash\n"
    "bea,bea@example.org,{SHA}plain\n"
    "cy,,$2b$04$abcdefghijklmnopqrstuuAbJ2gzjzNCZP0c6ZJVp5XvNZkZhLb2e\n"
    "ada,,\n"
    "dan,dan@example.org,\n"
)
FLOWS_OWN = ("--set", "format=csv")


def piped_in(shell: Shell, text: str, *words: str) -> Ran:
    """Run `cat users.csv | watchword job start accounts.import --file -`."""
    done = subprocess.run(
        [str(PROGRAM), *shell.where, "job", "start", IMPORT, "--file", "-", *words],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def copies(shell: Shell) -> list[Path]:
    return list((shell.folder / "imports").iterdir())


def names(shell: Shell) -> set[str]:
    return {one["name"] for one in shell.ask("account", "list")["accounts"]}


def test_a_pipe_of_accounts_comes_in(each_shell: Shell) -> None:
    """What was refused is in the report, the rest is there, and the copy is gone."""
    each_shell.has("ada")

    dry = piped_in(each_shell, USERS, *FLOWS_OWN, "--set", "dry_run=true")
    before = names(each_shell), copies(each_shell)
    ran = piped_in(each_shell, USERS, *FLOWS_OWN)
    report = each_shell.run("job", "result", "2").out

    assert (dry.code, before) == (0, ({"ada"}, []))
    assert "  accepted: 2\n  refused: 2\n  dry_run: true\n" in dry.out
    assert ran.code == 0
    assert "  read: 4\n  accepted: 2\n  refused: 2\n  dry_run: false\n" in ran.out
    assert ran.out.endswith("What it left (application/x-ndjson): watchword job result 2\n")
    assert ran.err.splitlines()[0] == f"Job 2 ({IMPORT}): not-started"
    assert "completed; 100 %" in ran.err.splitlines()[-1]
    assert '{"line":2,"reason":"password_hash: ' in report
    assert '{"line":4,"reason":"the name is taken"}' in report
    assert names(each_shell) == {"ada", "cy", "dan"}
    assert copies(each_shell) == []


def test_a_file_that_is_none_of_ours(shell: Shell) -> None:
    """The job fails with a sentence; its copy stays, for it can be started again."""
    shell.ask("migrate")

    ran = piped_in(shell, "user,mail\nada,a@example.org\n")
    again = shell.run("job", "restart", "1")
    ended = shell.run("job", "watch", "1")

    assert (ran.code, again.code, ended.code) == (1, 0, 1)
    assert 'none of them is "name"' in ran.out
    assert "watchword job restart 1" in ended.out
    assert len(copies(shell)) == 1


def test_out_of_one_store_into_another(shell: Shell, tmp_path: Path) -> None:
    """With their hashes, everybody logs in there with the password of here."""
    shell.has("ada")
    file, there = tmp_path / "accounts.jsonl", Shell(tmp_path / "there")
    there.ask("migrate")

    words = ("--set", "with_hashes=true", "--set", "format=jsonl")
    out = shell.ask("job", "start", FLOW, *words)["job"]
    shell.ask("job", "result", str(out["id"]), "--output", str(file))
    came = there.ask("job", "start", IMPORT, "--file", str(file))["job"]

    assert out["result"] == {"accounts": 1, "format": "jsonl"}
    assert came["result"] == {"read": 1, "accepted": 1, "refused": 0, "dry_run": False}
    assert came["output"] is None
    assert there.signs_in("ada", PASSWORD)


def test_an_import_goes_on_after_ctrl_c(shell: Shell, tmp_path: Path) -> None:
    """Whoever leaves comes back and finds it done, with nothing twice and nothing missing."""
    shell.ask("migrate")
    file = tmp_path / "users.csv"
    file.write_text("name\n" + "".join(f"n{number}\n" for number in range(MANY)))

    with at_terminal([*shell.where, "job", "start", IMPORT, "--file", str(file)]) as terminal:
        terminal.read_until("running")
        terminal.types(CTRL_C)
        left = terminal.end()
    watched = shell.run("job", "watch", "1")
    job = shell.ask("job", "show", "1")["job"]

    assert left.code == 130
    assert plain(left.err).rstrip().endswith("watchword job watch 1")
    assert watched.code == 0
    assert job["counts"] == {"read": MANY, "accepted": MANY, "refused": 0}
    assert copies(shell) == []


def test_a_worker_is_started_once(shell: Shell) -> None:
    """The next job finds it at work; both are done."""
    shell.ask("migrate")

    first, second = (shell.ask("job", "start", FLOW, "--no-wait")["job"] for _ in range(2))
    ended = [shell.run("job", "watch", str(one["id"])).code for one in (first, second)]

    log = (shell.folder / DETACHED_LOG).read_text("utf-8")
    assert ended == [0, 0]
    assert is_somebody_working(load(environ={}, overrides=shell.overrides))
    assert len(list(shell.folder.glob("worker-*.lock"))) == 1
    assert log.count("job begun") == 2


def test_a_server_that_runs_does_it(tmp_path: Path) -> None:
    """Then no worker is started beside it."""
    shell = Shell(tmp_path / "data")
    with serving(Store(shell.folder)):
        ran = shell.run("job", "start", FLOW)

    assert ran.code == 0, ran.err
    assert not (shell.folder / DETACHED_LOG).exists()
