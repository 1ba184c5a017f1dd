"""What every keeper of jobs promises to those who ask for them and look at them."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest

from contract.things import AT, DAY, SECOND, commit, job
from watchword.core.jobs.model import Job, Lane, Needs, Progress, State
from watchword.core.kernel.errors import ConflictError, InvalidError
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.ports import Storage, Work

NOBODYS = [0, -1, 7, 2**63 - 1, 2**63, 2**70, -(2**70)]
"""Numbers that no job has; people type them."""

OVER = [State.COMPLETED, State.FAILED, State.CANCELLED]


async def ask(storage: Storage, *jobs: Job) -> None:
    for one in jobs:
        await commit(storage, lambda work: work.jobs.add(one))  # noqa: B023 - awaited in this round


def ended(number: int, at: datetime = AT, **fields: Any) -> Job:  # noqa: ANN401 - fields of the dataclass
    return job(number, finished_at=at, **{"state": State.COMPLETED, **fields})


async def listed(look: Work, **asked: Any) -> list[int]:  # noqa: ANN401 - what a page is asked
    return [one.id for one in (await look.jobs.page(limit=100, **asked)).items]


async def test_a_job_comes_back_as_it_was_stored(storage: Storage, look: Work) -> None:
    """Every field survives, to the microsecond, in any script."""
    stored = Job(
        id=JobId(2**53 + 1),
        flow="accounts.import",
        parameters='{"file":"Zoë 名前 𝄞"}',
        owner="schedule",
        key="O'Neil; DROP TABLE jobs",
        created_at=AT,
        due_at=AT + SECOND,
        lane=Lane.LIGHT,
        needs=Needs.ADMIN,
        by_key=True,
        runs_alone=True,
        address="2001:db8::1",
        dialect="astera",
        state=State.FAILED,
        progress=Progress(
            done=2**40, total=2**41, counts={"taken": 3, "é": 0}, note="na", checkpoint="{}"
        ),
        turn=4,
        tries=3,
        pieces=2,
        media="text/csv",
        cancel_asked=True,
        error="Zoë",
        result='{"a":1}',
        started_at=AT + 2 * SECOND,
        touched_at=AT + 3 * SECOND,
        finished_at=AT + 4 * SECOND,
    )

    await ask(storage, stored, job(1))

    assert await look.jobs.by_id(stored.id) == stored
    assert await look.jobs.by_key("schedule", stored.key) == stored
    assert await look.jobs.by_id(JobId(1)) == job(1)


async def test_no_job_is_found_where_there_is_none(storage: Storage, look: Work) -> None:
    """Whatever number or key was asked for."""
    await ask(storage, job(1))

    found: list[object] = [await look.jobs.by_id(JobId(number)) for number in NOBODYS]
    found += [await look.jobs.by_key(*one) for one in [("", ""), ("id-of-Ada", "a\0b\ud800")]]
    begun = [await storage.job_desk.begin(JobId(number), at=AT) for number in NOBODYS]
    pieces = [await look.jobs.output(JobId(number), after=0, limit=9) for number in NOBODYS]

    assert found == [None] * 9
    assert begun == [None] * 7
    assert pieces == [()] * 7


async def test_no_job_has_the_number_of_another(storage: Storage) -> None:
    """Numbers begin at 1 or later and grow; that of a job that was removed stays its own."""
    first = await storage.job_desk.number()
    await ask(storage, ended(first))
    await commit(storage, lambda work: work.jobs.purge(before=AT + DAY, limit=9))

    others = [await storage.job_desk.number() for _ in range(3)]

    assert 0 < first < others[0] < others[1] < others[2]


async def test_jobs_are_listed_newest_first(storage: Storage, look: Work) -> None:
    """A few at a time if asked, and each of them once."""
    await ask(storage, *(job(number) for number in (3, 1, 5, 2, 4)))

    first = await look.jobs.page(limit=2)
    second = await look.jobs.page(after=first.next, limit=2)
    third = await look.jobs.page(after=second.next, limit=2)

    assert [[one.id for one in page.items] for page in (first, second, third)] == [
        [5, 4],
        [3, 2],
        [1],
    ]
    assert third.next is None
    assert (await look.jobs.page(limit=5)).next is None


async def test_jobs_are_listed_by_owner_flow_and_state(storage: Storage, look: Work) -> None:
    """By each alone, and by all together."""
    await ask(
        storage,
        job(1),
        job(2, owner="b"),
        job(3, flow="f"),
        ended(4),
        ended(5, owner="b", flow="f"),
        job(6, owner="b", flow="f"),
    )

    assert await listed(look, owner="b") == [6, 5, 2]
    assert await listed(look, flow="f") == [6, 5, 3]
    assert await listed(look, state=State.COMPLETED) == [5, 4]
    assert await listed(look, owner="b", flow="f") == [6, 5]
    assert await listed(look, owner="b", state=State.NOT_STARTED) == [6, 2]
    assert await listed(look, flow="f", state=State.NOT_STARTED) == [6, 3]
    assert await listed(look, owner="b", flow="f", state=State.COMPLETED) == [5]
    assert await listed(look, owner="nobody\0") == await listed(look, flow="'") == []


async def test_a_list_goes_on_with_the_same_question(storage: Storage, look: Work) -> None:
    """The place where it begins says nothing of what was asked for."""
    await ask(storage, *(job(number, owner="ab"[number % 2]) for number in range(1, 8)))

    page = await look.jobs.page(owner="b", limit=2)

    assert await listed(look, owner="b", after=page.next) == [3, 1]


@pytest.mark.parametrize("after", ["", "x", "am9iczoxMjM0NTY3ODkwMTIzNDU2Nzg5MDo", "YXVkaXQ6Nzo"])
async def test_a_foreign_cursor_is_refused(look: Work, after: str) -> None:
    """Nobody pages from a place that no page of jobs ended at."""
    with pytest.raises(InvalidError) as refused:
        await look.jobs.page(after=after, limit=5)

    assert refused.value.field == "after"


async def test_nothing_is_listed_without_end(storage: Storage, look: Work) -> None:
    """However many were asked for; and one at least."""
    await commit(
        storage, *(lambda work, n=n: work.jobs.add(job(n + 1)) for n in range(PAGE_MAX + 2))
    )

    sizes = [len((await look.jobs.page(limit=limit)).items) for limit in (-1, 0, 1, 10**9)]

    assert sizes == [1, 1, 1, PAGE_MAX]
    assert len(await look.jobs.unhanded(at=AT, limit=10**9)) == PAGE_MAX
    assert await look.jobs.unhanded(at=AT, limit=-1) == ()


async def test_what_the_queue_does_not_have_is_found_when_it_is_due(
    storage: Storage, look: Work
) -> None:
    """The longest due first, to the moment; what is over is not among it."""
    await ask(
        storage,
        job(1, due_at=AT + SECOND),
        job(2),
        job(3, due_at=AT - DAY),
        job(4),
        ended(5, due_at=AT - DAY),
        job(6, state=State.QUEUED),
    )

    due = await look.jobs.unhanded(at=AT, limit=9)
    few = await look.jobs.unhanded(at=AT, limit=2)
    later = await look.jobs.unhanded(at=AT + SECOND, limit=9)

    assert [one.id for one in due] == [3, 2, 4, 6]
    assert due[0] == job(3, due_at=AT - DAY)
    assert few == due[:2]
    assert [one.id for one in later] == [3, 2, 4, 6, 1]


async def test_jobs_that_are_not_over_are_counted(storage: Storage, look: Work) -> None:
    """All of them, or those of a lane, of an owner, or of both; and whether a flow has one."""
    await ask(
        storage,
        *(job(number, state=state) for number, state in enumerate(State, 1) if state not in OVER),
        job(8, owner="b", lane=Lane.LIGHT, flow="f"),
        job(9, owner="b"),
        *(ended(10 + n, flow="over", owner="b", state=state) for n, state in enumerate(OVER)),
    )

    assert await look.jobs.count_active() == 6
    assert await look.jobs.count_active(Lane.LIGHT) == 1
    assert await look.jobs.count_active(Lane.HEAVY) == 5
    assert await look.jobs.count_active(owner="b") == 2
    assert await look.jobs.count_active(Lane.HEAVY, owner="b") == 1
    assert await look.jobs.count_active(owner="nobody") == 0
    assert [await look.jobs.is_active(flow) for flow in ("f", "over", "x")] == [True, False, False]


async def test_the_same_wish_is_one_job(storage: Storage, look: Work) -> None:
    """A key is taken for as long as its job is kept, also when that is over; others may have it."""
    await ask(storage, job(1, key="k"), ended(2, key="over"))

    await ask(storage, job(3, key="k", owner="b"))
    for key in ("k", "over"):
        with pytest.raises(ConflictError) as refused:
            await ask(storage, job(4, key=key, flow="another"))
        assert refused.value.field == "key"

    assert await listed(look) == [3, 2, 1]


async def test_a_flow_that_runs_alone_has_one_job_at_a_time(storage: Storage, look: Work) -> None:
    """Whoever asks, until it is over. Other flows do not mind."""
    await ask(storage, job(1, runs_alone=True), job(2, flow="f"), job(3, flow="f"))

    with pytest.raises(ConflictError) as refused:
        await ask(storage, job(4, runs_alone=True, owner="b"))
    await ask(storage, job(5, runs_alone=True, flow="g"))
    await storage.job_desk.begin(JobId(1), at=AT)
    await commit(
        storage,
        lambda work: work.jobs.finish(JobId(1), turn=1, state=State.FAILED, at=AT),
        lambda work: work.jobs.add(job(6, runs_alone=True)),
    )

    assert refused.value.field == "flow"
    assert await listed(look) == [6, 5, 3, 2, 1]


async def test_who_asks_again_for_what_runs_alone_is_told_of_the_key(storage: Storage) -> None:
    """The job is theirs, so it is not in their way."""
    await ask(storage, job(1, runs_alone=True, key="k"))

    with pytest.raises(ConflictError) as refused:
        await ask(storage, job(2, runs_alone=True, key="k"))

    assert refused.value.field == "key"


async def test_a_number_is_taken_once(storage: Storage, look: Work) -> None:
    """The first job stays."""
    await ask(storage, job(1))

    with pytest.raises(ConflictError):
        await ask(storage, job(1, key="another", owner="b"))

    assert await look.jobs.by_id(JobId(1)) == job(1)


async def test_a_refused_job_leaves_nothing_of_its_commit(storage: Storage, look: Work) -> None:
    """What was recorded before it and after it is not there either."""
    await ask(storage, job(1, key="k"))

    with pytest.raises(ConflictError):
        await commit(
            storage,
            lambda work: work.jobs.add(job(2)),
            lambda work: work.jobs.add(job(3, key="k")),
            lambda work: work.jobs.add(job(4)),
        )

    assert await listed(look) == [1]


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
@pytest.mark.parametrize("name", ["flow", "parameters", "owner", "key", "error", "result"])
async def test_text_that_no_database_can_keep_is_refused(
    storage: Storage, look: Work, name: str, text: str
) -> None:
    """At once, as an invalid value, on each of them."""
    with pytest.raises(InvalidError):
        await ask(storage, job(1, **{name: text}))

    assert await listed(look) == []


async def test_what_was_over_long_ago_is_removed(storage: Storage, look: Work) -> None:
    """The longest over first, a few at a time; never what is not over, however old."""
    await ask(
        storage,
        job(1, created_at=AT - 99 * DAY, due_at=AT - 99 * DAY),
        ended(2, AT - SECOND),
        ended(3, AT),
        ended(4, AT - DAY, state=State.FAILED),
        ended(5, AT - DAY, state=State.CANCELLED),
    )

    for limit, left in ((-1, [5, 4, 3, 2, 1]), (2, [3, 2, 1]), (9, [3, 1]), (9, [3, 1])):
        await commit(storage, lambda work: work.jobs.purge(before=AT, limit=limit))  # noqa: B023 - awaited in this round

        assert await listed(look) == left


async def test_the_jobs_of_one_owner_are_removed(storage: Storage, look: Work) -> None:
    """Those that were completed; others keep theirs."""

    def purge(limit: int, work: Work) -> None:
        work.jobs.purge(before=AT + DAY, completed_of="a", limit=limit)

    await ask(
        storage,
        ended(1, owner="a"),
        ended(2, owner="b"),
        ended(3, owner="a"),
        ended(4, owner="a", state=State.FAILED),
    )

    await commit(storage, partial(purge, 1))
    assert await listed(look) == [4, 3, 2]
    await commit(storage, partial(purge, 9))

    assert await listed(look) == [4, 2]


async def test_what_a_removed_job_wrote_goes_with_it(storage: Storage, look: Work) -> None:
    """And its key can be used again."""
    await ask(storage, job(1, key="k"))
    await storage.job_desk.begin(JobId(1), at=AT)
    await commit(
        storage,
        lambda work: work.jobs.write(JobId(1), turn=1, text="a", media="text/plain"),
        lambda work: work.jobs.finish(JobId(1), turn=1, state=State.COMPLETED, at=AT),
    )

    await commit(storage, lambda work: work.jobs.purge(before=AT + SECOND, limit=9))

    assert await look.jobs.output(JobId(1), after=0, limit=9) == ()
    await ask(storage, job(2, key="k"))
