"""Calls from threads reach the loop in order, and one turn of it each."""

import asyncio
import threading
from functools import partial

from watchword.core.kernel.handback import Handback


async def test_calls_are_made_in_order_on_the_loop() -> None:
    """What two threads give is done in the loop's own thread, each thread's in its order."""
    made: list[tuple[str, int, int]] = []
    done = asyncio.Event()
    handback = Handback(asyncio.get_running_loop())

    def note(giver: str, number: int) -> None:
        made.append((giver, number, threading.get_ident()))
        if len(made) == 6:
            done.set()

    def give(giver: str) -> None:
        handback.give([partial(note, giver, 0), partial(note, giver, 1)])
        handback.give([partial(note, giver, 2)])

    await asyncio.gather(*(asyncio.to_thread(give, giver) for giver in ("a", "b")))
    await done.wait()

    assert [number for giver, number, _ in made if giver == "a"] == [0, 1, 2]
    assert [number for giver, number, _ in made if giver == "b"] == [0, 1, 2]
    assert {thread for _, _, thread in made} == {threading.get_ident()}


async def test_others_have_a_turn_between_two_calls() -> None:
    """Who is quick does not wait for all that came back at once."""
    order: list[str] = []
    loop = asyncio.get_running_loop()
    handback = Handback(loop)

    def first() -> None:
        order.append("first")
        loop.call_soon(order.append, "quick")

    done = asyncio.Event()
    handback.give(
        [first, partial(order.append, "second"), partial(order.append, "third"), done.set]
    )
    await done.wait()

    assert order.index("quick") < order.index("third")


async def test_a_call_that_fails_holds_up_no_other() -> None:
    """The loop hears of the failure, and goes on with the next call."""
    heard: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: heard.append(context["exception"]))
    done = asyncio.Event()
    mistake = ValueError()

    def fail() -> None:
        raise mistake

    Handback(loop).give([fail, done.set])
    await done.wait()

    assert heard == [mistake]


def test_a_closed_loop_is_given_nothing() -> None:
    """A thread that outlives the loop is not told off for it."""
    loop = asyncio.new_event_loop()
    handback = Handback(loop)
    loop.close()
    made: list[int] = []

    handback.give([partial(made.append, 1)])

    assert made == []
