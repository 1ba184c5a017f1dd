"""Talking to the server without a socket: what is asked, what comes back, and who carries it.

The rules of this library are generators that yield requests and are sent answers, so that
the blocking and the asyncio clients share every line of them.
"""

import json
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias, TypeVar

import httpx

from watchword.client.errors import Throttled, Unavailable

RETRY_AFTER_S = 5
RETRY_AFTER_MAX_S = 900
"""The server's own longest wait; a proxy in between may say what it likes."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nobody answered. A value: an httpx exception holds the request, and so the password."""

    why: str


Answer: TypeAlias = httpx.Response | NoAnswer
Result = TypeVar("Result")
Flow: TypeAlias = Generator[httpx.Request, Answer, Result]


def follow(flow: Flow[Result], ask: Callable[[httpx.Request], Answer]) -> Result:
    """Carry a flow to its end, blocking."""
    try:
        request = next(flow)
        while True:
            request = flow.send(ask(request))
    except StopIteration as end:
        found: Result = end.value
        return found


async def follow_async(
    flow: Flow[Result], ask: Callable[[httpx.Request], Awaitable[Answer]]
) -> Result:
    """Do the same without blocking."""
    try:
        request = next(flow)
        while True:
            request = flow.send(await ask(request))
    except StopIteration as end:
        found: Result = end.value
        return found


def no_answer(error: httpx.HTTPError) -> NoAnswer:
    # Of a broken protocol the text may have a piece of what was said.
    text = str(error) if isinstance(error, httpx.NetworkError | httpx.TimeoutException) else ""
    return NoAnswer(f"{type(error).__name__}: {text}".rstrip(": "))


def retry_after(answer: httpx.Response) -> int:
    """Return how many seconds the server asks us to wait."""
    said = answer.headers.get("Retry-After", "").strip()
    # A date is allowed too (RFC 9110, 10.2.3); Watchword always sends seconds.
    wait = int(said[:9]) if said.isascii() and said.isdecimal() else RETRY_AFTER_S
    return min(max(wait, 1), RETRY_AFTER_MAX_S)


def pressure(answer: httpx.Response) -> Throttled | Unavailable | None:
    """Return what to raise for an answer that only says to come again later."""
    match answer.status_code:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(retry_after=retry_after(answer))
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return Unavailable(retry_after=retry_after(answer))
    return None


def read_object(answer: httpx.Response) -> dict[str, object] | None:
    """Return the JSON object that an answer holds, None if it holds anything else."""
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
