"""docs/operate/imports.md and the flows say the same."""

import re
from pathlib import Path

import msgspec
import pytest

from watchword.core.kernel.errors import InvalidError
from watchword.crypto.foreign.adoption import adopt
from watchword.jobs.flows.accounts_export import ExportParameters
from watchword.jobs.flows.accounts_import import ImportParameters
from watchword.jobs.flows.newcomers import COLUMNS

PAGE = (Path(__file__).parents[3] / "docs" / "operate" / "imports.md").read_text("utf-8")
FIRST_CELL = re.compile(r"^\| `([a-z_]+)` \|", re.MULTILINE)
REFUSED = PAGE.partition("Refused, with the reason in the report:")[2].partition("\n\n")[0]


def rows(head: str, after: str) -> list[str]:
    """Return the first cells of the table with this head, behind this heading."""
    table = PAGE.partition(after)[2].partition(head)[2].partition("\n\n")[0]
    return FIRST_CELL.findall(table)


def test_the_page_has_every_column() -> None:
    """In our order, and no other."""
    assert rows("| column |", "## The file") == list(COLUMNS)


@pytest.mark.parametrize(
    ("after", "parameters"),
    [("## What happens", ImportParameters), ("## Exports", ExportParameters)],
)
def test_the_page_has_every_parameter(after: str, parameters: type[msgspec.Struct]) -> None:
    """Of the import and of the export."""
    assert rows("| parameter |", after) == list(parameters.__struct_fields__)


@pytest.mark.parametrize("prefix", re.findall(r"`([^`]+)`", REFUSED))
def test_what_the_page_calls_refused_is_refused(prefix: str) -> None:
    """Whatever stands behind the prefix."""
    with pytest.raises(InvalidError):
        adopt(f"{prefix}abcdefgh$abcdefghijklmnopqrstuv")


@pytest.mark.parametrize(
    "spelling",
    [
        "$pbkdf2-sha256$i=600000,l=32$c2FsdA$" + "A" * 43,
        "$pbkdf2-sha512$25000$c2Fs.A$" + "A" * 86,
        "$scrypt$ln=14,r=8,p=1$c2FsdA$" + "A" * 43,
        "pbkdf2_sha256$600000$salt$" + "A" * 43 + "=",
        "scrypt$16384$salt$8$5$" + "A" * 86 + "==",
        "!nobody",
    ],
)
def test_what_the_page_spells_is_taken(spelling: str) -> None:
    """With a key of its length in the place of the page's short one."""
    beginning = spelling.rpartition("$")[0] if "$" in spelling else "!..."

    assert beginning in PAGE
    assert bool(adopt(spelling)) is not spelling.startswith("!")
