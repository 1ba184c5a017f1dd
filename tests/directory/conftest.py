"""What tests of the directory room share."""

from collections.abc import AsyncIterator

import pytest

from parts.domain import Domain
from watchword.directory.line import Line

PATIENCE_S = 30.0


@pytest.fixture
async def line(domain: Domain) -> AsyncIterator[Line]:
    """An open line to the DC on which nobody has said who they are."""
    line = await Line.open(domain.ldaps_url, ca_file=domain.ca_file, timeout_s=PATIENCE_S)
    yield line
    line.close()
