"""Whether the tests beside this one can be run at all."""

from importlib.util import find_spec

import pytest


def test_python_ldap_is_here() -> None:
    """Without it the directory room cannot be imported, and nothing of it is tried."""
    if find_spec("ldap") is None:
        pytest.skip("no python-ldap here: make setup-directory")

    assert find_spec("_ldap") is not None
