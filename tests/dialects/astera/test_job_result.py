"""GET /api/Job/{jobID}/Result: what a job left, whole, to those who may have it."""

import pytest

from dialects.asking import said
from dialects.astera.talk import JOBS, LOG_IN_FIRST, NO_KEYS, Astera, refused
from dialects.astera.working import Hand
from dialects.household import PASSWORD, Household
from fakes_flows import COUNT
from watchword.core.apikeys.model import Scope
from watchword.core.audit.model import Action

RUNNER = frozenset({Scope.JOBS_RUN})
RESULT = f"{JOBS}/1/Result"
NOTHING = refused(404, "There is no such job, or it left nothing to fetch.", "not_found")
NOT_OVER = refused(409, "The job is not over yet.", "job_not_over")


@pytest.mark.parametrize("path", [RESULT, RESULT.lower(), RESULT.upper()])
async def test_the_pieces_come_as_one_file(
    household: Household, astera: Astera, token: str, path: str
) -> None:
    """In order, more of them than are read at once, under a name of its own."""
    pieces = ["name,id\r\n", *(f"zoë-{number},\x01\r\n" for number in range(20)), "", "end\r\n"]
    await Hand(household).finished(await astera.start(COUNT, token), *pieces, result='{"n": 1}')

    answer = await astera.get(path, token=token)
    again = await astera.get(path, token=token)

    assert answer.status_code == 200
    assert answer.text == again.text == "".join(pieces)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="toy.count-1.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("media", "ending"),
    [
        *(("text/csv", "csv"), ("application/x-ndjson", "jsonl"), ("application/jsonl", "jsonl")),
        *(("application/json", "json"), ("text/plain", "txt"), ("text/x-of-others", "txt")),
    ],
)
async def test_a_file_is_named_after_its_type(
    household: Household, astera: Astera, token: str, media: str, ending: str
) -> None:
    """So that people find a program for it."""
    hand = Hand(household)
    job = await hand.begin(await astera.start(COUNT, token))
    await hand.write(job, "{}", media=media)
    await hand.complete(job)

    answer = await astera.get(RESULT, token=token)

    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert answer.headers["content-disposition"].endswith(f'-1.{ending}"')


async def test_without_a_file_it_is_what_the_job_told(
    household: Household, astera: Astera, token: str
) -> None:
    """As JSON."""
    await Hand(household).finished(await astera.start(COUNT, token), result='{"counted": 10}')

    answer = await astera.get(RESULT, token=token)

    assert said(answer) == (200, {"counted": 10})
    assert answer.headers["content-type"] == "application/json"
    assert "content-disposition" not in answer.headers


async def test_a_job_that_failed_leaves_what_it_wrote(
    household: Household, astera: Astera, token: str
) -> None:
    """Or that was cancelled."""
    hand = Hand(household)
    job = await hand.begin(await astera.start(COUNT, token))
    await hand.write(job, "half")
    await hand.fail(job)

    answer = await astera.get(RESULT, token=token)

    assert answer.text == "half"


async def test_it_is_not_there_before_the_end(
    household: Household, astera: Astera, token: str
) -> None:
    """409, with the time to wait."""
    hand = Hand(household)
    started = await astera.start(COUNT, token)
    before = await astera.get(RESULT, token=token)
    await hand.write(await hand.begin(started), "half")
    within = await astera.get(RESULT, token=token)

    assert said(before) == said(within) == NOT_OVER
    assert before.headers["retry-after"] == within.headers["retry-after"] == "60"


async def test_there_may_be_nothing(household: Household, astera: Astera, token: str) -> None:
    """404, as for a job that is not there."""
    await Hand(household).finished(await astera.start(COUNT, token))

    answers = [await astera.get(path, token=token) for path in (RESULT, f"{JOBS}/2/Result")]

    assert [said(answer) for answer in answers] == [NOTHING] * 2


async def test_a_head_says_what_there_would_be(
    household: Household, astera: Astera, token: str
) -> None:
    """Type and name, or why not, and nothing of the file."""
    hand = Hand(household)
    started = await astera.start(COUNT, token)
    before = await astera.ask("HEAD", RESULT, token=token)
    await hand.finished(started, "a,b\r\n", "c,d\r\n")
    answer = await astera.ask("HEAD", RESULT, token=token)
    nobody = await astera.ask("HEAD", RESULT)

    assert [before.status_code, answer.status_code, nobody.status_code] == [409, 200, 401]
    assert answer.content == b""
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="toy.count-1.csv"'


async def test_who_may_not_have_it(household: Household, astera: Astera, token: str) -> None:
    """It may be everybody's data: to see the job is not enough."""
    ada = await household.make("ada")
    runner = await household.key(ada, scopes=RUNNER)
    await Hand(household).finished(await astera.start(COUNT, runner), "a,b\r\n")
    adas = await astera.log_in("ada", PASSWORD)
    eves = await astera.log_in((await household.make("eve")).name, PASSWORD)

    nobody = await astera.get(RESULT)
    stranger = await astera.get(RESULT, token=eves)
    owner = await astera.get(RESULT, token=adas)
    key = await astera.get(RESULT, token=await household.key(ada))
    allowed = [await astera.get(RESULT, token=one) for one in (runner, token)]

    assert said(nobody) == LOG_IN_FIRST
    assert said(stranger) == NOTHING
    assert said(owner) == refused(403, "Only an admin may do this.", "not_admin")
    assert said(key) == NO_KEYS
    assert [answer.text for answer in allowed] == ["a,b\r\n"] * 2


async def test_it_is_noted_who_had_it(household: Household, astera: Astera, token: str) -> None:
    """An export is everybody's data, and so is in the trail with whoever fetched it."""
    await Hand(household).finished(await astera.start(COUNT, token), "a,b\r\n")
    await astera.get(RESULT, token=token)

    page = await household.services.audit.page(limit=10)

    actions = [event.action for event in page.items]
    assert {Action.JOB_START, Action.JOB_DOWNLOAD} <= set(actions)
