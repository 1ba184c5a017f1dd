"""Cancel and Restart: a job that stops, and one that goes on."""

import asyncio

import pytest

from dialects.asking import said
from dialects.astera.talk import JOBS, LOG_IN_FIRST, NO_KEYS, Astera, refused
from dialects.astera.working import Hand
from dialects.household import OPERATOR, PASSWORD, Household
from fakes_flows import ALONE, COUNT, ROTATE
from watchword.core.apikeys.model import Scope
from watchword.core.jobs.model import Job

RUNNER = frozenset({Scope.JOBS_RUN})
CANCEL, RESTART = f"{JOBS}/1/Cancel", f"{JOBS}/1/Restart"
OVER = refused(409, "The job is over.", "job_over")
NOT_OVER = refused(409, "The job is not over yet.", "job_not_over")
BUSY = refused(409, "A job of this flow is not over. Try again in 60 seconds.", "flow_busy")
NO_JOB = refused(404, "There is no such job.", "not_found")
OPERATORS = refused(403, "Only the operator may do this, at the command line.", "operator_only")


@pytest.mark.parametrize("path", [CANCEL, CANCEL.lower(), CANCEL.upper()])
@pytest.mark.parametrize("content", [b"", b"{}", b"{", b"\xff"])
async def test_what_nobody_has_begun_is_cancelled_at_once(
    astera: Astera, token: str, path: str, content: bytes
) -> None:
    """Whatever comes as a body: it is not read."""
    await astera.start(COUNT, token)

    answer = await astera.post(path, content=content, token=token)
    again = await astera.post(path, content=content, token=token)

    assert answer.status_code == 200
    assert answer.json()["status"] == "Cancelled"
    assert answer.json()["cancelRequested"] is False
    assert answer.json()["finished"] == "2030-01-01T00:00:00Z"
    assert said(again) == OVER


async def test_what_somebody_works_on_is_asked_to_stop(
    household: Household, astera: Astera, token: str
) -> None:
    """It runs on until it has noticed; to ask twice does no harm."""
    hand = Hand(household)
    job = await hand.begin(await astera.start(COUNT, token))
    await hand.record(job, 3)

    asked = [await astera.post(CANCEL, token=token) for _ in range(2)]
    await hand.cancelled(job)
    over = await astera.get(f"{JOBS}/1", token=token)

    told = [(one.status_code, one.json()["status"], one.json()["cancelRequested"]) for one in asked]
    assert told == [(200, "Running", True)] * 2
    assert over.json()["status"] == "Cancelled"
    assert over.json()["progress"]["done"] == 3


async def test_what_is_over_cannot_be_cancelled(
    household: Household, astera: Astera, token: str
) -> None:
    """However it ended."""
    hand = Hand(household)
    await hand.finished(await astera.start(COUNT, token))
    await hand.fail(await hand.begin(await astera.start(COUNT, token)))

    answers = [await astera.post(f"{JOBS}/{number}/Cancel", token=token) for number in (1, 2)]

    assert [said(answer) for answer in answers] == [OVER] * 2


@pytest.mark.parametrize("path", [RESTART, RESTART.lower(), RESTART.upper()])
async def test_a_job_that_failed_goes_on(
    household: Household, astera: Astera, token: str, path: str
) -> None:
    """As the same job, from where it was; 202, for it will run."""
    hand = Hand(household)
    job = await hand.begin(await astera.start(COUNT, token))
    await hand.record(job, 7, 10)
    await hand.fail(job, "The file is gone.")
    before = (await astera.get(f"{JOBS}/1", token=token)).json()

    answer = await astera.post(path, token=token)

    assert (before["status"], before["error"]) == ("Failed", "The file is gone.")
    assert (answer.status_code, answer.headers["location"]) == (202, f"{JOBS}/1")
    told = answer.json()
    assert (told["status"], told["error"], told["finished"]) == ("Queued", None, None)
    assert told["progress"]["done"] == 7


