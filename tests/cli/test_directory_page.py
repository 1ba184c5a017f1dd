"""docs/operate/directory.md and the program say the same."""

import re
import tomllib
from pathlib import Path

from watchword.app.directories import directory_rules
from watchword.core.directory.model import Closed
from watchword.core.services.directoryintake import CHANGED_MEANWHILE, UNREADABLE
from watchword.core.services.directoryreport import Deed
from watchword.core.services.directoryrules import Creates, Offline
from watchword.core.services.directorysignin import REFUSAL_OF
from watchword.directory.subcodes import read_refusal
from watchword.jobs.flows.directory_sync import BEGUN_AGAIN, SCHEDULE
from watchword.settings.load import load

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operate" / "directory.md"
TEXT = PAGE.read_text(encoding="utf-8")


def first_cells(head: str) -> dict[str, str]:
    """Return the rows of the table with this head, by what stands in their first cell."""
    rows = TEXT.partition(head)[2].partition("\n\n")[0].splitlines()
    cells = [row.strip("|").split("|", 1) for row in rows if row.startswith("| ")]
    return {first.strip(" `"): rest for first, rest in cells}


def test_the_settings_are_settings() -> None:
    """Whoever copies them has a server that starts, but for the password."""
    (block,) = re.findall(r"^```toml\n(.+?)^```", TEXT, re.DOTALL | re.MULTILINE)
    tables = tomllib.loads(block)
    tables["directories"]["corp"]["bind_password"] = "ours"

    rules = directory_rules(load(environ={}, overrides=tables))["corp"]

    assert rules.creates is Creates.LOGIN
    assert len(rules.watched) == 3


def test_every_deed_of_the_report_is_explained() -> None:
    """With the words that may stand behind it."""
    rows = first_cells("| `deed` | meaning | `why` |")

    assert list(rows) == [*Deed, BEGUN_AGAIN]
    closed = {one.value for one in Closed if one is not Closed.OPEN}
    assert set(re.findall(r"`([a-z-]+)`", rows["closed"])) == closed
    assert {UNREADABLE, CHANGED_MEANWHILE} < set(re.findall(r"`([a-z_]+)`", rows["refused"]))


def test_every_code_means_what_the_page_says() -> None:
    """What a person hears of each, and what stands in the audit trail."""
    rows = first_cells("| code | state there |")
    codes = {one: rest for cell, rest in rows.items() for one in re.findall(r"\w{3}", cell)}

    assert set(codes) == {"525", "52e", "775", "530", "531", "532", "773", "533", "701"}
    for code, rest in codes.items():
        verdict, _ = read_refusal(f"AcceptSecurityContext error, data {code}, v1db1")
        told = REFUSAL_OF.get(verdict) or f"wrong_credentials {code}"
        assert rest.rstrip().endswith(f"`{told}`"), code


def test_the_choices_are_those_of_the_settings() -> None:
    """Each has its row."""
    assert set(first_cells("| `create` | when")) == set(Creates)
    offline = first_cells("| `offline` | sessions")
    assert {name.partition("`")[0] for name in offline} == set(Offline)


def test_the_schedule_is_told() -> None:
    """And how to have another one."""
    assert SCHEDULE == "*/15 * * * *"
    assert "starts every 15 minutes" in TEXT
