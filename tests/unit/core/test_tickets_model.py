"""Codes: how they are written, and how they are read from what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.core.tickets.model import CODE_BITS, CODE_LENGTH, read_code, spell_code, write_code

numbers = st.integers(0, 2**CODE_BITS - 1)


@given(numbers)
def test_a_code_reads_as_it_was_written(number: int) -> None:
    """However it is shown: in halves, in small letters, with blanks around it."""
    code = write_code(number)

    assert len(code) == CODE_LENGTH
    for typed in (code, code.lower(), spell_code(code), f" {spell_code(code)} ".lower()):
        assert read_code(typed) == code


@given(numbers, numbers)
def test_different_numbers_are_different_codes(one: int, other: int) -> None:
    """No bit is lost."""
    assert (write_code(one) == write_code(other)) is (one == other)


@pytest.mark.parametrize(
    ("typed", "code"),
    [("o0O0-iIlL", "00001111"), ("ABCD EFGH", "ABCDEFGH"), ("a-b-c-d-e-f-g-h", "ABCDEFGH")],
)
def test_letters_that_look_like_digits(typed: str, code: str) -> None:
    """Nobody has to know whether it is an O or a zero."""
    assert read_code(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "ABCD-EFG", "ABCD-EFGHJ", "ABCD-EFGU", "\u00c4BCDEFGH", "-" * 5000, "A" * 32]
)
def test_what_is_no_code(typed: str) -> None:
    """Too short, too long, or with a letter that no code has."""
    assert read_code(typed) is None
