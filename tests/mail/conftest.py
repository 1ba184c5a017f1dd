"""What the tests of the mail room may ask for."""

import logging
from collections.abc import Iterator

import pytest

from parts.loglines import LogLines
from watchword.observability import log


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """Everything that is logged during the test."""
    root, lines = logging.getLogger(), LogLines()
    handlers, level = list(root.handlers), root.level
    log.configure(stream=lines.stream)
    yield lines
    log.configure()
    # Else all that the SMTP server of the tests tells goes through our log to the terminal.
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
