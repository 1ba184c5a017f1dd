"""What is so of the queue on PostgreSQL alone: its tables, its connections, what it logs."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from procrastinate.schema import SchemaManager

from contract.queues import LIGHT, Hands, at_work, open_queue, put
from parts.loglines import LogLines
from parts.peer import free_port
from parts.waiting import eventually
from watchword.core.jobs.model import Lane
from watchword.core.jobs.queue import Queue
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import JobId
from watchword.jobs.procrastinatequeue import POOL_SIZE, ProcrastinateQueue
from watchword.jobs.queueschema import migrations

pytestmark = pytest.mark.slow

SHAPE = """
    SELECT 'column', table_name::TEXT, column_name::TEXT, data_type::TEXT
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'function', proname::TEXT, pg_get_function_arguments(oid), md5(prosrc)
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index', tablename::TEXT, indexname::TEXT, indexdef
      FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'trigger', tgrelid::regclass::TEXT, tgname::TEXT, pg_get_triggerdef(oid)
      FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'word', enumtypid::regtype::TEXT, enumlabel::TEXT, '' FROM pg_enum
    ORDER BY 1, 2, 3, 4
"""
OURS = "application_name = 'watchword queue'"


async def ask(url: str, question: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(question)]
    finally:
        await connection.close()


async def tell(url: str, *texts: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for text in texts:
            await connection.execute(text)
    finally:
        await connection.close()


def texts(names: Sequence[str]) -> list[str]:
    folder = Path(SchemaManager.get_migrations_path())
    return [(folder / f"{name}.sql").read_text() for name in names]


def remembered(names: Sequence[str]) -> list[str]:
    rows = ", ".join(f"('{name}')" for name in names)
    return [
        "CREATE TABLE queue_migrations (name TEXT PRIMARY KEY)",
        f"INSERT INTO queue_migrations (name) VALUES {rows}",  # noqa: S608 - names of files
    ]


def done_hands() -> Hands:
    hands = Hands()
    hands.may_end.set()
    return hands


class TestTables:
    async def test_many_may_make_them_at_once(self, postgres_url: str) -> None:
        """Each process of each machine does, on its first start."""
        queues = [ProcrastinateQueue(postgres_url, pooler=False) for _ in range(6)]

        await asyncio.gather(*(one.ensure_schema() for one in queues))

        await asyncio.gather(*(one.ensure_schema() for one in queues))
        assert await ask(postgres_url, "SELECT name FROM queue_migrations ORDER BY name") == [
            (name,) for name in migrations()
        ]

    @pytest.mark.parametrize("last", ["00.00.00_01_initial", "03.01.00_50_post_add_heartbeat"])
    async def test_older_ones_are_brought_up_to_date(self, postgres_url: str, last: str) -> None:
        """What an older version of Procrastinate made becomes what this one would make."""
        older = migrations()[: migrations().index(last) + 1]
        await tell(postgres_url, *texts(older), *remembered(older))
        queues = [ProcrastinateQueue(postgres_url, pooler=False) for _ in range(4)]

        await asyncio.gather(*(one.ensure_schema() for one in queues))

        found = await ask(postgres_url, SHAPE)
        await tell(postgres_url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        await queues[0].ensure_schema()
        assert found == await ask(postgres_url, SHAPE)

    async def test_those_of_others_are_left_alone(self, postgres_url: str) -> None:
        """Their workers would take our jobs for unknown ones, and throw them away."""
        await tell(postgres_url, SchemaManager.get_schema())
        before = await ask(postgres_url, SHAPE)

        with pytest.raises(UnavailableError, match="a database of its own"):
            await ProcrastinateQueue(postgres_url, pooler=False).ensure_schema()

        assert await ask(postgres_url, SHAPE) == before

    async def test_newer_ones_are_refused(self, postgres_url: str) -> None:
        """A newer version may have removed what this one calls."""
        await ProcrastinateQueue(postgres_url, pooler=False).ensure_schema()
        await tell(postgres_url, "INSERT INTO queue_migrations VALUES ('99.00.00_01_post_new')")

        async with open_queue(postgres_url) as queue:
            with pytest.raises(UnavailableError, match=r"99\.00\.00_01_post_new"):
                await put(queue, 1)

    async def test_they_may_vanish_while_a_worker_works(self, postgres_url: str) -> None:
        """Somebody who restores a copy without them stops nobody for long."""
        hands = done_hands()
        async with open_queue(postgres_url) as queue, at_work(queue, hands):
            await put(queue, 1)
            await hands.have_ended(1)
            await tell(postgres_url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
            await eventually(lambda: _is_put(queue, 2))
            await hands.have_ended(1, 2)

    async def test_nothing_stays_in_them(self, postgres_url: str) -> None:
        """However a job ended, its rows are gone, and a worker's when it has left."""
        hands = done_hands()
        hands.fails = {JobId(2): 2}
        async with open_queue(postgres_url) as queue, at_work(queue, hands):
            await put(queue, 1, 2, 3)
            await hands.have_ended(1, 2, 3)

        for table in ("jobs", "events", "workers", "periodic_defers"):
            assert await ask(postgres_url, f"SELECT * FROM procrastinate_{table}") == []  # noqa: S608 - names


