"""Lets go of an answer that takes long as soon as nobody is there to read it."""

import asyncio
from collections.abc import Awaitable

from starlette.responses import Response
from starlette.types import Receive

from watchword.http.call import ClientGoneError


async def while_there(receive: Receive, answer: Awaitable[Response]) -> Response:
    """Return the answer; raise ClientGoneError, and let go of it, when the client leaves first.

    Nothing of a body is left to read afterwards.
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
