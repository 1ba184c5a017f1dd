"""GET /api/Job and below it: what has become of jobs, and who is told."""

from datetime import timedelta

import pytest

from dialects.asking import Json, said
from dialects.astera.talk import BAD_TOKEN, JOBS, LOG_IN_FIRST, NO_KEYS, Astera, refused
from dialects.astera.working import Hand
from dialects.household import OPERATOR, PASSWORD, Household
from fakes import HandClock
from fakes_flows import COUNT
from watchword.core.accounts.model import Role
from watchword.core.apikeys.model import Scope
from watchword.core.jobs.model import Job, Progress
from watchword.core.kernel.ids import JobId
from watchword.dialects.astera.jobwire import write_job

RUNNER = frozenset({Scope.JOBS_RUN})
NO_JOB = refused(404, "There is no such job.", "not_found")
NO_NUMBER = refused(400, "The number of a job is a positive integer.", "job_id_invalid")
INVALID = {
    "jobId": None,
    "status": "Invalid",
    "detail": "The number of a job is a positive integer.",
    "code": "job_id_invalid",
}
NOTHING_YET = {"done": 0, "total": None, "percent": None, "note": ""}

NUMBERS = ["0", "-1", "1.5", "abc", "1e3", "%201", "1%20", "+1", "01", "0x1", "1_0", "٣", "%C2%A01"]
NUMBERS += ["9" * 20, str(2**63), "null", "%EF%BC%91", "1;x", "true", "-0"]


async def status_of(astera: Astera, token: str, number: int = 1) -> str:
    answer = await astera.get(
        f"{JOBS}/{number}/Status", token=token, headers={"Accept": "text/plain"}
    )
    assert answer.status_code == 200
    return answer.text


async def test_a_job_is_followed_by_its_documented_names(
    household: Household, astera: Astera, token: str
) -> None:
    """From the start to the end, in one word for scripts."""
    hand, words = Hand(household), []
    started = await astera.start(COUNT, token)
    words.append(await status_of(astera, token))
    await household.services.jobs.cancel(OPERATOR, (await hand.begin(started)).id)
    words.append(await status_of(astera, token))
    job = await hand.begin(await astera.start(COUNT, token))
    await hand.record(job)
    words.append(await status_of(astera, token, 2))
    await hand.complete(job)
    words.append(await status_of(astera, token, 2))
    failing = await hand.begin(await astera.start(COUNT, token))
    await hand.fail(failing)
    words.append(await status_of(astera, token, 3))
    await astera.start(COUNT, token)
    await astera.post(f"{JOBS}/4/Cancel", token=token)
    words.append(await status_of(astera, token, 4))
    words.append(await status_of(astera, token, 5))

    assert words == [
        *("NotStarted", "Initializing", "Running", "Completed"),
        *("Failed", "Cancelled", "Unknown"),
    ]


async def test_a_job_that_waits_for_a_worker_is_queued(
    household: Household, astera: Astera, token: str
) -> None:
    """Also when it is to be tried again: then it says what went wrong."""
    runs = household.services.job_runs
    job = await Hand(household).begin(await astera.start(COUNT, token))
    await runs.failed(job, OSError(28, "No space left on device"))

    answer = await astera.get(f"{JOBS}/1/Status", token=token)

    assert said(answer) == (
        200,
        {
            "jobId": 1,
            "status": "Queued",
            "flow": COUNT,
            "progress": NOTHING_YET,
            "cancelRequested": False,
            "error": "No space left on device.",
            "hasResult": False,
        },
    )


async def test_a_job_shows_how_far_it_is(household: Household, astera: Astera, token: str) -> None:
    """In numbers, in hundredths, and in the flow's own counts."""
    hand = Hand(household)
    job = await hand.begin(await astera.start(COUNT, token))
    household.clock.advance(timedelta(seconds=5))
    await hand.record(job, 199, 200, counts={"refused": 3}, note="almost")

    answer = await astera.get(f"{JOBS}/1", token=token)
    short = await astera.get(f"{JOBS}/1/Status", token=token)
    household.clock.advance(timedelta(seconds=5))
    await hand.write(job, "a,b\r\n")
    await hand.complete(job, '{"counted": 200}')
    over = (await astera.get(f"{JOBS}/1", token=token)).json()

    told = answer.json()
    assert told["progress"] == {"done": 199, "total": 200, "percent": 99, "note": "almost"}
    assert told["progress"] == short.json()["progress"]
    assert told["counts"] == {"refused": 3}
    assert (told["status"], told["attempts"], told["hasResult"]) == ("Running", 1, False)
    assert (told["started"], told["finished"]) == ("2030-01-01T00:00:00Z", None)
    assert (over["status"], over["hasResult"]) == ("Completed", True)
    assert over["result"] == {"counted": 200}
    assert over["finished"] == "2030-01-01T00:00:10Z"


