"""Ctrl-C and SIGTERM: they end a command at once, or are noted by one that has to tidy up first."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import asyncio

STOPS = (signal.SIGINT, signal.SIGTERM)

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def ended_at_once() -> Iterator[None]:
    """Have either end the command where it is: asyncio would only note the first one."""
    before = _handled_by(signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Abort from None
    finally:
        _give_back(before)


@contextmanager
def noted() -> Iterator["asyncio.Event"]:
    """Have either set an event, and do nothing else, however often it comes.

    Once one came, the rest are ignored for good: the command is on its way out and says so
    itself. Whoever types Ctrl-C twice hears the same as who types it once.
    """
    import asyncio  # noqa: PLC0415 - `--help` must be quick

    loop, told, came = asyncio.get_running_loop(), asyncio.Event(), list[int]()

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)
        loop.call_soon_threadsafe(told.set)

    before = _handled_by(note)
    try:
        yield told
    finally:
        _give_back(dict.fromkeys(STOPS, signal.SIG_IGN) if came else before)


def _handled_by(handler: Handler) -> dict[signal.Signals, Handler | int | None]:
    return {number: signal.signal(number, handler) for number in STOPS}


def _give_back(before: dict[signal.Signals, Handler | int | None]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
