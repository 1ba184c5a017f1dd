"""kill -9 in the middle of a backup: it is made again, whole, and nothing half made stays."""

from collections.abc import Callable

import pytest

from journeys import jobs, newcomers
from journeys.people import WITH_ADMIN
from parts.line import Line
from parts.server import FOR_ALL, Store, command, serving

pytestmark = pytest.mark.slow

SETTINGS = {**WITH_ADMIN, **FOR_ALL}
ACCOUNTS = 30_000
"""So many that a kill comes before the end, as a rule."""

KILLS = 3
AT_WORK = ("Initializing", "Running")


async def test_a_backup_that_was_killed_is_made_again(
    store: Store, tell: Callable[[str], None]
) -> None:
    """Under the name that it would have had, and the folder holds nothing else."""
    file = newcomers.put_accounts(store, ACCOUNTS)
    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner, made = await jobs.admin(line), []
            await runner.ended(await runner.start("accounts.import", path=file))
            for _ in range(KILLS):
                job = await runner.start("backup.create")
                await runner.is_at(job, *AT_WORK, "Completed")
                await jobs.kill_heavy(server)
                made.append(await runner.ended(job))
    folder = store.folder / "backups"
    files = {job["result"]["file"] for job in made if job["status"] == "Completed"}
    verified = [command(store, "backup", "verify", str(folder / one)) for one in files]
    hits = sum(job["attempts"] > 1 for job in made)
    tell(f"{KILLS} kills, {hits} of them before the end of a backup")

    assert {job["status"] for job in made} == {"Completed"}
    assert len(files) == KILLS
    assert hits
    assert {path.name for path in folder.iterdir()} == files
    assert [ran.returncode for ran in verified] == [0] * KILLS, verified
