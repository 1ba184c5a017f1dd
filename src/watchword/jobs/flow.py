"""What a flow is: a kind of long work, ours or a third party's.

This module is the door for other people's flows: `docs/flows.md` has an example.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from watchword.core.jobs.model import Lane, Needs
from watchword.core.services.jobruns import FlowFailedError
from watchword.jobs.turn import CancelledError, StoppedError, Turn

__all__ = [
    "CancelledError",
    "Flow",
    "FlowFailedError",
    "Lane",
    "Needs",
    "Parameters",
    "StoppedError",
    "Turn",
]


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a flow can be told. Members and their types are those of the API and the CLI."""


Told = TypeVar("Told", bound=Parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Generic[Told]):
    """A kind of long work.

    `run` gets the parameters and its turn, and returns what is told as the result, as
    members of a JSON object. It may be begun again after any `await` or crash, so it goes on
    from `turn.checkpoint` and records what it does together with the next one. It raises
    FlowFailedError when trying again cannot help; anything else is tried again a few times.

    `lane` is HEAVY unless it only waits, a little at a time. `needs` is who may start it, and
    `needs_for` may ask more for some parameters. `schedule` is when it starts by itself, in
    the words of cron and in UTC, where the settings say nothing else; empty for never.
    """

    name: str
    summary: str
    parameters: type[Told]
    run: Callable[[Told, Turn], Awaitable[Mapping[str, object]]]
    lane: Lane = Lane.HEAVY
    needs: Needs = Needs.RUNNER
    needs_for: Callable[[Told], Needs] | None = None
    runs_alone: bool = False
    schedule: str = ""
