"""The transport's limits, who is connected, whose time is up, and how a refusal looks.

One `Gate` stands before the app in each process. It keeps one timer for all connections
(a timer for each request would cost every request something) and looks once a second, or
oftener when a limit is shorter than that, whose deadline has passed.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from starlette.types import ASGIApp

from watchword.http.heads import path_of

NEVER = float("inf")

Worded = tuple[bytes, dict[str, str]]
"""A body, and what is to be said of it: its content type, and for a page what it may do."""

Heads = list[tuple[bytes, bytes]]
"""Header fields, by lower-case name."""

AtOnce = Callable[[bytes, Mapping[str, Any], Heads], bytes | None]
"""(target, scope, heads of every answer) -> a whole answer to a GET without a body, or None."""

Render = Callable[[int, str], Worded]
"""(status, path) -> body and headers; the path is empty when it is not known."""


def render_detail(status: int, path: str) -> Worded:  # noqa: ARG001 (one wording for all paths)
    """Word a refusal when nobody else does."""
    body = json.dumps({"detail": HTTPStatus(status).phrase}).encode()
    return body, {"content-type": "application/json"}


def _count_nothing(status: int) -> None:
    """Stand in where nobody counts refusals."""


def _never_at_once(target: bytes, scope: Mapping[str, Any], heads: Heads) -> None:
    """Stand in where the app answers everything."""


def _do_nothing() -> None:
    """Stand in where nobody has to know that the server stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportLimits:
    """How much one connection may ask for, and how long it may take."""

    head_bytes_max: int = 32 * 1024
    head_fields_max: int = 100
    head_seconds: float = 10.0
    body_bytes_max: int = 64 * 1024
    body_seconds: float = 30.0
    idle_seconds: float = 30.0
    """How long a connection is kept without a request."""
    pipelined_max: int = 16
    """Requests that wait on one connection for the answer to an earlier one."""
    connections_max: int = 1000
    """In each process."""
    turned_away_max: int = 100
    """Connections past that, which wait for their 503; further ones are just closed."""
    retry_after: int = 5
    """What a 503 says, in seconds."""
    linger_seconds: float = 2.0
    """How long a refused client may take to read its answer and close."""
    linger_bytes_max: int = 256 * 1024
    """What a refused client may still send; it is thrown away."""
    drain_idle_seconds: float = 1.0
    """After the signal to stop: for a connection without a request, which may be on its way."""
    drain_request_seconds: float = 5.0
    """After the signal to stop: for a head or body that is still coming in."""

    @property
    def tick(self) -> float:
        """How often to look at deadlines, so that none is late by more than a quarter."""
        spans = (
            self.head_seconds,
            self.body_seconds,
            self.idle_seconds,
            self.linger_seconds,
        )
        return min(1.0, min(spans) / 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a process serves, and what it says about requests that never reach it."""

    app: ASGIApp
    render: Render = render_detail
    at_once: AtOnce = _never_at_once
    """What needs no app; it is asked first."""
    on_refused: Callable[[int], None] = _count_nothing
    body_bytes_max: Callable[[str], int] | None = None
    """For a path that takes another size of body than the usual one."""
    on_stopping: Callable[[], None] = _do_nothing
    """Called in the loop when the server begins to stop: answer those who wait for news."""


class Guest(Protocol):
    """A connection, as the gate sees it."""

    deadline: float

    def expire(self) -> None:
        """Do what is due: the deadline has passed."""


class Gate:
    """Counts the connections of a process and watches their deadlines."""

    def __init__(
        self, limits: TransportLimits, served: Served, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.limits = limits
        self.served = served
        self.draining = False
        self._loop = loop
        self._guests: set[Guest] = set()
        self._turned_away: set[Guest] = set()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, guest: Guest) -> bool:
        """Let a connection in; False if all places are taken."""
        if self._timer is None:
            self._timer = self._loop.call_later(self.limits.tick, self._sweep)
        admitted = len(self._guests) < self.limits.connections_max
        (self._guests if admitted else self._turned_away).add(guest)
        return admitted

    @property
    def crowded(self) -> bool:
        """Whether even those who are turned away are too many."""
        return len(self._turned_away) > self.limits.turned_away_max

    def leave(self, guest: Guest) -> None:
        self._guests.discard(guest)
        self._turned_away.discard(guest)

    def drain(self) -> None:
        """Let nobody stay longer than the last answer takes."""
        self.draining = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._loop.call_later(self._tick, self._sweep)

    def body_bytes_max(self, target: bytes) -> int:
        """Return how long a body may be that is sent to this target."""
        ask = self.served.body_bytes_max
        return self.limits.body_bytes_max if ask is None else ask(path_of(target))

    def refusal(self, status: int, path: str, *, head_only: bool, headers: Heads) -> bytes:
        """Word an answer that ends its connection, and count it."""
        self.served.on_refused(status)
        body, said = self.served.render(status, path)
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        lines += [name + b": " + value for name, value in headers]
        lines += [f"{name}: {value}".encode() for name, value in said.items()]
        lines += [
            b"content-length: %d" % len(body),
            b"cache-control: no-store",
            b"x-content-type-options: nosniff",
            b"referrer-policy: no-referrer",
            b"connection: close",
        ]
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            lines.append(b"retry-after: %d" % self.limits.retry_after)
        return b"\r\n".join([*lines, b"", b"" if head_only else body])

    @property
    def _tick(self) -> float:
        return min(0.1, self.limits.tick) if self.draining else self.limits.tick

    def _sweep(self) -> None:
        # The next look is arranged first, so that it comes whatever happens in this one.
        guests = (*self._guests, *self._turned_away)
        self._timer = self._loop.call_later(self._tick, self._sweep) if guests else None
        now = self._loop.time()
        for guest in guests:
            if guest.deadline <= now:
                guest.expire()