class TestTurns:
    async def test_a_worker_that_was_forgotten_begins_anew(self, postgres_url: str) -> None:
        """Its machine slept for so long that its row was removed."""
        hands = Hands()
        async with open_queue(postgres_url) as queue, at_work(queue, hands):
            await put(queue, 1)
            await hands.have_begun(1)
            await tell(postgres_url, "DELETE FROM procrastinate_workers")
            await put(queue, 2)
            await hands.have_begun(1, 1, 2, within=20)
            hands.may_end.set()
            await hands.have_ended(1, 2)

        assert hands.cut == [1]
        assert hands.twice_at_once == []

    async def test_a_job_whose_fetching_was_not_heard_comes_again(self, postgres_url: str) -> None:
        """The answer got lost: a worker has it, as the tables say, and it knows nothing of it."""
        hands = done_hands()
        async with open_queue(postgres_url) as queue:
            await put(queue, 1)
            async with at_work(queue, hands, Lane.HEAVY):
                await eventually(lambda: _has_worker(postgres_url))
                await tell(postgres_url, FETCHED_UNHEARD)
                async with at_work(queue, hands, Lane.LIGHT):
                    await put(queue, 2)
                    await hands.have_ended(1, 2, within=30)

    async def test_who_lost_a_job_takes_nothing_away(self, postgres_url: str) -> None:
        """Its run returns before it knows, and the job still waits for the one who comes next."""
        hands, others = Hands(), done_hands()
        async with open_queue(postgres_url, at_once=1) as queue:
            async with at_work(queue, hands):
                await put(queue, 1)
                await hands.have_begun(1)
                await tell(postgres_url, TAKEN_OVER)
            async with at_work(queue, others):
                await others.have_ended(1)

        assert (hands.begun, hands.ended) == ([1], [1])

    async def test_a_lost_run_that_ends_well_is_not_done(self, postgres_url: str) -> None:
        """It may have seen that another has the job, and left: the job is still to be done."""
        begun, hands = list[int](), done_hands()

        async def run(job_id: JobId) -> None:
            begun.append(job_id)
            with suppress(asyncio.CancelledError):
                await (asyncio.Event().wait() if len(begun) == 1 else hands.run(job_id))

        until = asyncio.Event()
        async with open_queue(postgres_url) as queue:
            work = asyncio.create_task(queue.work(LIGHT, run, until=until))
            await put(queue, 1)
            await eventually(lambda: _is_begun(begun))
            await tell(postgres_url, "UPDATE procrastinate_jobs SET worker_id = NULL")
            await hands.have_ended(1, within=30)
            until.set()
            await work

        assert begun == [1, 1]

    async def test_a_lost_run_ends_before_its_job_begins_anew(self, postgres_url: str) -> None:
        """A worker that gets its own lost job again has it once at a time."""
        hands = Hands()
        async with open_queue(postgres_url) as queue, at_work(queue, hands):
            await put(queue, 1)
            await hands.have_begun(1)
            await tell(postgres_url, TAKEN_OVER)
            await hands.have_begun(1, 1)
            hands.may_end.set()
            await hands.have_ended(1)

        assert hands.cut == [1]
        assert hands.twice_at_once == []


