"""Flows that can be started and do nothing."""

import json
from collections.abc import Mapping

from watchword.core.jobs.flows import FlowCard, Wanted
from watchword.core.jobs.model import Lane, Needs
from watchword.core.kernel.errors import InvalidError

COUNT, ALONE, ROTATE = "toy.count", "toy.alone", "toy.rotate"

_NEEDS = {COUNT: Needs.RUNNER, ALONE: Needs.RUNNER, ROTATE: Needs.ADMIN}

SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "integer"}, "with_hashes": {"type": "boolean"}},
    "additionalProperties": False,
}


class ToyBook:
    """Three flows: one for whoever runs jobs, one that runs alone, one for admins.

    They take `to`, a number, 10 if left out, and `with_hashes`, which only the command line
    may ask for.
    """

    def cards(self) -> tuple[FlowCard, ...]:
        return tuple(_card(name) for name in sorted(_NEEDS))

    def find(self, name: str) -> FlowCard | None:
        return _card(name) if name in _NEEDS else None

    def read(self, name: str, parameters: Mapping[str, object]) -> Wanted:
        told = {"to": 10, "with_hashes": False} | dict(parameters)
        if unknown := told.keys() - {"to", "with_hashes"}:
            raise InvalidError("parameters", f"There is no {min(unknown)}.")
        if type(told["to"]) is not int or type(told["with_hashes"]) is not bool:
            raise InvalidError("parameters", "Expected `int`, got another - at `to`.")
        needs = Needs.OPERATOR if told["with_hashes"] else _NEEDS[name]
        return Wanted(json.dumps(told, sort_keys=True), needs)


def _card(name: str) -> FlowCard:
    return FlowCard(
        name=name,
        summary="Counts.",
        lane=Lane.HEAVY,
        needs=_NEEDS[name],
        runs_alone=name == ALONE,
        schema=json.dumps(SCHEMA),
    )
