"""What was acknowledged survives the death of the process, on each real database."""

from pathlib import Path

import pytest

from contract.things import AT
from parts.processes import beside, line_of
from parts.storage_process import open_any
from watchword.core.kernel.ids import AccountId

pytestmark = pytest.mark.slow

ROUNDS = 5
WRITES = 40


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database is."""
    if request.param == "sqlite":
        return str(tmp_path / "watchword.db")
    return str(request.getfixturevalue("postgres_url"))


async def test_what_was_acknowledged_before_a_kill_is_there(target: str, tmp_path: Path) -> None:
    """Killed in the middle of writing, again and again, the process loses nothing it told of."""
    storage = await open_any(target, tmp_path)
    await storage.migrate(at=AT)
    acknowledged: list[str] = []

    for number in range(ROUNDS):
        acknowledged += _written_until_killed(target, tmp_path, first=number * 100_000)

    async with storage.open_work() as work:
        lost = [name for name in acknowledged if not await work.accounts.by_id(AccountId(name))]
        count = await work.accounts.count()
    await storage.close()
    assert lost == []
    assert len(acknowledged) >= ROUNDS * WRITES
    # Four were under way at each kill; each of them is there or it is not.
    assert len(acknowledged) <= count <= len(acknowledged) + ROUNDS * 4


def _written_until_killed(target: str, folder: Path, *, first: int) -> list[str]:
    with beside("add", target, str(folder), str(first)) as process:
        told = [line_of(process) for _ in range(WRITES)]
        process.kill()
        assert process.stdout is not None
        rest = process.stdout.read()  # `communicate` would leave out what was read ahead
    # The last line may have been cut off in the middle of being told.
    return told + rest.split("\n")[:-1]


async def test_a_killed_process_leaves_no_half_account(target: str, tmp_path: Path) -> None:
    """Each account that is there is found by its name too."""
    storage = await open_any(target, tmp_path)
    await storage.migrate(at=AT)

    _written_until_killed(target, tmp_path, first=0)

    async with storage.open_work() as work:
        accounts = (await work.accounts.page(limit=1000)).items
        found = [await work.accounts.by_identifier(account.name) for account in accounts]
    await storage.close()
    assert found == list(accounts)
