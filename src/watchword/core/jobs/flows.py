"""What the core asks of whoever knows the flows, the kinds of jobs that there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from watchword.core.jobs.model import Lane, Needs


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCard:
    """What is known of a flow before anybody runs it. `schema` is a JSON Schema."""

    name: str
    summary: str
    lane: Lane
    needs: Needs
    runs_alone: bool
    schema: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Parameters that a flow takes: as JSON, members in order, and who may ask for them."""

    parameters: str
    needs: Needs


class FlowBook(Protocol):
    """Knows the flows."""

    def cards(self) -> tuple[FlowCard, ...]:
        """Return every flow, by name."""

    def find(self, name: str) -> FlowCard | None: ...

    def read(self, name: str, parameters: Mapping[str, object]) -> Wanted:
        """Return the parameters with what was left out filled in.

        Raises InvalidError with the member and a sentence if the flow does not take them.
        """
