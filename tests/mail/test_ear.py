"""The moment in which we know that a letter was taken."""

import asyncio
from itertools import pairwise

import pytest
from aiosmtplib.protocol import SMTPProtocol
from hypothesis import given
from hypothesis import strategies as st

from watchword.mail.ear import Ear


class Conversation:
    """A protocol that waits for an answer, and an ear before it."""

    def __init__(self) -> None:
        self.yes = 0
        self.protocol = SMTPProtocol(loop=asyncio.get_running_loop())
        self.protocol.connection_made(asyncio.Transport())
        self.ear = Ear(self.protocol, self._count)

    def _count(self) -> None:
        self.yes += 1

    def hears(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.ear.data_received(piece)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"250 2.0.0 taken\r\n",),
        (b"250\r\n",),
        (b"25", b"0 tak", b"en\r", b"\n"),
        (b"250-first\r\n250 last\r\n",),
        (b"250-first\r\n", b"250-2 second\r\n", b"250 last\n"),
    ],
)
async def test_a_yes_is_heard_once(pieces: tuple[bytes, ...]) -> None:
    """However it is cut into pieces; and the protocol behind hears the same."""
    conversation = Conversation()

    conversation.hears(*pieces)

    assert conversation.yes == 1
    assert (await conversation.protocol.read_response()).code == 250
    conversation.hears(b"250 again\r\n")
    assert conversation.yes == 1


@pytest.mark.parametrize(
    "piece",
    [
        b"451 4.3.0 later\r\n",
        b"554 5.6.0 no, although 250 others said\r\n",
        b"354 go on\r\n",
        b"2500 is no code\r\n",
        b"250-and then nothing\r\n",
        b"250 not to its end",
        b"550-first\r\n550 250 last\r\n",
    ],
)
async def test_nothing_else_is_a_yes(piece: bytes) -> None:
    """Only the last line counts, when it is whole."""
    conversation = Conversation()

    conversation.hears(piece)

    assert conversation.yes == 0


@given(st.lists(st.integers(0, 40), max_size=6))
def test_a_yes_is_heard_with_its_last_octet(cuts: list[int]) -> None:
    """In whatever pieces it comes: not before, and not again."""
    answer = b"250-first line\r\n250 2.0.0 taken\r\n"
    places = [0, *sorted(min(cut, len(answer)) for cut in cuts), len(answer)]

    async def listen() -> list[int]:
        conversation = Conversation()
        counts = []
        for begin, end in pairwise(places):
            conversation.hears(answer[begin:end])
            counts.append(conversation.yes)
        return counts

    assert asyncio.run(listen()) == [int(end == len(answer)) for end in places[1:]]


async def test_it_is_heard_before_any_task_goes_on() -> None:
    """Nothing of this process comes between the octets and the note."""
    conversation = Conversation()
    turns = []

    async def wait() -> None:
        await conversation.protocol.read_response()
        turns.append(conversation.yes)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    conversation.hears(b"250 taken\r\n")
    at_once = conversation.yes
    await waiting

    assert (at_once, turns) == (1, [1])


async def test_an_endless_answer_is_not_kept() -> None:
    """A mail server cannot fill our memory."""
    conversation = Conversation()

    conversation.hears(*(b"250-more\r\n" * 1000 for _ in range(10)), b"250 end\r\n")

    assert conversation.yes == 0
