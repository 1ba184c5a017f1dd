"""Knows every flow: ours, and those that other packages bring."""

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from watchword.core.jobs.flows import FlowCard, Wanted
from watchword.core.kernel.errors import InvalidError
from watchword.jobs.flow import Flow
from watchword.observability.log import get_logger

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "watchword.flows"
"""The entry points by which other packages name their flows."""

AnyFlow = Flow[Any]

_log = get_logger("watchword.jobs")


class Book:
    """Implements FlowBook. Flows are looked for when the first is needed."""

    def __init__(
        self,
        ours: Callable[[], Iterable[AnyFlow]],
        theirs: Callable[[], Iterable[AnyFlow]],
    ) -> None:
        self._ours = ours
        self._theirs = theirs

    @cached_property
    def _own(self) -> Mapping[str, AnyFlow]:
        return {flow.name: flow for flow in self._ours()}

    @cached_property
    def _flows(self) -> Mapping[str, AnyFlow]:
        flows = dict(self._own)
        for flow in self._theirs():
            if flow.name in flows:
                _log.warning("flow left out: its name is taken", flow=flow.name)
            else:
                flows[flow.name] = flow
        return dict(sorted(flows.items()))

    def flow(self, name: str) -> AnyFlow | None:
        return self._own.get(name) or self._flows.get(name)

    def flows(self) -> tuple[AnyFlow, ...]:
        return tuple(self._flows.values())

    def ours(self) -> tuple[AnyFlow, ...]:
        """Return those that need no code of others to be loaded."""
        return tuple(self._own.values())

    def cards(self) -> tuple[FlowCard, ...]:
        return tuple(map(_card, self._flows.values()))

    def find(self, name: str) -> FlowCard | None:
        flow = self.flow(name)
        return _card(flow) if flow else None

    def read(self, name: str, parameters: Mapping[str, object]) -> Wanted:
        flow = self.flow(name)
        assert flow is not None, name
        try:
            told = msgspec.convert(parameters, flow.parameters)
        except msgspec.ValidationError as error:
            raise InvalidError("parameters", _sentence(error)) from None
        needs = flow.needs if flow.needs_for is None else flow.needs_for(told)
        text = msgspec.json.encode(msgspec.to_builtins(told), order="sorted").decode()
        return Wanted(text, needs)


def entered_flows() -> Iterable[AnyFlow]:
    """Return the flows that installed packages bring. One that cannot be loaded is left out."""
    for entry in _entries():
        try:
            flow = entry.load()
        except Exception as error:  # noqa: BLE001 - other people's code may raise anything
            _log.error("flow cannot be loaded", flow=entry.name, reason=type(error).__name__)
            continue
        if not isinstance(flow, Flow):
            _log.error("flow cannot be loaded", flow=entry.name, reason="it is no Flow")
        elif flow.name != entry.name:
            _log.error("flow cannot be loaded", flow=entry.name, reason="its name is another")
        else:
            yield flow


def entered_names() -> frozenset[str]:
    """Return the names of those flows, without loading them."""
    return frozenset(entry.name for entry in _entries())


def _entries() -> "Iterable[EntryPoint]":
    if not any(_may_have_flows(Path(place)) for place in sys.path):
        return ()
    from importlib.metadata import entry_points  # noqa: PLC0415 - 1 MiB that few processes need

    return entry_points(group=GROUP)


def _may_have_flows(place: Path) -> bool:
    """Say whether a package that is installed here names flows, or may without our seeing it."""
    files = place.glob("*-info/entry_points.txt")
    try:
        return place.is_file() or any(GROUP.encode() in file.read_bytes() for file in files)
    except OSError:
        return True


@cache
def _card(flow: AnyFlow) -> FlowCard:
    schema = msgspec.json.schema(flow.parameters)
    return FlowCard(
        name=flow.name,
        summary=flow.summary,
        lane=flow.lane,
        needs=flow.needs,
        runs_alone=flow.runs_alone,
        schema=msgspec.json.encode(schema).decode(),
    )


def _sentence(error: msgspec.ValidationError) -> str:
    text = str(error).replace("`$.", "`").replace(" - at `$`", "")
    return f"{text[:200]}."
