"""`watchword doctor`, on real stores."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from cli.shell import Shell
from watchword.app.house import open_house
from watchword.cli.doctor.examination import chosen, examine
from watchword.cli.doctor.findings import Finding, Grade
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import SystemClock
from watchword.settings.load import load


def look(shell: Shell, **more: object) -> dict[str, Finding]:
    """Return the findings by what they look at, without the second that hashing takes."""
    settings = load(environ={}, overrides=shell.overrides | more)
    findings = asyncio.run(examine(settings, SystemClock(), seconds=0))
    return {one.check: one for one in findings}


def failed(findings: dict[str, Finding]) -> set[str]:
    return {check for check, finding in findings.items() if finding.grade is Grade.FAIL}


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file below a folder, with mode and content; the database's content aside."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.read_bytes() if path.is_file() and path.suffix != ".db" else b"",
        )
        for path in folder.rglob("*")
    }


def test_a_sound_store_has_no_failure(each_shell: Shell) -> None:
    """With an admin and a signing key everything is in order: exit 0."""
    each_shell.has("ada", "--role", "admin")
    each_shell.signs_in("ada")

    document = each_shell.ask("doctor")
    findings = {one["check"]: one for one in document["findings"]}

    assert document["ok"] is True
    assert {one["grade"] for one in document["findings"]} <= {"ok", "warn"}
    assert findings["store"]["grade"] == "ok"
    assert findings["master_key"]["found"].endswith("opens what is sealed under it")
    assert findings["retired_master_keys"]["grade"] == "ok"
    assert findings["hash_rate"]["found"].split()[0].isdigit()


def test_looking_changes_nothing(each_shell: Shell) -> None:
    """No file is made, none is gone, none has another mode, and no event is recorded."""
    each_shell.has("ada", "--role", "admin")
    each_shell.signs_in("ada")
    before = files(each_shell.folder), each_shell.ask("audit", "list")

    look(each_shell)

    assert (files(each_shell.folder), each_shell.ask("audit", "list")) == before


def test_looking_at_a_store_that_never_started_changes_nothing(each_shell: Shell) -> None:
    """There is a database and no master key; the doctor makes none."""
    each_shell.ask("migrate")
    before = files(each_shell.folder)

    findings = look(each_shell)

    assert failed(findings) == set()
    assert files(each_shell.folder) == before
    assert "first start makes" in findings["master_key"].found
    assert "first start makes" in findings["admin"].found


def test_what_is_pending_stays_pending(shell: Shell) -> None:
    """An older database is not brought up to date by looking."""
    shell.folder.mkdir(mode=0o700)
    (shell.folder / "watchword.db").touch(mode=0o600)

    findings = look(shell)

    assert findings["migrations"].grade is Grade.WARN
    assert findings["migrations"].advice == "Run: watchword migrate"
    assert shell.run("migrate", "--check").code == 1


def test_without_a_store_the_machine_is_looked_at(each_shell: Shell) -> None:
    """Before the first start the doctor says what it can, and makes nothing."""
    findings = look(each_shell)

    assert failed(findings) == set()
    assert findings["store"].grade is findings["data_folder"].grade is Grade.WARN
    assert findings["hash_rate"].found
    assert not each_shell.folder.exists()


def test_every_problem_of_the_settings_is_a_finding(shell: Shell, tmp_path: Path) -> None:
    """Nothing else can be looked at then."""
    file = tmp_path / "watchword.toml"
    file.write_text('prot = 1\n[server]\nport = "x"\n')

    ran = shell.run("doctor", "--json", "--config", str(file))

    assert ran.code == 1
    assert [one["check"] for one in ran.document["findings"]] == ["settings", "settings"]
    assert {one["grade"] for one in ran.document["findings"]} == {"fail"}


def test_secrets_in_the_settings_are_masked(shell: Shell) -> None:
    """What is not at its default is shown, but for secrets."""
    settings = load(
        environ={"WATCHWORD_ADMIN_PASSWORD": "never shown 1"},
        overrides={**shell.overrides, "public_url": "https://example.org"},
    )

    shown = chosen(settings)

    assert shown["admin_password"] == "***"
    assert shown["public_url"] == "https://example.org"
    assert "server.port" not in shown


def test_a_dialect_that_cannot_be_served_fails(shell: Shell) -> None:
    """Because it is not there, or because it does not understand its settings."""
    unknown = look(shell, enabled_dialects=["klingon"])
    misread = look(shell, dialects={"asta": {"nonsense": 1}})

    assert failed(unknown) == failed(misread) == {"dialects"}


def test_a_lost_master_key_fails(shell: Shell) -> None:
    """Signing keys are sealed under it, so another key is no use; the doctor makes none."""
    shell.has("ada", "--role", "admin")
    shell.signs_in("ada")
    key = shell.folder / "master.key"
    kept = key.read_bytes()
    key.unlink()
    lost, is_made_anew = look(shell), key.exists()
    key.write_bytes(b"A" * 43 + b"\n")
    key.chmod(0o600)

    other = look(shell)
    key.write_bytes(kept)
    key.chmod(0o644)
    readable = look(shell)

    assert not is_made_anew
    assert failed(lost) == failed(other) == failed(readable) == {"master_key"}
    assert "is gone" in lost["master_key"].found
    assert "does not open" in other["master_key"].found
    assert "chmod 600" in readable["master_key"].found


def test_what_hangs_on_a_retired_master_key_is_told(each_shell: Shell) -> None:
    """From the change of the master key until nothing needs the old one any more."""
    each_shell.has("ada", "--role", "admin")
    each_shell.signs_in("ada")
    made = each_shell.ask("apikey", "create", "ada", "--name", "cron")
    key_file = each_shell.folder / "master.key"
    key_file.write_text("A" * 43 + "\n" + key_file.read_text())

    changed = look(each_shell)
    each_shell.ask("signing-key", "rotate")
    each_shell.uses(made["key"])
    moved = look(each_shell)
    key_file.write_text("A" * 43 + "\n")
    gone = look(each_shell)

    check = "retired_master_keys"
    assert failed(changed) == failed(moved) == failed(gone) == set()
    assert changed[check].grade is Grade.WARN
    assert f"the signing key and 1 API key(s) ({made['api_key']['id'][:8]})" in changed[check].found
    assert moved[check].grade is gone[check].grade is Grade.OK
    assert "can be taken away" in moved[check].found
    assert "there is none" in gone[check].found
    assert each_shell.uses(made["key"]) == "ada"


def test_a_master_key_that_was_taken_away_too_early_fails(shell: Shell) -> None:
    """API keys still hang on it, and nobody can use them; one that has expired needs nothing."""
    shell.has("ada", "--role", "admin")
    shell.signs_in("ada")
    for name in ("cron", "old"):
        shell.ask("apikey", "create", "ada", "--name", name, "--expires", "1d")
    shell.sets("UPDATE api_keys SET expires_at = 1 WHERE name = 'old'")
    key_file = shell.folder / "master.key"
    key_file.write_text("A" * 43 + "\n" + key_file.read_text())
    shell.ask("signing-key", "rotate")
    key_file.write_text("A" * 43 + "\n")

    findings = look(shell)

    assert failed(findings) == {"retired_master_keys"}
    assert "1 API key(s)" in findings["retired_master_keys"].found
    assert "watchword apikey revoke" in findings["retired_master_keys"].advice


def test_a_lost_master_key_fails_for_api_keys_alone(shell: Shell) -> None:
    """Also where no server ever started and made a signing key."""
    shell.has("ada", "--role", "admin")
    shell.ask("apikey", "create", "ada", "--name", "cron")
    (shell.folder / "master.key").unlink()

    findings = look(shell)

    assert failed(findings) == {"master_key"}


def test_a_store_without_an_admin_fails(shell: Shell) -> None:
    """The advice says how to get one, below what was found; exit 1."""
    shell.has("ada")

    ran = shell.run("doctor")
    lines = ran.out.splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("fail  admin"))

    assert ran.code == 1
    assert lines[place + 1].strip().startswith("-> Run: watchword account role")


def test_the_password_that_is_in_print_fails(shell: Shell) -> None:
    """A demo store is no store for others, and the advice says how to change that."""
    asyncio.run(_make_demo(shell))

    findings = look(shell)

    assert failed(findings) == {"documented_password"}
    assert "watchword account passwd admin" in findings["documented_password"].advice


async def _make_demo(shell: Shell) -> None:
    async with open_house(load(environ={}, overrides=shell.overrides, demo=True)) as house:
        await house.services.setup.make_demo(Origin("", "setup"))


def test_an_event_from_the_future_fails(shell: Shell) -> None:
    """The clock went back since, or was wrong then."""
    shell.has("ada", "--role", "admin")
    database = sqlite3.connect(shell.folder / "watchword.db")
    with database:
        database.execute("UPDATE audit_events SET at = at + 3600 * 1000000")
    database.close()

    assert failed(look(shell)) == {"clock_events"}


def test_a_database_that_cannot_be_used_fails(shell: Shell) -> None:
    """With a finding, not with an error: the doctor is for such days."""
    shell.folder.mkdir(mode=0o700)
    (shell.folder / "watchword.db").write_bytes(b"this is no database at all, but text " * 50)

    findings = look(shell)

    assert failed(findings) == {"store"}
    assert findings["hash_rate"].found


def test_a_database_server_that_is_down_fails(tmp_path: Path) -> None:
    """Nothing of the password in the URL is told."""
    shell = Shell(tmp_path / "data", "postgresql://watchword:hush-hush@127.0.0.1:1/none")
    shell.folder.mkdir(mode=0o700)

    findings = look(shell)

    assert {"database", "store"} <= failed(findings)
    assert "hush-hush" not in str(findings)


@pytest.mark.slow
def test_a_database_server_is_asked_for_its_own_state(tmp_path: Path, postgres_url: str) -> None:
    """Its version, its clock, and whether it allows what we may open (it allows 200)."""
    shell = Shell(tmp_path / "data", postgres_url)

    usual = look(shell)
    many = look(shell, postgres={"pool_size": 500})

    assert usual["database"].found.startswith("PostgreSQL ")
    assert usual["database_clock"].grade is Grade.OK
    assert usual["database_connections"].grade is Grade.OK
    assert many["database_connections"].grade is Grade.WARN


@pytest.mark.slow
def test_a_database_server_that_forgets_is_told(tmp_path: Path, postgres_url: str) -> None:
    """The server of these tests is one: it trades what a crash would cost for speed."""
    found = look(Shell(tmp_path / "data", postgres_url))["database_durability"]

    assert found.grade is Grade.WARN
    assert found.found == "synchronous_commit is off, fsync is off"
    assert "Set both to on" in found.advice
