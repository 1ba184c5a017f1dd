"""What tests of the directory room share.

The room needs python-ldap, which is an extra: without it there is one test here, and that says so.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parts.domain import Domain, Person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from watchword.directory.directories import LdapDirectories
    from watchword.directory.line import Line


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what could not even be imported."""
    is_missing = find_spec("ldap") is None
    return (is_missing and collection_path.name != "test_extra.py") or None


@pytest.fixture
async def line(domain: Domain) -> "AsyncIterator[Line]":
    """An open line to the DC on which nobody has said who they are."""
    from directory.asking import open_line  # noqa: PLC0415 - only where python-ldap is

    line = await open_line(domain)
    yield line
    line.close()


@pytest.fixture
async def service_line(domain: Domain) -> "AsyncIterator[Line]":
    """An open line of the service account, that has no rights but to look."""
    async for line in _bound(domain, domain.service):
        yield line


@pytest.fixture
async def admin_line(domain: Domain) -> "AsyncIterator[Line]":
    """An open line of somebody who may see what was deleted."""
    async for line in _bound(domain, domain.admin):
        yield line


async def _bound(domain: Domain, who: Person) -> "AsyncIterator[Line]":
    from directory.asking import open_line  # noqa: PLC0415 - only where python-ldap is

    line = await open_line(domain)
    await line.bind(who.upn, who.password)
    yield line
    line.close()


@pytest.fixture(params=[True, False], ids=["with-service", "without"])
async def directories(
    domain: Domain, request: pytest.FixtureRequest
) -> "AsyncIterator[LdapDirectories]":
    """The directory of the DC, with a service account and without one."""
    from directory.asking import directories_of, options_for  # noqa: PLC0415 - see above

    with directories_of(options_for(domain, looks=request.param)) as directories:
        yield directories


@pytest.fixture
async def looking(domain: Domain) -> "AsyncIterator[LdapDirectories]":
    """The directory of the DC, with a service account."""
    from directory.asking import directories_of, options_for  # noqa: PLC0415 - see above

    with directories_of(options_for(domain)) as directories:
        yield directories
