"""Starting, looking at, stopping and downloading jobs: who may, and what becomes of them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes_flows import ALONE, COUNT, ROTATE
from unit.core.conftest import HERE, OPERATOR, House
from watchword.core.accounts.model import Role
from watchword.core.apikeys.model import Scope
from watchword.core.audit.model import Action
from watchword.core.jobs.model import KEY_LENGTH_MAX, RUN_SCOPE, Job, Needs, State
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.ids import JobId
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.jobruns import FlowFailedError
from watchword.core.services.jobs import ACTIVE_MAX, HOUSE

RUNS_JOBS = frozenset({Scope.JOBS_RUN, Scope.IDENTIFY})
OF_HOUSE = Actor(name=HOUSE, is_admin=True, origin=HERE)


async def admin(house: House, name: str = "root") -> Actor:
    await house.add(name, role=Role.ADMIN)
    return await house.actor(name)


async def user(house: House, name: str = "ada") -> Actor:
    await house.add(name)
    return await house.actor(name)


async def key_of(house: House, name: str, scopes: frozenset[Scope] = RUNS_JOBS) -> Actor:
    made = await house.make_key(name, scopes=scopes)
    return (await house.key_holder(made.text)).actor(HERE)


async def start(
    house: House, actor: Actor = OPERATOR, flow: str = COUNT, key: str = "", **told: object
) -> Job:
    job = await house.services.jobs.start(actor, flow, told, key=key)
    assert isinstance(job, Job), job
    return job


async def begin(house: House, job: Job) -> Job:
    begun = await house.services.job_runs.begin(job.id)
    assert begun is not None
    return begun


def reason(outcome: object) -> Refusal:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


def test_the_scope_that_runs_jobs_has_one_name() -> None:
    """Jobs and API keys spell it alike, though neither knows the other."""
    assert RUN_SCOPE == Scope.JOBS_RUN


async def test_a_job_is_stored_and_nobody_waits_for_it(house: House) -> None:
    """It has a number, what was left out is filled in, and the audit trail knows it."""
    root = await admin(house)

    job = await start(house, root, to=3)
    found = await house.services.jobs.find(root, job.id)
    trail = await house.services.audit.page(action=Action.JOB_START)

    assert found == job
    assert (job.state, job.owner, job.flow) == (State.NOT_STARTED, root.name, COUNT)
    assert job.parameters == '{"to": 3, "with_hashes": false}'
    assert [(one.subject, one.detail) for one in trail.items] == [(str(job.id), COUNT)]


async def test_numbers_grow_and_never_come_again(house: House) -> None:
    """Not even when a job is gone."""
    first, second = await start(house), await start(house)

    assert 0 < first.id < second.id


async def test_who_may_start_what(house: House) -> None:
    """Admins with a session and keys with the scope; the flow or its parameters may ask more."""
    jobs = house.services.jobs
    root, ada = await admin(house), await user(house)
    key, weak = await key_of(house, "ada"), await key_of(house, "root", frozenset({Scope.IDENTIFY}))

    allowed = [await jobs.start(one, COUNT, {}) for one in (root, key, OPERATOR)]
    refused = [
        reason(await jobs.start(ada, COUNT, {})),
        reason(await jobs.start(ada, "toy.no-such", {})),
        reason(await jobs.start(weak, COUNT, {})),
        reason(await jobs.start(key, ROTATE, {})),
        reason(await jobs.start(root, COUNT, {"with_hashes": True})),
        reason(await jobs.start(key, COUNT, {"with_hashes": True})),
    ]

    assert all(isinstance(one, Job) for one in allowed)
    assert refused == [
        Refusal.NOT_ADMIN,
        Refusal.NOT_ADMIN,
        Refusal.KEY_SCOPE,
        Refusal.KEY_SCOPE,
        Refusal.OPERATOR_ONLY,
        Refusal.OPERATOR_ONLY,
    ]
    assert isinstance(await jobs.start(OPERATOR, COUNT, {"with_hashes": True}), Job)


async def test_what_cannot_be_started_is_told_with_a_reason(house: House) -> None:
    """An unknown flow names those there are; bad parameters are told as the flow words them."""
    jobs = house.services.jobs

    unknown = await jobs.start(OPERATOR, "toy.no-such", {})
    wrong = await jobs.start(OPERATOR, COUNT, {"to": "ten"})
    more = await jobs.start(OPERATOR, COUNT, {"until": 3})

    assert isinstance(unknown, Refused)
    assert (unknown.reason, COUNT in unknown.detail) == (Refusal.FLOW_UNKNOWN, True)
    assert [reason(wrong), reason(more)] == [Refusal.PARAMETERS_INVALID] * 2
    assert isinstance(wrong, Refused)
    assert "int" in wrong.detail


@pytest.mark.parametrize("key", ["x" * (KEY_LENGTH_MAX + 1), "a\n", "ä", "\0"])
async def test_a_key_is_short_plain_text(house: House, key: str) -> None:
    """Anything else is refused before anything is stored."""
    refused = await house.services.jobs.start(OPERATOR, COUNT, {}, key=key)

    assert reason(refused) is Refusal.JOB_KEY_INVALID


async def test_the_same_key_is_the_same_job(house: House) -> None:
    """However far it is; a key of somebody else is another one, and another wish is refused."""
    root = await admin(house)
    first = await start(house, root, key="monday", to=3)
    await house.services.jobs.cancel(root, first.id)

    again = await start(house, root, key="monday", to=3)
    other = await house.services.jobs.start(root, COUNT, {"to": 4}, key="monday")
    theirs = await start(house, OPERATOR, key="monday", to=3)

    assert (again.id, again.state) == (first.id, State.CANCELLED)
    assert reason(other) is Refusal.JOB_KEY_REUSED
    assert theirs.id != first.id


async def test_the_same_key_at_once_is_one_job(house: House) -> None:
    """Of twenty wishes under one key, all get the same number."""
    jobs = await asyncio.gather(*(start(house, key="monday") for _ in range(20)))

    assert len({job.id for job in jobs}) == 1


async def test_a_flow_that_runs_alone_is_busy(house: House) -> None:
    """Until its job is over."""
    first = await start(house, flow=ALONE)

    busy = await house.services.jobs.start(OPERATOR, ALONE, {})
    await house.services.jobs.cancel(OPERATOR, first.id)

    assert reason(busy) is Refusal.FLOW_BUSY
    assert isinstance(await house.services.jobs.start(OPERATOR, ALONE, {}), Job)


async def test_an_owner_has_so_many_jobs_waiting(house: House) -> None:
    """The next is refused, of that owner alone."""
    root = await admin(house)
    for _ in range(ACTIVE_MAX):
        await start(house, root)

    refused = await house.services.jobs.start(root, COUNT, {})

    assert reason(refused) is Refusal.JOB_LIMIT
    assert await start(house, OPERATOR)


async def test_who_sees_a_job(house: House) -> None:
    """Its owner and admins; a key sees what its account does, if its scopes reach so far."""
    jobs = house.services.jobs
    root, ada, bob = await admin(house), await user(house), await user(house, "bob")
    of_ada = await start(house, await key_of(house, "ada"))
    of_root = await start(house, root)
    identify = frozenset({Scope.IDENTIFY})
    weak_root, weak_ada = (
        await key_of(house, "root", identify),
        await key_of(house, "ada", identify),
    )

    seen = {
        name: [await jobs.find(actor, job.id) is not None for job in (of_ada, of_root)]
        for name, actor in {
            "root": root,
            "ada": ada,
            "bob": bob,
            "runner": await key_of(house, "bob"),
            "weak_root": weak_root,
            "weak_ada": weak_ada,
        }.items()
    }
    listed = [len((await jobs.page(actor)).items) for actor in (root, ada, bob, OPERATOR)]

    assert seen == {
        "root": [True, True],
        "ada": [True, False],
        "bob": [False, False],
        "runner": [False, False],
        "weak_root": [False, True],
        "weak_ada": [True, False],
    }
    assert listed == [2, 1, 0, 2]


async def test_who_sees_a_job_may_not_stop_it_for_that(house: House) -> None:
    """Its owner without the right is refused; who does not see it is told of none."""
    jobs = house.services.jobs
    ada, bob = await user(house), await user(house, "bob")
    job = await start(house, await key_of(house, "ada"))

    calls = (jobs.cancel, jobs.restart, jobs.download)

    assert [reason(await call(ada, job.id)) for call in calls] == [Refusal.NOT_ADMIN] * 3
    assert [reason(await call(bob, job.id)) for call in calls] == [Refusal.NOT_FOUND] * 3
    assert [reason(await call(OPERATOR, JobId(99))) for call in calls] == [Refusal.NOT_FOUND] * 3


async def test_a_job_is_cancelled_at_once_while_nobody_has_it(house: House) -> None:
    """And cannot be cancelled twice."""
    job = await start(house)

    cancelled = await house.services.jobs.cancel(OPERATOR, job.id)
    again = await house.services.jobs.cancel(OPERATOR, job.id)

    assert isinstance(cancelled, Job)
    assert cancelled.state is State.CANCELLED
    assert reason(again) is Refusal.JOB_OVER
    assert await house.services.job_runs.begin(job.id) is None


async def test_a_running_job_is_asked_to_stop(house: House) -> None:
    """Its worker sees it; if that one dies first, the job is not begun again."""
    job = await start(house)
    begun = await begin(house, job)

    asked = await house.services.jobs.cancel(OPERATOR, job.id)
    seen = await house.services.job_runs.look(begun)
    again = await house.services.job_runs.begin(job.id)
    after = await house.services.jobs.find(OPERATOR, job.id)

    assert isinstance(asked, Job)
    assert (asked.state, asked.cancel_asked) == (State.INITIALIZING, True)
    assert seen is not None
    assert seen.cancel_asked
    assert again is None
    assert after is not None
    assert after.state is State.CANCELLED


async def test_what_failed_can_be_started_again(house: House) -> None:
    """It waits as before; what runs or is completed cannot."""
    job = await start(house)
    running = reason(await house.services.jobs.restart(OPERATOR, job.id))
    await house.services.jobs.cancel(OPERATOR, job.id)

    again = await house.services.jobs.restart(OPERATOR, job.id)
    begun = await begin(house, job)
    await house.services.job_runs.complete(begun, "{}")
    over = reason(await house.services.jobs.restart(OPERATOR, job.id))

    assert (running, over) == (Refusal.JOB_NOT_OVER, Refusal.JOB_OVER)
    assert isinstance(again, Job)
    assert again.state is State.QUEUED


async def test_what_a_job_wrote_is_had_in_order_once_it_is_over(house: House) -> None:
    """Twenty pieces; before the end there is nothing to have."""
    job = await begin(house, await start(house))
    early = reason(await house.services.jobs.download(OPERATOR, job.id))
    for number in range(20):
        async with house.storage.open_work() as work:
            work.jobs.write(job.id, turn=job.turn, text=f"{number}\n", media="text/csv")
            await work.commit()
    await house.services.job_runs.complete(job, '{"lines":20}')

    ready = await house.services.jobs.download(OPERATOR, job.id)

    assert early is Refusal.JOB_NOT_OVER
    assert isinstance(ready, Job)
    text = "".join([piece async for piece in house.services.jobs.output(ready)])
    assert text == "".join(f"{number}\n" for number in range(20))


async def test_a_job_that_left_nothing_has_nothing_to_download(house: House) -> None:
    """A cancelled one, say."""
    job = await start(house)
    await house.services.jobs.cancel(OPERATOR, job.id)

    assert reason(await house.services.jobs.download(OPERATOR, job.id)) is Refusal.NOT_FOUND


async def test_what_only_the_operator_may_ask_for_nobody_else_downloads(house: House) -> None:
    """Not even an admin, who sees that it is there."""
    root = await admin(house)
    job = await begin(house, await start(house, with_hashes=True))
    await house.services.job_runs.complete(job, "{}")

    assert reason(await house.services.jobs.download(root, job.id)) is Refusal.OPERATOR_ONLY
    assert isinstance(await house.services.jobs.download(OPERATOR, job.id), Job)


async def test_the_house_starts_a_flow_once_under_a_key(house: House) -> None:
    """Of many processes one does; a flow that nobody knows is left alone."""
    jobs = house.services.jobs

    started = await asyncio.gather(
        *(jobs.start_for_house(COUNT, key="at noon", actor=OF_HOUSE) for _ in range(10))
    )

    assert len([one for one in started if one is not None]) == 1
    assert await jobs.start_for_house("toy.no-such", key="at noon", actor=OF_HOUSE) is None


async def test_old_jobs_are_forgotten(house: House) -> None:
    """What the house got done after a day, all others after the time of the settings."""
    mine = await start(house)
    ours, failed = [
        await house.services.jobs.start_for_house(COUNT, key=key, actor=OF_HOUSE) for key in "xy"
    ]
    waiting = await start(house)
    assert ours is not None
    assert failed is not None
    await house.services.jobs.cancel(OPERATOR, mine.id)
    await house.services.job_runs.complete(await begin(house, ours), "{}")
    await house.services.job_runs.failed(await begin(house, failed), FlowFailedError("no"))

    async def left() -> list[int]:
        await house.services.housekeeping.sweep()
        return [job.id for job in (await house.services.jobs.page(OPERATOR)).items]

    house.clock.advance(timedelta(days=2))
    after_days = await left()
    house.clock.advance(timedelta(days=60))

    assert after_days == [waiting.id, failed.id, mine.id]
    assert await left() == [waiting.id]


@pytest.mark.parametrize(
    ("needs", "allowed"),
    [
        (Needs.RUNNER, {"operator", "admin", "runner"}),
        (Needs.ADMIN, {"operator", "admin"}),
        (Needs.OPERATOR, {"operator"}),
    ],
)
async def test_what_each_need_allows(house: House, needs: Needs, allowed: set[str]) -> None:
    """A key of an admin is a key; nobody becomes the operator by their name."""
    root = await admin(house)
    callers = {
        "operator": OPERATOR,
        "admin": root,
        "user": await user(house),
        "runner": await key_of(house, "ada"),
        "admin's weak key": await key_of(house, "root", frozenset({Scope.IDENTIFY})),
        "called operator": replace(root, name="operator", is_admin=False),
    }

    assert {name for name, actor in callers.items() if needs.allows(actor)} == allowed