@pytest.mark.parametrize(
    ("done", "total", "percent"),
    [
        *((0, None, None), (7, None, None), (0, 0, 100), (0, 3, 0)),
        *((2, 3, 66), (3, 3, 100), (4, 3, 100), (999, 1000, 99)),
    ],
)
def test_a_hundredth_counts_when_it_is_whole(
    done: int, total: int | None, percent: int | None
) -> None:
    """A hundred only when all is done; none while nobody knows how much there is."""
    now = HandClock().now()
    progress = Progress(done=done, total=total)
    job = Job(
        id=JobId(1),
        flow=COUNT,
        parameters="{}",
        owner="operator",
        key="",
        created_at=now,
        due_at=now,
        progress=progress,
    )

    assert write_job(job).progress.percent == percent


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/plain, */*;q=0.1", "text/plain; charset=utf-8"),
        ("application/json;q=0.2, TEXT/*", "text/plain; charset=utf-8"),
        ("application/json, text/plain, */*", "application/json"),
        ("*/*", "application/json"),
        ("image/png", "application/json"),
        ("text/plain;q=0", "application/json"),
    ],
)
async def test_the_status_comes_in_the_type_that_is_asked_for(
    astera: Astera, token: str, accept: str, kind: str
) -> None:
    """A bare name for scripts, and JSON for everybody else; caches are told the difference."""
    await astera.start(COUNT, token)
    headers = {"Accept": accept}

    answers = [
        await astera.get(f"{JOBS}/{number}/Status", token=token, headers=headers)
        for number in ("1", "2", "x")
    ]

    assert [answer.headers["content-type"] for answer in answers] == [kind] * 3
    assert {answer.headers["vary"] for answer in answers} == {"Accept"}
    names = ["NotStarted", "Unknown", "Invalid"]
    if kind.startswith("text"):
        assert [answer.text for answer in answers] == names
    else:
        assert [answer.json()["status"] for answer in answers] == names


@pytest.mark.parametrize("number", NUMBERS)
async def test_what_is_no_number_is_invalid(astera: Astera, token: str, number: str) -> None:
    """400 everywhere; nothing of what was asked comes back."""
    text = {"Accept": "text/plain"}
    status = await astera.get(f"{JOBS}/{number}/Status", token=token)
    bare = await astera.get(f"{JOBS}/{number}/Status", token=token, headers=text)
    others = [
        await astera.get(f"{JOBS}/{number}", token=token),
        await astera.get(f"{JOBS}/{number}/Result", token=token),
        await astera.post(f"{JOBS}/{number}/Cancel", token=token),
        await astera.post(f"{JOBS}/{number}/Restart", token=token),
    ]

    assert said(status) == (400, INVALID)
    assert (bare.status_code, bare.text) == (400, "Invalid")
    assert [said(answer) for answer in others] == [NO_NUMBER] * 4


@pytest.mark.parametrize("number", [2, 2**31, 2**53 + 1, 2**63 - 1])
async def test_what_no_job_has_is_unknown(astera: Astera, token: str, number: int) -> None:
    """As long as it is a number; elsewhere it is 404."""
    await astera.start(COUNT, token)

    status = await astera.get(f"{JOBS}/{number}/Status", token=token)
    others = [
        await astera.get(f"{JOBS}/{number}", token=token),
        await astera.post(f"{JOBS}/{number}/Cancel", token=token),
        await astera.post(f"{JOBS}/{number}/Restart", token=token),
    ]

    assert said(status) == (200, {"jobId": number, "status": "Unknown"})
    assert [said(answer) for answer in others] == [NO_JOB] * 3


