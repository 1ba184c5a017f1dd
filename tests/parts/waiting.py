"""Waiting for something that another process or thread will do: poll until a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")

PAUSE_S = 0.01
LONG_S = 30.0
"""Longer than anything takes on a machine that has much else to do."""


async def eventually(
    check: Callable[[], Awaitable[Found | None]], *, within: float = LONG_S
) -> Found:
    """Ask again and again until the answer is true, and return it."""
    deadline = time.monotonic() + within
    while True:
        if found := await check():
            return found
        assert time.monotonic() < deadline, f"not so within {within} s"
        await asyncio.sleep(PAUSE_S)


def until(check: Callable[[], Found | None], *, within: float = LONG_S) -> Found:
    """Do the same without a loop of asyncio."""
    deadline = time.monotonic() + within
    while True:
        if found := check():
            return found
        assert time.monotonic() < deadline, f"not so within {within} s"
        time.sleep(PAUSE_S)
