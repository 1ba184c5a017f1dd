"""The log, written where a test can read it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from watchword.observability.log import configure


class Written(io.StringIO):
    """What was written, line by line."""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def line(self) -> dict[str, Any]:
        (only,) = self.lines()
        return only


@pytest.fixture
def written() -> Iterator[Written]:
    """The log as JSON into a text of ours; afterwards all is as it was."""
    root, written = logging.getLogger(), Written()
    level = root.level
    configure(stream=written)
    yield written
    configure()
    logging.captureWarnings(capture=False)
    ours = [each for each in root.handlers if type(each).__module__.startswith("watchword.")]
    for handler in ours:
        root.removeHandler(handler)
    root.setLevel(level)