@pytest.mark.parametrize("path", ["/api/job/1/status", "/API/JOB/1/STATUS", "/Api/Job/1/sTATUS"])
async def test_the_path_is_known_in_any_letter_case(astera: Astera, token: str, path: str) -> None:
    """The vendor's own pages write it in two ways."""
    await astera.start(COUNT, token)

    answers = [
        await astera.get(path, token=token),
        await astera.get(path.rpartition("/")[0], token=token),
        await astera.get(f"{path}/", token=token),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 307]
    assert answers[2].headers["location"] == path


async def test_other_peoples_jobs_are_unknown(
    household: Household, astera: Astera, token: str
) -> None:
    """Their owner sees them, and admins; for anybody else there are none."""
    ada, admin = await household.make("ada"), await household.services.accounts.find("admin")
    assert admin is not None
    adas = await astera.log_in("ada", PASSWORD)
    runner = await household.key(ada, scopes=RUNNER)
    await astera.start(COUNT, token)
    await astera.start(COUNT, runner)
    who = {
        "admin": token,
        "runner": runner,
        "ada": adas,
        "ada's key": await household.key(ada),
        "admin's key": await household.key(admin),
        "admin's runner": await household.key(admin, scopes=RUNNER | {Scope.IDENTIFY}),
    }

    seen = {name: [await status_of(astera, one, n) for n in (1, 2)] for name, one in who.items()}
    listed = {
        name: [job["jobId"] for job in (await astera.get(JOBS, token=one)).json()["jobs"]]
        for name, one in who.items()
    }
    hidden = await astera.get(f"{JOBS}/1", token=adas)

    both, first, second = ["NotStarted"] * 2, ["NotStarted", "Unknown"], ["Unknown", "NotStarted"]
    assert list(seen.values()) == [both, second, second, second, first, both]
    assert list(listed.values()) == [[2, 1], [2], [2], [2], [1], [2, 1]]
    assert said(hidden) == NO_JOB


async def test_who_sees_nothing_at_all(household: Household, astera: Astera, token: str) -> None:
    """Nobody, a bad token, and a key for something else."""
    await astera.start(COUNT, token)
    ada = await household.make("ada")
    key = await household.key(ada, scopes=frozenset({Scope.ACCOUNTS_READ}))
    paths = [JOBS, f"{JOBS}/1", f"{JOBS}/1/Status", f"{JOBS}/x/Status", f"{JOBS}/1/Result"]

    nobody = [said(await astera.get(path)) for path in paths]
    bad = [said(await astera.get(path, token="x")) for path in paths]
    machine = [said(await astera.get(path, token=key)) for path in paths]

    assert nobody == [LOG_IN_FIRST] * 5
    assert bad == [BAD_TOKEN] * 5
    assert machine == [NO_KEYS] * 5


async def test_a_demoted_admin_keeps_sight_of_their_own(
    household: Household, astera: Astera, token: str
) -> None:
    """And of nobody else's, from the next request on."""
    eve = await household.make("eve")
    await household.services.accounts.change(OPERATOR, eve.id, role=Role.ADMIN)
    eves = await astera.log_in("eve", PASSWORD)
    await astera.start(COUNT, eves)
    await astera.start(COUNT, token)
    before = [await status_of(astera, eves, number) for number in (1, 2)]

    await household.services.accounts.change(OPERATOR, eve.id, role=Role.USER)

    assert before == ["NotStarted", "NotStarted"]
    assert [await status_of(astera, eves, number) for number in (1, 2)] == ["NotStarted", "Unknown"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", JOBS, "GET, POST"),
        ("DELETE", f"{JOBS}/1", "GET"),
        ("HEAD", f"{JOBS}/1/Status", "GET"),
        ("GET", f"{JOBS}/1/CANCEL", "POST"),
        ("GET", f"{JOBS}/1/restart", "POST"),
        ("POST", f"{JOBS}/1/result", "GET, HEAD"),
    ],
)
async def test_a_wrong_method(astera: Astera, method: str, path: str, allowed: str) -> None:
    """The right ones are named."""
    answer = await astera.ask(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_what_the_operator_and_the_server_start_is_seen_by_admins(
    household: Household, astera: Astera, token: str
) -> None:
    """Under a word, since no account did it."""
    by_operator = await household.services.jobs.start(OPERATOR, COUNT, {"with_hashes": True})
    assert isinstance(by_operator, Job)

    told: Json = (await astera.get(f"{JOBS}/{by_operator.id}", token=token)).json()

    assert told["startedBy"] == "operator"
    assert told["parameters"] == {"to": 10, "with_hashes": True}
