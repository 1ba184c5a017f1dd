"""What an operator may write into `[dialects.precrime]`."""

from datetime import timedelta

import msgspec
import pytest

from watchword.dialects.precrime.options import Options


def test_what_holds_when_nothing_is_said() -> None:
    """An hour for a token, thirty days at most for one that is asked for."""
    options = Options()

    assert options.lifetime == timedelta(hours=1)
    assert options.longest == timedelta(days=30)


@pytest.mark.parametrize(
    "given",
    [
        {"token_minutes": 1, "token_days_max": 1},
        {"token_minutes": 1440, "token_days_max": 3650},
        {"token_minutes": "90"},
    ],
)
def test_what_may_be_said(given: dict[str, object]) -> None:
    """Both bounds are within; the environment says numbers as text."""
    options = msgspec.convert(given, Options, strict=False)

    assert options.lifetime <= options.longest


@pytest.mark.parametrize(
    "given",
    [
        {"token_minutes": 0},
        {"token_minutes": 1441},
        {"token_minutes": 1.5},
        {"token_days_max": 0},
        {"token_days_max": 3651},
        {"token_days": 30},
    ],
)
def test_what_may_not_be_said(given: dict[str, object]) -> None:
    """The server does not start with a number out of range, or with a key nobody knows."""
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.convert(given, Options, strict=False)

    assert str(refusal.value)
