"""What an operator may write into `[dialects.assets]`."""

from datetime import timedelta

import msgspec
import pytest

from watchword.dialects.assets.options import Options
from watchword.http.cookies import SameSite


def test_what_holds_when_nothing_is_said() -> None:
    """A day for a token, fifty sessions, both cookies, and errors as the original says them."""
    options = Options()

    assert options.lifetime == timedelta(days=1)
    assert options.sessions_max == 50
    assert options.apilogin_cookie
    assert not options.errors_as_status
    assert not options.host_cookie
    assert options.login_same_site is SameSite.LAX
    assert options.server_version == "6.107.0.0"


@pytest.mark.parametrize(
    "given",
    [
        {"token_hours": 1},
        {"token_hours": 8760},
        {"api_sessions_max": "100000"},
        {"errors_as_status": "true"},
        {"apilogin_cookie": "0"},
        {"same_site": "strict"},
        {"server_version": "6.107"},
        {"server_version": "7.0"},
        {"server_version": "2026.11.22.1"},
    ],
)
def test_what_may_be_said(given: dict[str, object]) -> None:
    """The environment says numbers and flags as text."""
    options = msgspec.convert(given, Options, strict=False)

    assert options != Options()


def test_no_limit_is_none() -> None:
    """0 leaves it to the limit of the whole server."""
    assert Options(api_sessions_max=0).sessions_max is None


@pytest.mark.parametrize(
    "given",
    [
        {"token_hours": 0},
        {"token_hours": 8761},
        {"token_hours": 1.5},
        {"api_sessions_max": -1},
        {"api_sessions_max": 100_001},
        {"same_site": "none"},
        {"same_site": "Lax"},
        {"errors_as_status": "perhaps"},
        {"server_version": ""},
        {"server_version": "6"},
        {"server_version": "6.106.9"},
        {"server_version": "5.200"},
        {"server_version": "6.107-beta"},
        {"server_version": "6.107\n"},
        {"server_version": "6.107.0.0.1"},
        {"token_days": 1},
    ],
)
def test_what_may_not_be_said(given: dict[str, object]) -> None:
    """The server does not start with what is out of range, or with a key nobody knows."""
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.convert(given, Options, strict=False)

    assert str(refusal.value)
