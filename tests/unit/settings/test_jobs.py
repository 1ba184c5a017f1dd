"""What an operator says about jobs, their schedules and backups."""

import json
from pathlib import Path

import pytest

from watchword.settings.keys import variable
from watchword.settings.load import SettingsError, load
from watchword.settings.model import Settings

RECIPIENT = "age1" + "q" * 58
SCHEDULES = {"sessions.purge": "", "backup.create": "30 3 * * *"}


def problems(**said: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(environ={}, overrides=said)
    return caught.value.problems


class TestSchedules:
    @pytest.mark.parametrize(
        "text",
        [
            '[jobs.schedules]\n"sessions.purge" = ""\n"backup.create" = "30 3 * * *"\n',
            '[jobs.schedules]\nsessions.purge = ""\nbackup.create = "30 3 * * *"\n',
            '[jobs]\nschedules = {"sessions.purge" = "", backup = {create = "30 3 * * *"}}\n',
        ],
    )
    def test_names_with_dots_need_no_quotation_marks(self, tmp_path: Path, text: str) -> None:
        """TOML makes tables of them; what was meant is clear all the same."""
        file = tmp_path / "watchword.toml"
        file.write_text(text)

        settings = load(file, environ={})

        assert settings.jobs.schedules == SCHEDULES

    def test_the_environment_has_a_json_object(self) -> None:
        """There is no other way to write a table in one text."""
        environ = {variable("jobs.schedules"): json.dumps(SCHEDULES)}

        settings = load(environ=environ)

        assert settings.jobs.schedules == SCHEDULES

    @pytest.mark.parametrize("text", ["sessions.purge", "[]", "", '"x"', "{"])
    def test_another_text_there_is_refused(self, text: str) -> None:
        """The message says what it must be, and not what it is."""
        with pytest.raises(SettingsError) as caught:
            load(environ={variable("jobs.schedules"): text})

        assert caught.value.problems == (
            "WATCHWORD_JOBS__SCHEDULES in the environment: is not a JSON object",
        )

    @pytest.mark.parametrize("value", [5, ["a"], {"flow": 5}, {"flow": None}, {"a": {"b": True}}])
    def test_a_time_is_a_text(self, value: object) -> None:
        """Numbers and lists are no times."""
        (problem,) = problems(jobs={"schedules": value})

        assert problem.startswith("jobs.schedules on the command line: Expected `")

    def test_an_empty_table_is_none(self, tmp_path: Path) -> None:
        """Somebody may leave the heading and take out the rest."""
        file = tmp_path / "watchword.toml"
        file.write_text("[jobs.schedules]\n")

        settings = load(file, environ={})

        assert settings == Settings()


class TestBackups:
    def test_recipients_are_public_keys_of_age(self) -> None:
        """A list, or text with commas in the environment."""
        other = "age1" + "p" * 58

        settings = load(environ={variable("backup.recipients"): f"{RECIPIENT}, {other}"})

        assert settings.backup.recipients == (RECIPIENT, other)

    @pytest.mark.parametrize(
        "text", ["age1", "AGE-SECRET-KEY-1QQ", RECIPIENT.upper(), f"{RECIPIENT}\n", "ssh-ed25519 A"]
    )
    def test_what_is_none_is_not_repeated(self, text: str) -> None:
        """Somebody may have pasted the private half."""
        (problem,) = problems(backup={"recipients": [RECIPIENT, text]})

        assert problem == (
            "backup.recipients on the command line: item 2 is not a recipient of age:"
            " age1 and 58 characters"
        )


class TestFolders:
    def test_they_are_in_the_data_folder(self) -> None:
        """Unless somebody says otherwise."""
        settings = load(environ={}, overrides={"data": "/srv/w"})

        assert settings.import_folder == Path("/srv/w/imports")
        assert settings.backup_folder == Path("/srv/w/backups")

    def test_they_can_be_anywhere(self) -> None:
        """A backup is worth more on another disk."""
        settings = load(
            environ={},
            overrides={"jobs": {"import_folder": "/in"}, "backup": {"folder": "/mnt/b"}},
        )

        assert settings.import_folder == Path("/in")
        assert settings.backup_folder == Path("/mnt/b")