async def test_a_job_that_was_cancelled_goes_on(astera: Astera, token: str) -> None:
    """If somebody thinks better of it."""
    await astera.start(COUNT, token)
    await astera.post(CANCEL, token=token)

    answer = await astera.post(RESTART, token=token)

    assert (answer.status_code, answer.json()["status"]) == (202, "Queued")


async def test_what_is_not_over_or_is_done_is_not_restarted(
    household: Household, astera: Astera, token: str
) -> None:
    """409: too early, or too late."""
    hand = Hand(household)
    started = await astera.start(COUNT, token)
    waiting = await astera.post(RESTART, token=token)
    job = await hand.begin(started)
    running = await astera.post(RESTART, token=token)
    await hand.complete(job)
    done = await astera.post(RESTART, token=token)

    assert said(waiting) == said(running) == NOT_OVER
    assert said(done) == OVER


async def test_a_restart_waits_for_another_of_its_flow(astera: Astera, token: str) -> None:
    """Where there is one at a time; with the time to wait."""
    await astera.start(ALONE, token)
    await astera.post(CANCEL, token=token)
    await astera.start(ALONE, token)

    answer = await astera.post(RESTART, token=token)

    assert said(answer) == BUSY
    assert answer.headers["retry-after"] == "60"


async def test_at_the_same_time_one_of_them_wins(astera: Astera, token: str) -> None:
    """One restart of many, and one cancel of many."""
    await astera.start(COUNT, token)
    cancels = await asyncio.gather(*(astera.post(CANCEL, token=token) for _ in range(5)))
    restarts = await asyncio.gather(*(astera.post(RESTART, token=token) for _ in range(5)))

    assert sorted(answer.status_code for answer in cancels) == [200, *[409] * 4]
    assert sorted(answer.status_code for answer in restarts) == [202, *[409] * 4]


@pytest.mark.parametrize("path", [CANCEL, RESTART])
async def test_who_may_not(household: Household, astera: Astera, token: str, path: str) -> None:
    """Nobody; for who may not see it, it is not there; and its owner may need more."""
    ada = await household.make("ada")
    admin = await household.services.accounts.find("admin")
    assert admin is not None
    runner = await household.key(ada, scopes=RUNNER)
    await astera.start(COUNT, runner)
    adas = await astera.log_in("ada", PASSWORD)
    eves = await astera.log_in((await household.make("eve")).name, PASSWORD)

    nobody = await astera.post(path)
    stranger = await astera.post(path, token=eves)
    owner = await astera.post(path, token=adas)
    key = await astera.post(path, token=await household.key(admin))
    untouched = await astera.get(f"{JOBS}/1", token=token)

    assert said(nobody) == LOG_IN_FIRST
    assert said(stranger) == NO_JOB
    assert said(owner) == refused(403, "Only an admin may do this.", "not_admin")
    assert said(key) == NO_KEYS
    assert untouched.json()["status"] == "NotStarted"


async def test_what_a_key_may_not_start_it_may_not_stop(
    household: Household, astera: Astera, token: str
) -> None:
    """Nor start again; it sees it all the same."""
    admin = await household.services.accounts.find("admin")
    assert admin is not None
    runner = await household.key(admin, scopes=RUNNER)
    await astera.start(ROTATE, token)

    answers = [await astera.post(path, token=runner) for path in (CANCEL, RESTART)]
    seen = await astera.get(f"{JOBS}/1", token=runner)

    assert [said(answer) for answer in answers] == [NO_KEYS] * 2
    assert seen.status_code == 200


async def test_what_the_operator_alone_may_start(
    household: Household, astera: Astera, token: str
) -> None:
    """Nobody else stops it, starts it again or has what came of it."""
    job = await household.services.jobs.start(OPERATOR, COUNT, {"with_hashes": True})
    assert isinstance(job, Job)

    answers = [await astera.post(path, token=token) for path in (CANCEL, RESTART)]
    answers.append(await astera.get(f"{JOBS}/1/Result", token=token))

    assert [said(answer) for answer in answers] == [OPERATORS] * 3
