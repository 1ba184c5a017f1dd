"""What the counter of revocations promises to the processes of one machine (safety.md)."""

import asyncio
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from contract.files import no_larger_files
from contract.storages import Kind, opened
from contract.things import account, commit, keep, session
from parts.processes import beside, line_of, tell
from parts.storage_process import open_any
from parts.waiting import eventually, until
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import SessionId
from watchword.core.ports import Storage
from watchword.storage.revocation import RevocationCounter

pytestmark = pytest.mark.slow

ADA = account("Ada")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "revocations"


@pytest.fixture
def counter(path: Path) -> Iterator[RevocationCounter]:
    made = RevocationCounter(path)
    yield made
    made.close()


def stored_number(path: Path) -> int:
    return int.from_bytes(path.read_bytes(), "little")


def test_the_stamp_stays_while_nothing_is_revoked(counter: RevocationCounter, path: Path) -> None:
    """Every process sees the same, and the file is for its owner alone."""
    stamps = {counter.stamp() for _ in range(100)}

    assert len(stamps) == 1
    assert None not in stamps
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_revocation_gives_a_stamp_that_never_was(counter: RevocationCounter) -> None:
    """There is none while it is under way, and another one afterwards."""
    stamps = [counter.stamp()]
    for _ in range(50):
        with counter.changing():
            assert counter.stamp() is None
        stamps.append(counter.stamp())

    assert None not in stamps
    assert len(set(stamps)) == len(stamps)


def test_a_revocation_that_fails_ends_all_the_same(counter: RevocationCounter) -> None:
    """Whether the commit happened may be unknown, so the stamp changes."""
    before = counter.stamp()
    with pytest.raises(ZeroDivisionError), counter.changing():
        raise ZeroDivisionError

    assert counter.stamp() not in (None, before)


async def test_revocations_on_the_loop_take_turns(counter: RevocationCounter, path: Path) -> None:
    """Many tasks at once lose none."""
    counter.stamp()

    async def revoke() -> None:
        async with counter.changing_on_loop():
            await asyncio.sleep(0)
            assert stored_number(path) % 2

    await asyncio.gather(*(revoke() for _ in range(50)))

    assert stored_number(path) == 100


def test_another_process_is_felt_at_once(counter: RevocationCounter, path: Path) -> None:
    """Its stamp changes what we see before it goes on."""
    stamps = [counter.stamp()]
    with beside("bump", str(path), "20") as process:
        while line_of(process):
            stamps.append(counter.stamp())

    assert counter.stamp() not in (None, stamps[0])
    assert stored_number(path) == 40


def test_four_processes_lose_nothing_and_survive_the_death_of_one(
    counter: RevocationCounter, path: Path
) -> None:
    """Three count on while a fourth is killed in mid-commit."""
    before = counter.stamp()
    with ExitStack() as stack:
        dying = stack.enter_context(beside("hold", str(path)))
        assert line_of(dying) == "held"
        living = [stack.enter_context(beside("bump", str(path), "300")) for _ in range(3)]
        assert counter.stamp() is None
        dying.kill()
        for process in living:
            output, _ = process.communicate(timeout=30)
            assert output.split() == [str(number) for number in range(300)]
            assert process.returncode == 0

    assert stored_number(path) == 2 * (3 * 300 + 1)
    assert counter.stamp() not in (None, before)


def test_what_a_dead_process_left_is_repaired_within_a_second(
    counter: RevocationCounter, path: Path
) -> None:
    """Nobody trusts what they remember until then; whoever looks repairs it."""
    before = counter.stamp()
    with beside("hold", str(path)) as process:
        assert line_of(process) == "held"
        assert counter.stamp() is None
        process.kill()
        process.wait()
    died_at = time.monotonic()

    after = until(counter.stamp, within=3)

    assert 0.9 < time.monotonic() - died_at < 3.0
    assert after != before
    assert stored_number(path) == 2


def test_what_a_living_process_holds_is_not_repaired(
    counter: RevocationCounter, path: Path
) -> None:
    """A commit may take longer than a second."""
    with beside("hold", str(path)) as process:
        assert line_of(process) == "held"
        patience_ends = time.monotonic() + 1.5
        until(lambda: counter.stamp() is not None or time.monotonic() > patience_ends)

        assert counter.stamp() is None
        assert stored_number(path) == 1


def test_the_next_revocation_goes_on_from_what_a_dead_process_left(
    counter: RevocationCounter, path: Path
) -> None:
    """It need not wait for the repair, and takes no number twice."""
    with beside("hold", str(path)) as process:
        assert line_of(process) == "held"
    with counter.changing():
        assert stored_number(path) == 3

    assert stored_number(path) == 4
    assert counter.stamp() is not None


