"""Pure decisions about guesses and passwords."""

from datetime import timedelta
from ipaddress import ip_network

import pytest

from watchword.core.kernel.caller import Origin
from watchword.core.policy.passwords import PRESETS, Preset
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import AttemptLimits, judge_signin


@pytest.mark.parametrize(
    ("matches", "is_active", "verdict"),
    [
        (True, True, None),
        (False, True, Refusal.WRONG_CREDENTIALS),
        (True, False, Refusal.DISABLED),
        (False, False, Refusal.WRONG_CREDENTIALS),
    ],
)
def test_who_may_come_in(*, matches: bool, is_active: bool, verdict: Refusal | None) -> None:
    """A stranger never learns that an account is disabled."""
    assert judge_signin(matches=matches, is_active=is_active) == verdict


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900)]
)
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    """Five guesses are free; then 1 s, 2 s, 4 s and so on."""
    assert AttemptLimits().wait_after(failures) == timedelta(seconds=seconds)


def test_the_wait_survives_any_count() -> None:
    """A million failures do not overflow anything."""
    assert AttemptLimits().wait_after(1_000_000) == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("preset", "password", "refused"),
    [
        (Preset.DOCUMENTED, "abc", Refused(Refusal.PASSWORD_SHORT, number=4)),
        (Preset.DOCUMENTED, "abcd", None),
        (Preset.STANDARD, "1234567", Refused(Refusal.PASSWORD_SHORT, number=8)),
        (Preset.STANDARD, "\U0001f511" * 8, None),
        (Preset.NIST, "x" * 14, Refused(Refusal.PASSWORD_SHORT, number=15)),
        (Preset.NIST, "x" * 15, None),
        (Preset.STANDARD, "x" * 1024, None),
        (Preset.STANDARD, "x" * 1025, Refused(Refusal.PASSWORD_LONG, number=1024)),
        (Preset.STANDARD, "\u00e9" * 513, Refused(Refusal.PASSWORD_LONG, number=1024)),
        (Preset.STANDARD, "\ud800" * 8, None),
        (Preset.DOCUMENTED, "Admin123", Refused(Refusal.PASSWORD_COMMON)),
        (Preset.STANDARD, "Admin123", Refused(Refusal.PASSWORD_COMMON)),
    ],
)
def test_what_a_new_password_must_be(
    preset: Preset, password: str, refused: Refused | None
) -> None:
    """Length counts characters, the upper bound bytes; the documented one is never new."""
    assert PRESETS[preset].judge(password, documented=4) == refused


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix", "unix"),
    ],
)
def test_what_counts_as_one_address(address: str, network: str) -> None:
    """IPv6 counts by /64, an IPv4 address in IPv6 clothes as itself."""
    assert Origin(address, "asta").network == network


@pytest.mark.parametrize(
    ("address", "inside"),
    [("127.0.0.1", True), ("::ffff:127.0.0.2", True), ("192.0.2.1", False), ("unix", False)],
)
def test_exempt_networks(address: str, *, inside: bool) -> None:
    """An address belongs to a network however it is written."""
    assert Origin(address, "asta").within((ip_network("127.0.0.0/8"),)) is inside
