"""Which dialects are served, and with which of their settings."""

import pytest

from watchword.app.house import StartError
from watchword.app.web import installed, mounted
from watchword.settings.load import load


def test_every_folder_is_a_dialect() -> None:
    """Adding a folder adds a dialect."""
    assert "asta" in [dialect.name for dialect in installed()]


def test_a_dialect_reads_its_own_table() -> None:
    """Text from the environment is a number where one is wanted."""
    settings = load(
        environ={
            "WATCHWORD_ENABLED_DIALECTS": "asta",
            "WATCHWORD_DIALECTS__ASTA__TOKEN_DAYS": "7",
        }
    )

    (one,) = mounted(settings)

    assert one.options == one.dialect.options(token_days=7)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"WATCHWORD_ENABLED_DIALECTS": "asta,nonsense"}, "nonsense"),
        ({"WATCHWORD_DIALECTS__NONSENSE__KEY": "1"}, "nonsense"),
        ({"WATCHWORD_DIALECTS__ASTA__NONSENSE": "1"}, "nonsense"),
        ({"WATCHWORD_DIALECTS__ASTA__TOKEN_DAYS": "many"}, "asta"),
    ],
)
def test_what_cannot_be_used_stops_the_start(environ: dict[str, str], named: str) -> None:
    """A mistyped name does not pass in silence."""
    with pytest.raises(StartError, match=named):
        mounted(load(environ=environ))
