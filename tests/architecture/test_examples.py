"""Which tests `make check` leaves to `make test`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MANY = "tests/http/test_smuggling.py"
HEART = "tests/unit/core/test_names.py"


def collected(*words: str) -> list[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", *words]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [line for line in told.stdout.splitlines() if "::" in line]


def test_make_check_looks_at_two_examples() -> None:
    """Of what has many; of the core it looks at all, and `make test` does so everywhere."""
    quick, whole = collected("-m", "not slow", MANY, HEART), collected(MANY, HEART)

    bad_heads = [one for one in whole if "::test_a_bad_head_is_refused[" in one]
    assert len(bad_heads) > 10
    assert [one for one in quick if one in bad_heads] == bad_heads[:2]
    assert [one for one in quick if HEART in one] == [one for one in whole if HEART in one]
