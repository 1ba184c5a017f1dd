"""What the tests of the http room may ask for."""

from collections.abc import Iterator

import pytest

from parts.loglines import LogLines
from watchword.observability import log


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """Everything that is logged during the test."""
    lines = LogLines()
    log.configure(stream=lines.stream)
    yield lines
    log.configure()