FETCHED_UNHEARD = """
    UPDATE procrastinate_jobs
       SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)
"""
TAKEN_OVER = """
    WITH gone AS (DELETE FROM procrastinate_jobs RETURNING *)
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
    SELECT queue_name, task_name, lock, queueing_lock, args FROM gone
"""


class TestQuiet:
    async def test_a_job_writes_no_line_of_its_own(
        self, postgres_url: str, log_lines: LogLines
    ) -> None:
        """Neither Procrastinate nor its driver says what goes well; who runs the job does."""
        hands = done_hands()
        async with open_queue(postgres_url) as queue, at_work(queue, hands):
            await put(queue, 1, 2)
            await hands.have_ended(1, 2)

        assert log_lines.all() == []

    async def test_what_fails_is_told_without_its_text(
        self, postgres_url: str, log_lines: LogLines
    ) -> None:
        """It may hold anything."""
        hands = done_hands()
        hands.fails = {JobId(1): 1}
        async with open_queue(postgres_url) as queue, at_work(queue, hands):
            await put(queue, 1)
            await hands.have_ended(1)

        assert [(line["job"], line["reason"]) for line in log_lines.all()] == [(1, "OSError")]

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://somebody:pa%20ss-w0rd@127.0.0.1:{port}/nowhere",
            "postgresql://somebody@127.0.0.1:{port}/nowhere?password=pa%20ss-w0rd",
            "postgresql://somebody:pa@ss-w0rd@127.0.0.1:{port}/nowhere",
        ],
    )
    async def test_no_secret_is_told(self, url: str, log_lines: LogLines) -> None:
        """Neither in an error nor in the log, whatever is wrong with the address."""
        hands, until, said = done_hands(), asyncio.Event(), ""
        queue = ProcrastinateQueue(url.format(port=free_port()), pooler=False)
        try:
            await put(queue, 1)
        except UnavailableError as error:
            said = str(error)
        work = asyncio.create_task(queue.work(LIGHT, hands.run, until=until))
        await eventually(lambda: _is_told(log_lines))
        until.set()
        await work
        await queue.close()

        assert said
        assert "w0rd" not in said + log_lines.text()


class TestConnections:
    async def test_none_is_opened_before_it_is_needed(self, postgres_url: str) -> None:
        """A server that starts no job costs PostgreSQL nothing."""
        async with open_queue(postgres_url):
            count = await _count(postgres_url)

        assert count == 0

    @pytest.mark.parametrize("pooler", [False, True])
    async def test_they_are_few_and_go(self, postgres_url: str, *, pooler: bool) -> None:
        """However many jobs there are; one more listens, if nobody stands in between."""
        hands, most = Hands(), POOL_SIZE + (not pooler)
        async with open_queue(postgres_url, pooler=pooler, at_once=20) as queue:
            async with at_work(queue, hands):
                await asyncio.gather(*(put(queue, number) for number in range(30)))
                await eventually(lambda: _are_begun(hands, 20))
                count = await _count(postgres_url)
            hands.may_end.set()

        assert 0 < count <= most
        await eventually(lambda: _has_no_connection(postgres_url))


async def _is_put(queue: Queue, number: int) -> bool:
    try:
        await put(queue, number)
    except UnavailableError:
        return False
    return True


async def _has_worker(url: str) -> bool:
    return bool(await ask(url, "SELECT id FROM procrastinate_workers"))


async def _is_begun(begun: list[int]) -> bool:
    return bool(begun)


async def _are_begun(hands: Hands, count: int) -> bool:
    return len(hands.begun) == count


async def _is_told(lines: LogLines) -> bool:
    return bool(lines.of("queue does not answer"))


async def _count(url: str) -> int:
    [(count,)] = await ask(url, f"SELECT count(*) FROM pg_stat_activity WHERE {OURS}")  # noqa: S608 - a constant
    return int(count)


async def _has_no_connection(url: str) -> bool:
    return await _count(url) == 0
