"""What the doctor says of where the server listens."""

import pytest

from watchword.cli.doctor.address import is_loopback, look_at_address
from watchword.cli.doctor.findings import Grade
from watchword.settings.load import load


def grades(**server: object) -> list[Grade]:
    settings = load(environ={}, overrides={"server": server, "public_url": "https://example.org"})
    return [one.grade for one in look_at_address(settings)]


def test_passwords_in_the_clear_are_a_warning() -> None:
    """Loopback needs no TLS; an address that others reach does, here or in a proxy."""
    assert grades(host="127.0.0.1") == [Grade.OK, Grade.OK]
    assert grades(host="0.0.0.0") == [Grade.OK, Grade.WARN]  # noqa: S104 - what is tested
    assert grades(host="0.0.0.0", tls="self-signed") == [Grade.OK, Grade.OK]  # noqa: S104


def test_without_a_public_url_letters_have_no_links() -> None:
    """So it is a warning that it is not set."""
    unset, _ = look_at_address(load(environ={}))

    assert unset.grade is Grade.WARN
    assert "codes alone" in unset.found


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("::", False),
        ("example.org", False),
    ],
)
def test_loopback_is_known_by_any_of_its_names(host: str, *, loopback: bool) -> None:
    """Whole 127.0.0.0/8, ::1 and the name."""
    assert is_loopback(host) is loopback
