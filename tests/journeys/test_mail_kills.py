"""A thousand letters, a mail server that fails one time in five, and five times kill -9."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

import pytest

from journeys import post
from parts.database import complaints, run
from parts.server import Store, serving
from parts.smtp import DROP, Received, SmtpServer, smtp_server
from parts.waiting import eventually
from watchword.app.house import House

pytestmark = pytest.mark.slow

LETTERS = 1000
KILLS = 5
BETWEEN_KILLS = range(40, 160)
BEGIN_WITHIN_S = 45.0
"""Of that up to 25 s until the job that was killed is taken over, on PostgreSQL."""

ARRIVE_WITHIN_S = 90.0
HURRY_S = 0.5
HURRY = "UPDATE letters SET next_at = created_at WHERE standing = 'waiting'"
"""Whoever is turned down waits, after four times for 75 s: that is tried with a clock in hand."""

PEOPLE = tuple(f"guest-{number}" for number in range(LETTERS))


@pytest.fixture
def mail_server() -> Iterator[SmtpServer]:
    """A mail server that turns down one letter in five, in one way or another."""
    with smtp_server() as server:
        server.on("RCPT", "451 4.2.1 later", every=16)
        server.on("DATA", "452 4.3.1 later", every=20)
        server.on("DOT", DROP, every=20)
        server.on("DOT", "554 5.6.0 no", every=20)
        yield server


@dataclass
class Impatience:
    """Looks whether all letters are gone, and lets none wait for long."""

    store: Store
    house: House
    hurried_at: float = 0.0

    async def look(self) -> bool:
        now = time.monotonic()
        if now > self.hurried_at + HURRY_S:
            self.hurried_at = now
            await run(self.store, HURRY)
        return await post.waiting(self.house) == 0


async def test_none_is_lost_and_none_comes_twice(
    store: Store, mail_server: SmtpServer, tell: Callable[[str], None]
) -> None:
    """A letter comes again only if we cannot have heard that it was taken."""
    environ = post.settings(mail_server)
    async with post.beside(store, environ) as house:
        await post.settle_in(house, PEOPLE)
        await post.forget(house, PEOPLE)
        chance = Random(9261)
        for number in range(KILLS):
            with serving(store, "--workers", str(1 + number % 2), settings=environ) as server:
                enough = len(mail_server.letters) + chance.choice(BETWEEN_KILLS)
                await mail_server.eventually(enough, within=BEGIN_WITHIN_S)
                server.kill()
        before_the_last = len(mail_server.letters)
        with serving(store, settings=environ):
            await eventually(Impatience(store, house).look, within=ARRIVE_WITHIN_S)
    letters = mail_server.letters
    unheard = [letter for letter in letters if not letter.heard]
    tell(
        f"{LETTERS} letters came {len(letters)} times, {before_the_last} of them before the last"
        f" start; after {len(unheard)} the mail server heard nothing more of us"
    )

    assert set(post.copies(letters)) == set(PEOPLE)
    assert again_without_reason(letters) == []
    assert len(letters) - LETTERS <= len(unheard)
    assert before_the_last < LETTERS
    assert complaints(store) == []


def again_without_reason(letters: Iterable[Received]) -> list[str]:
    """Return which letters came again although we had gone on after the yes."""
    by_id: dict[str, list[Received]] = defaultdict(list)
    for letter in letters:
        by_id[letter.message_id].append(letter)
    return [
        letter_id for letter_id, copies in by_id.items() if any(copy.heard for copy in copies[:-1])
    ]