async def test_who_never_lets_go_makes_the_others_unavailable(
    counter: RevocationCounter, path: Path
) -> None:
    """They wait for five seconds, not for ever."""
    with beside("hold", str(path)) as process:
        assert line_of(process) == "held"

        with pytest.raises(UnavailableError):
            async with counter.changing_on_loop():
                pass


@pytest.mark.parametrize("replace", [False, True])
def test_a_file_that_was_removed_is_noticed(
    counter: RevocationCounter,
    path: Path,
    replace: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Whoever clears the folder splits nobody off for longer than half a second."""
    before = counter.stamp()
    path.unlink()
    if replace:
        path.write_bytes(bytes(8))

    def is_another() -> int | None:
        return stamp if (stamp := counter.stamp()) != before else None

    until(is_another, within=2)
    other = RevocationCounter(path)
    now = counter.stamp()
    with other.changing():
        pass

    assert counter.stamp() != now


def test_without_its_folder_nothing_is_trusted(tmp_path: Path) -> None:
    """There is no stamp, and there is one again when the folder is back."""
    folder = tmp_path / "data"
    folder.mkdir()
    counter = RevocationCounter(folder / "revocations")
    before = counter.stamp()
    folder.rename(tmp_path / "away")

    until(lambda: counter.stamp() is None, within=2)
    (tmp_path / "away").rename(folder)

    assert before is not None
    assert until(counter.stamp, within=2) != before


def test_without_room_for_its_file_nothing_is_trusted(
    counter: RevocationCounter, path: Path
) -> None:
    """A full disk makes no stamp and no revocation, and both come back with room."""
    with no_larger_files(4):
        assert counter.stamp() is None
        with pytest.raises(OSError, match=r"No space|too large"), counter.changing():
            pass

    assert counter.stamp() is not None
    with counter.changing():
        assert stored_number(path) == 1


def test_a_link_that_leads_nowhere_is_no_endless_search(
    counter: RevocationCounter, path: Path
) -> None:
    """Nothing is trusted, and a revocation is refused."""
    path.symlink_to(path.with_name("nowhere"))

    assert counter.stamp() is None
    with pytest.raises(OSError, match="No such file"), counter.changing():
        pass


@pytest.mark.parametrize("kind", [Kind.SQLITE, Kind.POSTGRES])
async def test_a_session_ended_by_another_process_is_felt_before_that_says_so(
    kind: Kind, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """When the other's commit returns, our stamp is another one already."""
    async with opened(kind, request, tmp_path) as storage:
        await keep(storage, ADA)
        target = str(tmp_path / "watchword.db")
        if kind is Kind.POSTGRES:
            target = request.getfixturevalue("postgres_server").url("contract")
        with beside("end", target, str(tmp_path)) as process:
            assert await asyncio.to_thread(line_of, process) == "ready"
            for number in range(30):
                opened_session = session(f"s{number}", ADA)
                await commit(storage, lambda work: work.sessions.add(opened_session))  # noqa: B023 - awaited in this round
                before = storage.revocations.stamp()
                tell(process, opened_session.id)
                # Nothing of ours runs in between: the loop waits too.
                assert line_of(process) == opened_session.id
                assert storage.revocations.stamp() != before
                async with storage.open_work() as work:
                    assert await work.sessions.by_id(SessionId(opened_session.id)) is None


async def test_a_session_ended_on_another_node_is_felt_by_news(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A node with a counter of its own hears of it from PostgreSQL; a lifetime stands behind."""
    server = request.getfixturevalue("postgres_server")
    (tmp_path / "there").mkdir()
    async with opened(Kind.POSTGRES, request, tmp_path) as here:
        there = await open_any(server.url("contract"), tmp_path / "there")
        await keep(here, ADA)
        await eventually(lambda: _listeners(server.url("contract"), 2))
        # The first round may be won by the beginning of the listening itself.
        for number in range(3):
            name = SessionId(f"s{number}")
            await commit(here, lambda work: work.sessions.add(session(name, ADA)))  # noqa: B023 - awaited in this round
            before = there.revocations.stamp()
            await commit(here, lambda work: work.sessions.end(name))  # noqa: B023 - awaited in this round
            await eventually(lambda: _differs(there, before), within=0.9)  # noqa: B023 - awaited in this round
        lifetime = there.revocations.lifetime
        await there.close()

    assert lifetime is not None
    assert lifetime.total_seconds() < 1


async def _differs(storage: Storage, stamp: int | None) -> bool:
    return storage.revocations.stamp() not in (None, stamp)


async def _listeners(url: str, number: int) -> bool:
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetchval(
            "SELECT COUNT(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
    finally:
        await connection.close()
    return bool(found == number)
