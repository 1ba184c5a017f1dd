"""Lets go of an answer that takes long as soon as nobody is there to read it."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive

from watchword.http.call import ClientGoneError

Answer = TypeVar("Answer")


async def while_there(receive: Receive, answer: Awaitable[Answer]) -> Answer:
    """Return what comes of it; raise ClientGoneError when the client leaves first.

    It is let go of then. Nothing of a body is left to read afterwards.
    """
    answering, leaving = asyncio.ensure_future(answer), asyncio.ensure_future(_left(receive))
    both = (answering, leaving)
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            return answering.result()
        raise ClientGoneError
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
