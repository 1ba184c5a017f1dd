"""`watchword serve`, as a program of its own."""

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cli.shell import PASSWORD, PROGRAM, Shell, program
from watchword.cli.serving import welcome


@contextmanager
def serving(shell: Shell, *words: str) -> Iterator[tuple[str, list[str]]]:
    """Run a server; yield its address and what it said until it was ready."""
    command = [str(PROGRAM), "serve", *shell.where, "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield _told(process)
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=15)
            assert process.returncode == 0, log
        finally:
            process.kill()


def _told(process: subprocess.Popen[bytes]) -> tuple[str, list[str]]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.decode().rstrip("\n"))
        if lines[-1].startswith("Stop it"):
            return lines[0].rpartition(" ")[2], lines
    assert process.stderr is not None
    raise AssertionError(process.stderr.read().decode())


def log_in(url: str, name: str, password: str) -> httpx.Response:
    body = {"username": name, "password": password}
    return httpx.post(f"{url}/api/auth/login", json=body, timeout=10)


def me(url: str, token: str) -> httpx.Response:
    return httpx.get(f"{url}/api/auth/me", headers={"Authorization": f"Bearer {token}"}, timeout=10)


def test_what_is_said_when_it_is_ready() -> None:
    """Where it listens, the documentation, how to stop; under --demo the account and a warning.

    Where no mail server is set, also how to read letters.
    """
    two = "http://127.0.0.1:1", "http://[::1]:1"
    plain = welcome(two, docs=True, demo=False, sends=True)
    demo = "\n".join(welcome(two[:1], docs=False, demo=True, sends=False))

    assert plain[0].endswith("listens on http://127.0.0.1:1 and http://[::1]:1")
    assert plain[1] == "Documentation: http://127.0.0.1:1/docs"
    assert "admin / Admin123" not in "\n".join(plain)
    assert "admin / Admin123" in demo
    assert "WARNING" in demo
    assert "/docs" not in demo
    assert "Ctrl-C" in demo
    assert "watchword mail show latest" in demo
    assert "Letters" not in "\n".join(plain)


def test_a_demo_is_not_for_others(shell: Shell) -> None:
    """--demo listens on loopback only, and says so before it makes anything."""
    ran = program("serve", "--demo", "--host", "0.0.0.0", *shell.where)  # noqa: S104 - refused

    assert (ran.code, ran.out) == (3, "")
    assert "loopback" in ran.err
    assert "Traceback" not in ran.err
    assert not shell.folder.exists()


@pytest.mark.parametrize(
    "words", [("--port", "70000"), ("--workers", "0"), ("--tls", "maybe"), ("--log-format", "x")]
)
def test_what_cannot_be_served_is_a_usage_error(shell: Shell, words: tuple[str, ...]) -> None:
    """Exit 2, and nothing was started."""
    assert shell.run("serve", *words).code == 2
    assert not shell.folder.exists()


def test_half_a_certificate_is_a_settings_error(shell: Shell) -> None:
    """TLS from files needs both; the sentence says so."""
    ran = shell.run("serve", "--tls-cert", "cert.pem")

    assert ran.code == 3
    assert "needs both" in ran.err


@pytest.mark.slow
def test_a_demo_serves_and_is_refused_without_demo(shell: Shell) -> None:
    """The documented account logs in; the same store does not start for others."""
    with serving(shell, "--demo") as (url, lines):
        answer = log_in(url, "admin", "Admin123")

    refused = program("serve", *shell.where, "--port", "0")

    assert "admin / Admin123" in "\n".join(lines)
    assert answer.status_code == 200
    assert refused.code == 3
    assert "watchword account passwd admin" in refused.err


@pytest.mark.slow
def test_the_command_line_works_beside_the_server(each_shell: Shell) -> None:
    """What it does counts in a running server of two workers at once."""
    each_shell.has("boss", "--role", "admin")
    each_shell.has("ada")
    with serving(each_shell, "--workers", "2") as (url, _):
        tokens = [log_in(url, "ada", PASSWORD).json()["access_token"] for _ in range(3)]
        [label, *_] = [one["label"] for one in each_shell.ask("session", "list", "ada")["sessions"]]
        alive = [me(url, token).status_code for token in tokens]
        each_shell.ask("session", "end", label)
        one_ended = [me(url, token).status_code for token in tokens]
        each_shell.ask("account", "disable", "ada")
        all_ended = [me(url, token).status_code for token in tokens]

    assert alive == [200, 200, 200]
    assert one_ended == [200, 200, 401]
    assert all_ended == [401, 401, 401]


@pytest.mark.slow
def test_the_first_password_is_told_once_and_kept_out_of_the_log(shell: Shell) -> None:
    """Without a terminal it is in a file that only we may read, and gone after the log-in."""
    file = shell.folder / "printed-admin-password.txt"
    with serving(shell) as (url, lines):
        mode, password = stat.S_IMODE(file.stat().st_mode), file.read_text().strip()
        answer = log_in(url, "admin", password)
        is_left = file.exists()

    assert mode == 0o600
    assert password not in "\n".join(lines)
    assert answer.status_code == 200
    assert not is_left


@pytest.mark.slow
def test_a_port_that_is_taken_is_told(shell: Shell, tmp_path: Path) -> None:
    """With a sentence and exit 3, not a traceback."""
    with serving(shell) as (url, _):
        port = url.rpartition(":")[2]

        ran = program("serve", "--data", str(tmp_path / "other"), "--port", port)

    assert ran.code == 3
    assert port in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.slow
def test_ctrl_c_ends_it_well(shell: Shell) -> None:
    """SIGINT is how a person stops it: exit 0."""
    command = [str(PROGRAM), "serve", *shell.where, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _told(process)
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=15)

    assert process.returncode == 0
