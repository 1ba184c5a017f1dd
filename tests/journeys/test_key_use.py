"""What the use of keys leaves behind: a minute in the list, a place less in the share, no write."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from journeys import keys, people
from journeys.keys import SECURE, Key
from journeys.people import WITH_ADMIN
from parts.database import marks, run
from parts.line import Line, request
from parts.server import Store, serving
from parts.waiting import eventually

pytestmark = pytest.mark.slow

WRITTEN_WITHIN_S = 12.0
"""A little longer than the time between two writings."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHECKS, LINES = 10_000, 8
PER_MINUTE, CROWD = 30, 100
TURN_S = 60 // PER_MINUTE


async def test_a_use_right_before_the_end_is_kept(store: Store) -> None:
    """SIGTERM comes right after it, and the list has the minute all the same."""
    with serving(store, settings=WITH_ADMIN) as server:
        key, never = keys.create(store), keys.create(store)
        async with await Line.open(server.port) as line:
            began = minute_now()
            answer = await keys.use(line, key)
            ended = minute_now()
        code = server.stop()
    listed = keys.listed(store)

    assert (answer.status, code) == (200, 0)
    assert began <= datetime.fromisoformat(listed[key.id]["last_used_at"]) <= ended
    assert listed[never.id]["last_used_at"] is None


async def test_checks_write_nothing(store: Store, tell: Callable[[str], None]) -> None:
    """Ten thousand within a minute, and nobody has written; yet the minute is in the list."""
    with serving(store, settings=WITH_ADMIN) as server:
        key = keys.create(store)
        async with await Line.open(server.port) as line, marks(store) as mark:
            minute, before, after = None, None, None
            # The use in another minute is another note, so begin again if the minute turned.
            while minute != minute_now():
                minute = minute_now()
                await note_of_use(store, line, key, minute)
                before = await mark()
                statuses, seconds = await check(server.port, key)
                after = await mark()
            await people.log_in(line)
            written = await mark()
        listed = keys.listed(store)

    tell(f"{CHECKS} checks in {seconds:.1f} s: {'no write' if after == before else 'A WRITE'}")
    assert statuses == {200: CHECKS}
    assert after == before
    assert written != before  # a write would have been seen
    assert datetime.fromisoformat(listed[key.id]["last_used_at"]) == minute


async def test_a_rate_holds_over_all_workers(store: Store, tell: Callable[[str], None]) -> None:
    """Of a hundred uses at once as many get in as its share; the next when Retry-After is over."""
    with serving(store, "--workers", "2", settings=WITH_ADMIN) as server:
        key = keys.create(store, "--per-minute", str(PER_MINUTE))
        async with AsyncExitStack() as stack:
            opened = [await Line.open(server.port) for _ in range(CROWD)]
            lines = [await stack.enter_async_context(line) for line in opened]
            asked = await asyncio.gather(*(line.ask("GET", "/livez") for line in lines))
            began = time.monotonic()
            answers = await asyncio.gather(*(keys.use(line, key) for line in lines))
            seconds = time.monotonic() - began
            refused = [answer for answer in answers if answer.status == 429]
            wait = int(refused[-1].headers["retry-after"])
            await eventually(lambda: gets_in(lines[0], key), within=wait + 0.5)
            waited = time.monotonic() - began
            again = await keys.use(lines[1], key)

    statuses = Counter(answer.status for answer in answers)
    tell(f"{CROWD} uses at {PER_MINUTE} a minute in {seconds:.2f} s: {dict(statuses)}")
    assert {answer.document["worker"] for answer in asked} == {0, 1}
    # A machine that is so slow gives a place back before all have asked.
    assert PER_MINUTE <= statuses[200] <= PER_MINUTE + int(seconds / TURN_S)
    assert statuses[200] + statuses[429] == CROWD
    assert {int(answer.headers["retry-after"]) for answer in refused} <= {1, TURN_S}
    assert waited >= TURN_S - 0.1
    assert again.status == 429


async def test_a_throttled_key_stays_throttled_in_every_dialect(sqlite_store: Store) -> None:
    """The share is one for all paths, and each says no in its own words; other keys go on."""
    with serving(sqlite_store, settings=WITH_ADMIN) as server:
        key, other = (keys.create(sqlite_store, "--per-minute", "1") for _ in range(2))
        async with await Line.open(server.port) as line:
            first = await keys.use(line, key)
            refused = [await keys.use(line, key, path) for path in (SECURE, people.ME)]
            free = await keys.use(line, other, people.ME)

    assert (first.status, free.status) == (200, 200)
    assert [answer.status for answer in refused] == [429, 429]
    assert [set(answer.document) for answer in refused] == [{"message"}, {"detail"}]
    assert all(0 < int(answer.headers["retry-after"]) <= 60 for answer in refused)


def minute_now() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


async def note_of_use(store: Store, line: Line, key: Key, minute: datetime) -> None:
    """Use a key, and wait until it is stored that it was used in this minute or later."""
    assert (await keys.use(line, key)).status == 200

    async def is_stored() -> bool:
        found = await run(store, "SELECT last_used_at FROM api_keys WHERE last_used_at IS NOT NULL")
        return [minute] <= [EPOCH + timedelta(microseconds=at) for (at,) in found]

    await eventually(is_stored, within=WRITTEN_WITHIN_S)


async def gets_in(line: Line, key: Key) -> bool:
    return (await keys.use(line, key)).status == 200


async def check(port: int, key: Key) -> tuple[Counter[int], float]:
    """Use a key again and again on a few connections."""
    raw = request("GET", SECURE, headers=[f"X-Authorization: {key.text}"])
    statuses = Counter[int]()

    async def use() -> None:
        async with await Line.open(port) as line:
            for _ in range(CHECKS // LINES):
                line.writer.write(raw)
                statuses[(await line.answer()).status] += 1

    began = time.monotonic()
    await asyncio.gather(*(use() for _ in range(LINES)))
    return statuses, time.monotonic() - began
