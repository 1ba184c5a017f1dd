"""Who finds no place among those who guess is sent away, but not at once."""

import asyncio
from contextlib import AbstractContextManager

import pytest

from fakes import HandClock
from fakes_storage import MemoryStorage
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.places import Places
from watchword.core.policy.signin import AttemptLimits
from watchword.core.policy.store import Attempt
from watchword.core.services.attempts import PAUSING_MAX, Guesses

HERE = Origin("192.0.2.1", "asta")


class Room:
    """Has one place. Who is sent away pauses until told to go on."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()
        self.go_on = asyncio.Event()
        self.pausing = 0
        self._places = Places(total=1, at_once=1, usual_seconds=1)
        self.guesses = Guesses(
            gate=self.storage.attempts,
            places=self,
            clock=HandClock(),
            limits=AttemptLimits(),
            at_once=5,
            pause=self._pause,
        )

    def place(self, address: str, *, exempt: bool = False) -> AbstractContextManager[None]:
        return self._places.take(address, exempt=exempt)

    async def guess(self, name: str) -> None:
        async with self.guesses.admit(name, HERE) as attempt:
            assert isinstance(attempt, Attempt)

    async def _pause(self) -> None:
        self.pausing += 1
        await self.go_on.wait()


async def test_who_is_sent_away_hears_of_it_after_a_moment() -> None:
    """So nobody can come again thousands of times a second; it has cost no guess, nor a place."""
    room = Room()
    async with room.guesses.admit("ada", HERE):
        sent_away = asyncio.ensure_future(room.guess("bob"))
        await asyncio.wait([sent_away], timeout=0)
        was_told = sent_away.done()
    await room.guess("bob")
    room.go_on.set()

    with pytest.raises(UnavailableError):
        await sent_away
    assert not was_told
    assert room.pausing == 1


async def test_more_than_can_be_kept_waiting_hear_at_once() -> None:
    """Memory has an end too."""
    room = Room()
    async with room.guesses.admit("ada", HERE):
        sent_away = [asyncio.ensure_future(room.guess(f"{n}")) for n in range(PAUSING_MAX + 3)]
        done, pending = await asyncio.wait(sent_away, return_when=asyncio.FIRST_COMPLETED)
        room.go_on.set()
        outcomes = await asyncio.gather(*sent_away, return_exceptions=True)

    assert (len(done), len(pending)) == (3, PAUSING_MAX)
    assert {type(one) for one in outcomes} == {UnavailableError}


async def test_a_database_that_is_away_is_told_of_at_once() -> None:
    """Only a full line makes anybody wait."""
    room = Room()
    room.storage.broken = UnavailableError("away")

    with pytest.raises(UnavailableError):
        await room.guess("ada")

    assert room.pausing == 0
