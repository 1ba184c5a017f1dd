"""The turnstile."""

import asyncio

from watchword.core.services.turns import Turns


async def test_one_after_the_other_and_then_nothing_is_left() -> None:
    """At most so many at once, in the order of their coming; the gate goes with the last."""
    turns, inside, order = Turns(at_once=2), 0, []

    async def pass_through(number: int) -> None:
        nonlocal inside
        async with turns.of("gate"):
            inside += 1
            assert inside <= 2
            order.append(number)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(pass_through(number) for number in range(9)))

    assert order == sorted(order)
    assert turns._gates == {}  # noqa: SLF001 - memory that grows shows nowhere else


async def test_who_gives_up_waiting_leaves_no_trace() -> None:
    """A client that goes away does not stop the line."""
    turns = Turns(at_once=1)
    entered = asyncio.Event()

    async def hold() -> None:
        async with turns.of("gate"):
            entered.set()
            await asyncio.Event().wait()

    async def enter() -> bool:
        async with turns.of("gate"):
            return True

    holder = asyncio.create_task(hold())
    await entered.wait()
    waiter = asyncio.create_task(enter())
    await asyncio.sleep(0)
    waiter.cancel()
    patient = asyncio.create_task(enter())
    await asyncio.sleep(0)
    holder.cancel()

    assert await patient
    assert turns._gates == {}  # noqa: SLF001 - memory that grows shows nowhere else
