"""What a database says of itself."""

from datetime import UTC, datetime, timedelta

import pytest

from watchword.core.kernel.errors import UnavailableError
from watchword.storage.facts import postgres_facts, sqlite_facts


def test_sqlite_says_its_version() -> None:
    """It is a library: it has no clock, role, limit or settings of its own."""
    facts = sqlite_facts()

    assert (facts.engine, facts.now, facts.connections_max) == ("SQLite", None, None)
    assert (facts.synchronous_commit, facts.fsync) == (None, None)
    assert facts.version.startswith("3.")


async def test_postgres_says_its_version_clock_role_limit_and_care(postgres_url: str) -> None:
    """All of it in one question."""
    facts = await postgres_facts(postgres_url)

    assert facts.engine == "PostgreSQL"
    assert facts.version[0].isdigit()
    assert facts.now is not None
    assert abs(facts.now - datetime.now(UTC)) < timedelta(minutes=1)
    assert facts.is_standby is False
    assert facts.connections_max == 200
    assert (facts.synchronous_commit, facts.fsync) == ("off", "off")  # as our test server runs


@pytest.mark.parametrize(
    "url", ["postgresql://u:hush-hush@127.0.0.1:1/none", "postgresql://u:hush-hush@[::bad/none"]
)
async def test_who_does_not_answer_is_unavailable(url: str) -> None:
    """Nothing of the URL, which may hold a password, is in the error."""
    with pytest.raises(UnavailableError) as raised:
        await postgres_facts(url)

    assert "hush" not in str(raised.value)
