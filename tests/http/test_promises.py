"""No answer is outside the description, whatever is sent."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from toy import toybox
from watchword.http.surroundings import Surroundings
from watchword.observability.metrics import Metrics

EXAMPLES = 15


@pytest.mark.slow
@pytest.mark.parametrize(
    "mode", [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
)
def test_every_answer_was_promised(mode: schemathesis.GenerationMode) -> None:
    """Good and bad input gets a documented status, type and shape, and never a 5xx."""
    box = toybox(Surroundings(version="0", metrics=Metrics(version="0")))
    schema = schemathesis.openapi.from_asgi("/openapi.json", box.app)
    paths = ("/toy/wish",) if mode is schemathesis.GenerationMode.NEGATIVE else tuple(schema)

    checked = [_check(schema[path][method], mode) for path in paths for method in schema[path]]

    assert checked


def _check(operation: Any, mode: schemathesis.GenerationMode) -> str:  # noqa: ANN401 - a generic of its library's own
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:  # noqa: ANN401 - the same
        case.call_and_validate()

    ask()
    return str(operation.label)
