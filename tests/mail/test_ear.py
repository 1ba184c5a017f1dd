"""The ear: it hears a yes of the mail server as soon as the last of its octets is here."""

import asyncio
from itertools import pairwise

import pytest
from aiosmtplib.protocol import SMTPProtocol
from hypothesis import given
from hypothesis import strategies as st

from watchword.mail.ear import Ear


def heard(*pieces: bytes) -> list[int]:
    """Return after which pieces of an answer a yes was heard."""
    loop = asyncio.new_event_loop()
    try:
        behind, at, calls = SMTPProtocol(loop=loop), [0], []
        ear = Ear(behind, lambda: calls.append(at[0]))
        for number, piece in enumerate(pieces, start=1):
            at[0] = number
            ear.data_received(piece)
    finally:
        loop.close()
    return calls


@pytest.mark.parametrize(
    "answer",
    [
        *(b"250 2.0.0 taken\r\n", b"250\r\n", b"250 \n", b"251 ok\r\n"),
        *(b"250-first\r\n250 last\r\n", b"250-a\r\n250-b\r\n250-c\r\n250 d\r\n"),
        b"250 taken\r\n221 bye\r\n",
    ],
)
def test_a_yes_is_heard(answer: bytes) -> None:
    """However many lines it has, and whatever comes after it."""
    assert heard(answer) == [1]


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"250", b"250 taken", b"250-first\r\n", b"250-first\r\n250 last", b"2500 ok\r\n"),
        *(b"354 go on\r\n", b"451 later\r\n", b"554 no\r\n", b"451-no\r\n451 250 ok\r\n"),
        *(b"554 no\r\n250 ok\r\n", b" 250 ok\r\n", b"ok\r\n250 ok\r\n", b"\r\n250 ok\r\n"),
        b"250-" + b"x" * 70_000,
    ],
)
def test_nothing_else_is_a_yes(answer: bytes) -> None:
    """Not half of one, not one to something else, not a word in a no."""
    assert heard(answer) == []


@given(st.lists(st.integers(0, 40), max_size=6))
def test_a_yes_is_heard_once_and_with_its_last_octet(cuts: list[int]) -> None:
    """In whatever pieces it comes."""
    answer = b"250-first line\r\n250 2.0.0 queued\r\n"
    places = [0, *sorted(min(cut, len(answer)) for cut in cuts), len(answer)]
    pieces = [answer[a:b] for a, b in pairwise(places)]

    last = max(number for number, piece in enumerate(pieces, start=1) if piece)

    assert heard(*pieces) == [last]
    assert heard(*pieces, b"250 again\r\n") == [last]


def test_an_answer_without_end_is_not_kept() -> None:
    """It costs no memory; what comes after it is no yes to this letter."""
    assert heard(*[b"250-" + b"x" * 20_000 + b"\r\n"] * 4, b"250 ok\r\n") == []
