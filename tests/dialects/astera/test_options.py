"""What an operator may write into `[dialects.astera]`."""

from datetime import timedelta

import msgspec
import pytest

from watchword.dialects.astera.options import Options


def test_what_holds_when_nothing_is_said() -> None:
    """An hour, or thirty days for who wants to be remembered."""
    options = Options()

    assert options.lifetime(is_remembered=False) == timedelta(hours=1)
    assert options.lifetime(is_remembered=True) == timedelta(days=30)


@pytest.mark.parametrize(
    "given",
    [
        {"token_hours": 1, "remember_days": 1},
        {"token_hours": 168, "remember_days": 3650},
        {"token_hours": "12"},
    ],
)
def test_what_may_be_said(given: dict[str, object]) -> None:
    """Both bounds are within; the environment says numbers as text."""
    options = msgspec.convert(given, Options, strict=False)

    assert options.lifetime(is_remembered=False) >= timedelta(hours=1)


@pytest.mark.parametrize(
    "given",
    [
        {"token_hours": 0},
        {"token_hours": 169},
        {"token_hours": 1.5},
        {"remember_days": 0},
        {"remember_days": 3651},
        {"token_minutes": 30},
    ],
)
def test_what_may_not_be_said(given: dict[str, object]) -> None:
    """The server does not start with a number out of range, or with a key nobody knows."""
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.convert(given, Options, strict=False)

    assert str(refusal.value)
