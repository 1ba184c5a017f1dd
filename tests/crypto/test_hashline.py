"""The line in front of the hash threads: who is told when, and who stands back for whom."""

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest

from crypto.held import Gate
from parts.waiting import eventually
from watchword.crypto.hashline import HANDED_BACK_MAX, LONG_S, NICER_BY, HashLine, are_due


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def line() -> Iterator[HashLine]:
    made = HashLine(2, name="test")
    yield made
    made.close()


async def test_the_answer_comes_with_the_time_it_took(line: HashLine) -> None:
    """Who waits gets what the work returned, and how long it ran."""
    answer, seconds = await line.run(lambda: "done")

    assert answer == "done"
    assert seconds >= 0


async def test_a_failure_reaches_who_asked_and_nobody_else(line: HashLine) -> None:
    """The thread lives on after work that raised."""

    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await line.run(fail)

    assert (await line.run(lambda: 1))[0] == 1


async def test_one_caller_alone_waits_for_nobody(line: HashLine) -> None:
    """With an empty line an answer is told when it is there."""
    answers = [(await line.run(lambda: 1))[0] for _ in range(3)]

    assert answers == [1, 1, 1]


async def test_all_are_told_however_many_wait(line: HashLine) -> None:
    """Answers that are collected for a moment all arrive, none twice."""
    answers = await asyncio.gather(*(line.run(partial(int, n)) for n in range(100)))

    assert [answer for answer, _ in answers] == list(range(100))


async def test_all_are_told_when_those_behind_have_gone(gate: Gate) -> None:
    """An answer that was kept back for a long line is told when the line goes away."""
    line = HashLine(1, name="test")
    held = asyncio.ensure_future(line.run(gate.pass_through))
    behind = [asyncio.ensure_future(line.run(gate.pass_through)) for _ in range(20)]
    await eventually(lambda: _is(gate, inside=1))

    for one in behind:
        one.cancel()
    await asyncio.wait(behind)
    gate.open()
    await held
    line.close()

    assert gate.begun == 1


@pytest.mark.parametrize(
    ("done", "waiting", "seconds", "is_due"),
    [
        (1, 0, 0.01, True),
        (1, 1, 0.01, True),
        (1, 2, 0.01, False),
        (2, 2, 0.01, True),
        (HANDED_BACK_MAX - 1, 500, 0.01, False),
        (HANDED_BACK_MAX, 500, 0.01, True),
        (1, 500, LONG_S + 0.01, True),
    ],
)
def test_answers_are_collected_while_a_long_line_waits(
    done: int, waiting: int, seconds: float, *, is_due: bool
) -> None:
    """So many are told at once as still wait, up to a limit; nobody waits after a long one."""
    assert are_due(done, waiting=waiting, seconds=seconds) is is_due


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of single threads are Linux's")
async def test_hash_threads_stand_back_and_no_others(line: HashLine) -> None:
    """The kernel prefers the thread that answers to those that hash."""
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    nice, _ = await line.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    assert nice == min(19, own + NICER_BY)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


async def test_nothing_runs_after_the_end(line: HashLine) -> None:
    """A line that is closed says so to whoever comes."""
    line.close()

    with pytest.raises(RuntimeError):
        await line.run(lambda: 1)


async def test_who_never_hashes_has_no_threads(line: HashLine) -> None:
    """The threads start with the first job."""
    before = threading.active_count()
    with suppress(asyncio.CancelledError):
        await line.run(lambda: 1)

    assert threading.active_count() == before + 2


async def _is(gate: Gate, *, inside: int) -> bool:
    return gate.inside == inside
