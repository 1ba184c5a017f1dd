"""What a test may ask for that needs Active Directory: see `parts/domain.py`."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from parts.domain import Domain
from parts.domain_making import make_domain, missing, running_domain


@pytest.fixture(scope="session")
def made_domain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a domain; all processes of a run copy the same one."""
    if reason := missing():
        pytest.skip(reason)
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "domain"
    with (shared / "domain.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "http.keytab").exists():  # it is written last
            make_domain(folder)
    return folder


@pytest.fixture(scope="session")
def domain(made_domain: Path) -> Iterator[Domain]:
    """One DC for the whole run (under xdist: one for each worker); let it run."""
    with running_domain(made_domain) as running:
        yield running


@pytest.fixture
def own_domain(made_domain: Path) -> Iterator[Domain]:
    """A DC for one test alone, that it may kill, and whose people it may all change."""
    with running_domain(made_domain) as running:
        yield running
