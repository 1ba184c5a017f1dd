"""What tests of the directory room share."""

from collections.abc import AsyncIterator

import pytest

from directory.asking import directories_of, open_line, options_for
from parts.domain import Domain, Person
from watchword.directory.directories import LdapDirectories
from watchword.directory.line import Line


@pytest.fixture
async def line(domain: Domain) -> AsyncIterator[Line]:
    """An open line to the DC on which nobody has said who they are."""
    line = await open_line(domain)
    yield line
    line.close()


@pytest.fixture(params=[True, False], ids=["with-service", "without"])
async def directories(
    domain: Domain, request: pytest.FixtureRequest
) -> AsyncIterator[LdapDirectories]:
    """The directory of the DC, with a service account and without one."""
    with directories_of(options_for(domain, looks=request.param)) as directories:
        yield directories


@pytest.fixture
async def looking(domain: Domain) -> AsyncIterator[LdapDirectories]:
    """The directory of the DC, with a service account."""
    with directories_of(options_for(domain)) as directories:
        yield directories


@pytest.fixture
async def service_line(domain: Domain) -> AsyncIterator[Line]:
    """An open line of the service account, that has no rights but to look."""
    async for line in _bound(domain, domain.service):
        yield line


@pytest.fixture
async def admin_line(domain: Domain) -> AsyncIterator[Line]:
    """An open line of somebody who may see what was deleted."""
    async for line in _bound(domain, domain.admin):
        yield line


async def _bound(domain: Domain, who: Person) -> AsyncIterator[Line]:
    line = await open_line(domain)
    await line.bind(who.upn, who.password)
    yield line
    line.close()
