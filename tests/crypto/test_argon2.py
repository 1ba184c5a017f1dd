"""Argon2id: which stored texts count as hashes, and what they match."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.crypto.argon2 import CURRENT, Cost, compute, matches, read_cost

# Made by the reference implementation from the password below.
PASSWORD = "café \0 tail"
SALT = "MDEyMzQ1Njc4OWFiY2RlZg"
ONE_LANE = f"$argon2id$v=19$m=64,t=1,p=1${SALT}$9VwPirIqdrXL2PDYpHd86h3V5Fc4u2St/TlmcqXuXxQ"
TWO_LANES = f"$argon2id$v=19$m=64,t=1,p=2${SALT}$7SPTICQXof6q/9gmYOM+L73XAiVXCn+MM7JiVEBIlvI"
EIGHT_LANES = f"$argon2id$v=19$m=64,t=1,p=8${SALT}$LbRDDvKrlXNaGelsjdhzeeYo1+ycpcTuZZityzk0GNE"
TEN_PASSES = f"$argon2id$v=19$m=64,t=10,p=1${SALT}$zyVSkMyGTotWiHCKRMvjppI1JrJNrhsJaMG8Nz8GvXo"
MUCH_MEMORY = f"$argon2id$v=19$m=65536,t=1,p=1${SALT}$Ryfnx0Ro7fB9rx1G+dVAziO/Q2Av0etAr8RhYzG9sFw"
SHORT_SALT = "$argon2id$v=19$m=64,t=1,p=1$MTIzNDU2Nzg$Muq7fLH6VGhIUz1jHr+jqwjC3J0hds+1pumTY1U20vw"
LONG_SALT = (
    "$argon2id$v=19$m=64,t=1,p=1$eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"
    "$BdWDDJ5/daXohifZXfD9WUwu1vxXTJ5cRyzvH+w8TO8"
)
SHORT_HASH = f"$argon2id$v=19$m=64,t=1,p=1${SALT}$iqx4Ha7dwU83qorDRYzMCA"

REFUSED = {
    "argon2i": f"$argon2i$v=19$m=64,t=3,p=1${SALT}$oCD+EOEZLJardUo66SvpqpCU91fX4ABh80idIa+clCE",
    "argon2d": f"$argon2d$v=19$m=64,t=1,p=1${SALT}$2TjJMYZCsIUxItBIXbZYpTcHGnTg2ICWXtXiaI5JtoI",
    "version 1.0": (
        f"$argon2id$v=16$m=64,t=1,p=1${SALT}$sTexolBxFxqWfEr7L5wF+NToL/bK/Wu0IUaZCn/E7qE"
    ),
    "too much memory": (
        f"$argon2id$v=19$m=65537,t=1,p=1${SALT}$q6TR5INcFHkOmAW6wjs0+rE1Y8QVxkfnLHM9dp189TE"
    ),
    "too many passes": (
        f"$argon2id$v=19$m=64,t=11,p=1${SALT}$eLTdbjy0KXASB+WzcfgiuXsVJrcki34g1zmb2kj6gdY"
    ),
    "too many lanes": (
        f"$argon2id$v=19$m=128,t=1,p=9${SALT}$aej5LAY0eM6cfLThNWpvzk8/S7kTG46GYT66yNcD/8E"
    ),
    "less memory than lanes need": EIGHT_LANES.replace("m=64", "m=63"),
    "no memory": ONE_LANE.replace("m=64", "m=0"),
    "no pass": ONE_LANE.replace("t=1", "t=0"),
    "a number of many digits": ONE_LANE.replace("m=64", "m=" + "9" * 60),
    "a leading zero": ONE_LANE.replace("m=64", "m=064"),
    "a sign": ONE_LANE.replace("m=64", "m=+64"),
    "other digits": ONE_LANE.replace("m=64", "m=\u0666\u0664"),
    "another order": ONE_LANE.replace("m=64,t=1", "t=1,m=64"),
    "padding": ONE_LANE + "=",
    "a line after it": ONE_LANE + "\n",
    "a space before it": " " + ONE_LANE,
    "a NUL in it": ONE_LANE.replace("$m", "\0$m"),
    "no hash": ONE_LANE.rpartition("$")[0] + "$",
    "a hash of another scheme": "$2b$12$" + "a" * 53,
    "a plain password": "password",
    "nothing": "",
    "too long": "$argon2id$v=19$m=64,t=1,p=1$" + "c2Fs" * 15 + "$" + "aGFz" * 15,
    "a million characters": "$argon2id$" * 100_000,
}


@pytest.mark.parametrize(
    ("encoded", "cost"),
    [
        (ONE_LANE, Cost(64, 1, 1)),
        (TWO_LANES, Cost(64, 1, 2)),
        (EIGHT_LANES, Cost(64, 1, 8)),
        (TEN_PASSES, Cost(64, 10, 1)),
        (MUCH_MEMORY, Cost(65536, 1, 1)),
        (SHORT_SALT, Cost(64, 1, 1)),
        (LONG_SALT, Cost(64, 1, 1)),
        (SHORT_HASH, Cost(64, 1, 1)),
    ],
)
def test_hashes_of_other_programs_match(encoded: str, cost: Cost) -> None:
    """An Argon2id hash within our limits verifies, whoever made it."""
    assert read_cost(encoded) == cost
    assert matches(PASSWORD, encoded)
    assert not matches(PASSWORD + " ", encoded)


@pytest.mark.parametrize("encoded", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_hash_of_ours_has_no_cost(encoded: str) -> None:
    """A text past the limits, malformed or of another scheme is not looked at further."""
    assert read_cost(encoded) is None


@given(st.text())
def test_reading_a_cost_never_fails(encoded: str) -> None:
    """Whatever stands in the store, reading it raises nothing."""
    assert read_cost(encoded) is None


def test_a_new_hash_has_the_current_cost() -> None:
    """A new hash holds what OWASP asks for: 19 MiB, two passes, one lane."""
    encoded = compute("secret", CURRENT)

    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert read_cost(encoded) == CURRENT
    assert matches("secret", encoded)


def test_two_hashes_of_one_password_differ() -> None:
    """Each hash has a salt of its own."""
    assert compute("secret", Cost(8, 1)) != compute("secret", Cost(8, 1))


@pytest.mark.parametrize(
    ("password", "other"),
    [
        ("with\0nul", "with"),
        ("with\0nul", "with\0nul2"),
        ("\ud800", "\ud801"),
        ("\ud800", "?"),
        ("", " "),
        ("p" * 1024, "p" * 1023),
        ("ä" * 500, "ä" * 499),
        ("é", "e\u0301"),
    ],
)
def test_a_password_is_the_whole_string(password: str, other: str) -> None:
    """Nothing is cut off, folded or replaced: NUL, lone surrogates and length all count."""
    encoded = compute(password, Cost(8, 1))

    assert matches(password, encoded)
    assert not matches(other, encoded)


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_can_be_a_password(password: str) -> None:
    """Every text that Python can hold is hashed and matches its hash."""
    assert matches(password, compute(password, Cost(8, 1)))


@pytest.mark.parametrize(
    ("memory_kib", "passes", "lanes", "below"),
    [(19455, 2, 1, True), (19456, 1, 1, True), (19456, 2, 1, False), (65536, 3, 4, False)],
)
def test_a_cost_is_below_another_in_memory_or_passes(
    *, memory_kib: int, passes: int, lanes: int, below: bool
) -> None:
    """More memory does not make up for fewer passes, nor the other way round."""
    assert Cost(memory_kib, passes, lanes).is_below(CURRENT) is below


OUT_OF_MEMORY = """
import resource
from watchword.core.kernel.errors import UnavailableError
from watchword.crypto.argon2 import CURRENT, compute, matches

encoded = compute("right", CURRENT)
with open("/proc/self/statm") as statm:
    used = int(statm.read().split()[0]) * resource.getpagesize()
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
resource.setrlimit(resource.RLIMIT_AS, (used + 4_000_000, hard))
for attempt in (lambda: matches("right", encoded), lambda: compute("right", CURRENT)):
    try:
        print("answered", attempt())
    except UnavailableError as error:
        print("unavailable", error.retry_after)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to limit the memory")
def test_no_memory_is_not_a_wrong_password() -> None:
    """A server out of memory says that it is busy; it does not count a failed attempt."""
    said = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY], check=True, capture_output=True, text=True
    )

    assert said.stdout.splitlines() == ["unavailable 1", "unavailable 1"]
