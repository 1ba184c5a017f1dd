"""`watchword directory` without a directory: what is missing is said, and what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.shell import Ran, Shell
from cli.steering import keeping_workers_away

NOWHERE = "127.0.0.50:9"
"""Nobody listens there."""

LOOKING = 'bind_user = "us@corp.example"\nbind_password = "ours"\n'


def table(name: str, more: str = "") -> str:
    urls = f'urls = ["ldaps://{NOWHERE}"]\ndomain = "{name}.example"\n'
    return f"[directories.{name}]\n{urls}{more}"


class Place:
    """A command line with settings of directories."""

    def __init__(self, shell: Shell, file: Path) -> None:
        self.shell = shell
        self._file = file

    def has(self, *tables: str) -> None:
        self._file.write_text("\n".join(tables))

    def run(self, *words: str) -> Ran:
        return self.shell.run("--config", str(self._file), "directory", *words)

    def started(self, *words: str) -> dict[str, Any]:
        """Start a synchronisation that nobody works on; return what was asked for."""
        ran = self.run("sync", "--no-wait", "--json", *words)
        assert ran.code == 0, ran.err
        parameters: dict[str, Any] = ran.document["job"]["parameters"]
        return parameters


@pytest.fixture
def place(shell: Shell, tmp_path: Path) -> Iterator[Place]:
    """A store at which nobody works on jobs, with one directory in the settings."""
    with keeping_workers_away(shell):
        place = Place(shell, tmp_path / "settings.toml")
        place.has(table("corp", LOOKING))
        yield place


@pytest.mark.parametrize(
    "words", [("test",), ("search", "ada"), ("sync",), ("explain", "ada")], ids=lambda one: one[0]
)
def test_without_a_directory_it_says_how_to_have_one(place: Place, words: tuple[str, ...]) -> None:
    """Every command of the group, for programs as for people."""
    place.has("")

    ran = place.run(*words, "--json")

    assert (ran.code, ran.error["code"]) == (1, "no_directory")
    assert "[directories.NAME]" in ran.error["message"]
    assert "docs/operate/directory.md" in ran.error["message"]


@pytest.mark.parametrize(
    "words",
    [("test", "other"), ("search", "ada", "--directory", "other"), ("sync", "other")],
    ids=lambda one: one[0],
)
def test_a_name_that_no_directory_has(place: Place, words: tuple[str, ...]) -> None:
    """Those that there are, are named."""
    place.has(table("corp"), table("lab"))

    ran = place.run(*words, "--json")

    assert (ran.code, ran.error["code"]) == (1, "directory_unknown")
    assert ran.error["message"].endswith("There are: corp, lab.")
    assert place.shell.ask("job", "list")["jobs"] == []


def test_a_domain_that_no_directory_has(place: Place) -> None:
    """The name is not repeated: people type passwords there."""
    pytest.importorskip("ldap", reason="python-ldap is missing: make setup-directory")

    ran = place.run("explain", "OTHER\\ada", "--json")

    assert (ran.code, ran.error["code"]) == (1, "directory_unknown")
    assert "ada" not in ran.error["message"]


@pytest.mark.parametrize("words", [("search", "ada"), ("sync",), ("sync", "corp")])
def test_nobody_can_be_looked_up_without_a_service_account(
    place: Place, words: tuple[str, ...]
) -> None:
    """It says so at once; no job is begun that could only fail."""
    place.has(table("corp"))

    ran = place.run(*words, "--json")

    assert (ran.code, ran.error["code"]) == (1, "directory_blind")
    assert "service account" in ran.error["message"]
    assert place.shell.ask("job", "list")["jobs"] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), {}),
        (("corp",), {"directory": "corp"}),
        (("--full",), {"mode": "full"}),
        (("--changes", "--dry-run"), {"mode": "changes", "dry_run": True}),
        (("corp", "--stop-percent", "25"), {"directory": "corp", "stop_percent": 25}),
    ],
)
def test_what_a_synchronisation_is_told(
    place: Place, words: tuple[str, ...], told: dict[str, object]
) -> None:
    """What is not said is left to the flow."""
    usual = {"directory": "", "mode": "auto", "dry_run": False, "stop_percent": None}

    assert place.started(*words) == {**usual, **told}


def test_a_synchronisation_is_a_job(place: Place) -> None:
    """It is asked for once under a key, one at a time, and its number is told."""
    first = place.run("sync", "--no-wait", "--key", "mine")
    again = place.run("sync", "--no-wait", "--key", "mine", "--json")
    other = place.run("sync", "--no-wait", "--json")

    assert "watchword job watch 1" in first.out
    assert again.document["job"]["id"] == 1
    assert (other.code, other.error["code"]) == (1, "flow_busy")


@pytest.mark.parametrize(
    "words",
    [("sync", "--full", "--changes"), ("sync", "--stop-percent", "101"), ("search",), ("explain",)],
)
def test_what_cannot_be_meant(place: Place, words: tuple[str, ...]) -> None:
    """Is a mistake of usage."""
    assert place.run(*words).code == 2


class TestOneThatDoesNotAnswer:
    """Its controllers are away, or there are none at that place."""

    @pytest.fixture(autouse=True)
    def _ldap(self) -> None:
        pytest.importorskip("ldap", reason="python-ldap is missing: make setup-directory")

    def test_it_is_tried_step_by_step(self, place: Place) -> None:
        """The step that failed says why; other directories are tried all the same."""
        place.has(table("corp", LOOKING), table("lab"))

        ran, told = place.run("test"), place.run("test", "--json")

        failed = [line for line in ran.out.splitlines() if line.startswith("fail")]
        assert [line.split()[1] for line in failed] == ["corp", "lab"]
        assert f"{NOWHERE}: TCP " in failed[0]
        assert ran.err == ""
        assert (ran.code, told.code, told.document["ok"]) == (1, 1, False)
        assert {one["directory"] for one in told.document["findings"]} == {"corp", "lab"}
        assert {tuple(one) for one in told.document["findings"]} == {
            ("directory", "step", "ok", "found")
        }

    @pytest.mark.parametrize("words", [("search", "ada"), ("explain", "ada")])
    def test_who_asks_it_is_told_to_come_again(self, place: Place, words: tuple[str, ...]) -> None:
        """With the command that says more."""
        ran = place.run(*words, "--json")

        assert (ran.code, ran.error["code"]) == (4, "unavailable")
        assert ran.error["message"].startswith("The directory corp does not answer. ")
        assert ran.error["retry_after"] > 0

    def test_settings_that_cannot_be(self, place: Place) -> None:
        """Are told as what they are."""
        place.has(table("corp", 'ca_file = "/there/is/none.pem"\n'))

        ran = place.run("test", "--json")

        assert (ran.code, ran.error["code"]) == (1, "invalid")
        assert ran.error["message"].startswith("directories.corp.ca_file: ")
