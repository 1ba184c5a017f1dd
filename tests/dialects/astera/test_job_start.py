"""POST /api/Job: who may start what, how it is told, and that the same wish is one job."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from dialects.asking import Json, said
from dialects.astera.conftest import Open
from dialects.astera.talk import JOBS, LOG_IN_FIRST, NO_KEYS, Astera, misread, refused
from dialects.astera.working import number_of
from dialects.household import OPERATOR, PASSWORD, Choices, Household
from fakes_flows import ALONE, COUNT, ROTATE
from fakes_storage import MemoryStorage
from watchword.core.accounts.model import Account
from watchword.core.apikeys.model import Scope
from watchword.core.jobs.model import Job
from watchword.core.kernel.errors import UnavailableError
from watchword.core.services.jobs import ACTIVE_MAX

KeyOf = Callable[..., Awaitable[str]]

RUNNER = frozenset({Scope.JOBS_RUN})
BAD_KEY = refused(400, "The key of a job has 1 to 255 ASCII characters.", "job_key_invalid")
REUSED = refused(422, "The key is that of a job with another flow or parameters.", "job_key_reused")
DIFFER = misread(
    "key and the header Idempotency-Key must be the same, where both are sent.", "#/key"
)
BUSY = refused(409, "A job of this flow is not over. Try again in 60 seconds.", "flow_busy")
NOT_ADMIN = refused(403, "Only an admin may do this.", "not_admin")


@pytest.fixture
async def admin(household: Household) -> Account:
    """The account of the demo."""
    account = await household.services.accounts.find("admin")
    assert account is not None
    return account


async def test_a_job_is_started(astera: Astera, token: str, admin: Account) -> None:
    """202: it is promised, not done, and the answer says where to look."""
    answer = await astera.start(COUNT, token, parameters={"to": 3})
    again = await astera.get(answer.headers["location"], token=token)

    assert said(answer) == (
        202,
        {
            "jobId": 1,
            "flow": COUNT,
            "status": "NotStarted",
            "parameters": {"to": 3, "with_hashes": False},
            "startedBy": admin.id,
            "progress": {"done": 0, "total": None, "percent": None, "note": ""},
            "counts": {},
            "cancelRequested": False,
            "attempts": 0,
            "error": None,
            "result": None,
            "hasResult": False,
            "created": "2030-01-01T00:00:00Z",
            "started": None,
            "finished": None,
        },
    )
    assert answer.headers["location"] == f"{JOBS}/1"
    assert answer.headers["cache-control"] == "no-store"
    assert again.json() == answer.json()


@pytest.mark.parametrize("path", ["/api/job", "/API/JOB", "/Api/jOB"])
@pytest.mark.parametrize(
    "body",
    [
        {"FLOW": COUNT, "Parameters": {"TO": 4, "With_Hashes": 0}},
        {"Flow": COUNT, "PARAMETERS": {"to": 4, "withHashes": "False"}},
        {"flow": COUNT, "parameters": {"to": 4, "WITHHASHES": False}, "key": None, "x": 1},
        {"flow": COUNT, "parameters": {"to": 9, "To": 4}},
    ],
)
async def test_paths_and_members_are_known_in_any_letter_case(
    astera: Astera, token: str, path: str, body: Json
) -> None:
    """Those of the flow as well, and a yes is a yes in all its spellings."""
    answer = await astera.post(path, body, token=token)

    assert answer.status_code == 202
    assert answer.json()["parameters"] == {"to": 4, "with_hashes": False}


@pytest.mark.parametrize("parameters", [None, {}])
async def test_parameters_may_be_left_out(astera: Astera, token: str, parameters: Json) -> None:
    """Then they are what the flow says."""
    missing = await astera.start(COUNT, token)
    answer = await astera.start(COUNT, token, parameters=parameters)

    assert answer.json()["parameters"] == missing.json()["parameters"]
    assert number_of(answer) != number_of(missing)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"headers": {"Idempotency-Key": '"a-1"'}}, {"headers": {"Idempotency-Key": "a-1"}}),
        ({"headers": {"Idempotency-Key": "a-1"}}, {"key": "a-1"}),
        ({"key": "a-1"}, {"headers": {"idempotency-key": ' "a-1" '}, "KEY": "a-1"}),
        ({"key": 'a "b" \\'}, {"headers": {"Idempotency-Key": r'"a \"b\" \\"'}}),
        ({"key": "x" * 255}, {"headers": {"Idempotency-Key": "x" * 255}}),
    ],
)
async def test_the_same_key_is_the_same_job(
    astera: Astera, token: str, first: Json, second: Json
) -> None:
    """Wherever the key stands, in quotes or bare, and however far the job is."""
    answers = [
        await astera.start(COUNT, token, **first),
        await astera.start(COUNT, token, **second),
        await astera.start(COUNT, token, parameters={"To": 10}, **second),
    ]

    assert [answer.status_code for answer in answers] == [202] * 3
    assert {number_of(answer) for answer in answers} == {1}
    assert {answer.headers["location"] for answer in answers} == {f"{JOBS}/1"}


async def test_the_same_key_at_the_same_time_is_one_job(astera: Astera, token: str) -> None:
    """However many come at once."""
    key = {"Idempotency-Key": '"nightly"'}
    answers = await asyncio.gather(*(astera.start(COUNT, token, headers=key) for _ in range(8)))
    listed = await astera.get(JOBS, token=token)

    assert [answer.status_code for answer in answers] == [202] * 8
    assert len({number_of(answer) for answer in answers}) == 1
    assert len(listed.json()["jobs"]) == 1


async def test_a_key_is_its_owners(household: Household, astera: Astera, token: str) -> None:
    """Two may have the same one."""
    other = await household.key(await household.make("ada"), scopes=RUNNER)

    answers = [await astera.start(COUNT, one, key="nightly") for one in (token, other)]

    assert len({number_of(answer) for answer in answers}) == 2


@pytest.mark.parametrize(
    "members", [{"parameters": {"to": 11}}, {"flow": ALONE}, {"parameters": {"withHashes": 1}}]
)
async def test_a_key_that_was_for_something_else(astera: Astera, token: str, members: Json) -> None:
    """Another flow or other parameters under it are a mistake, and nothing is started."""
    await astera.start(COUNT, token, key="nightly")
    other = {"flow": COUNT, "key": "nightly", **members}

    answer = await astera.post(JOBS, other, token=token)
    listed = await astera.get(JOBS, token=token)

    forbidden = members.get("parameters") == {"withHashes": 1}
    assert answer.status_code == 403 if forbidden else said(answer) == REUSED
    assert len(listed.json()["jobs"]) == 1


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"key": ""}, BAD_KEY),
        ({"headers": {"Idempotency-Key": ""}}, BAD_KEY),
        ({"headers": {"Idempotency-Key": '""'}}, BAD_KEY),
        ({"headers": {"Idempotency-Key": '"a'}}, BAD_KEY),
        ({"headers": {"Idempotency-Key": '"a" b'}}, BAD_KEY),
        ({"headers": {"Idempotency-Key": r'"a\b"'}}, BAD_KEY),
        ({"headers": {"Idempotency-Key": "x" * 256}}, BAD_KEY),
        ({"key": "x" * 256}, BAD_KEY),
        ({"key": "ä"}, BAD_KEY),
        ({"key": "a\nb"}, BAD_KEY),
        ({"key": "\u007f"}, BAD_KEY),
        ({"key": 1}, misread("key must be a text.", "#/key")),
        ({"key": "a", "headers": {"Idempotency-Key": "b"}}, DIFFER),
        ({"key": "a", "headers": {"Idempotency-Key": ""}}, DIFFER),
    ],
)
async def test_a_key_that_cannot_be_one(
    astera: Astera, token: str, how: Json, refusal: tuple[int, Json]
) -> None:
    """Who sends one believes to be safe from doing it twice, so it is never left out."""
    answer = await astera.start(COUNT, token, **how)
    listed = await astera.get(JOBS, token=token)

    assert said(answer) == refusal
    assert listed.json()["jobs"] == []


async def test_two_headers_that_differ(astera: Astera, token: str) -> None:
    """Nobody guesses which of them was meant; two that agree are one."""
    keys = {"a": 400, '"b"': 202}
    statuses = []
    for other in keys:
        headers = [
            *(("Idempotency-Key", "b"), ("Idempotency-Key", other)),
            ("Authorization", f"Bearer {token}"),
        ]
        answer = await astera.http.post(JOBS, json={"flow": COUNT}, headers=headers)
        statuses.append(answer.status_code)

    assert statuses == list(keys.values())


async def test_a_flow_that_nobody_knows(astera: Astera, token: str) -> None:
    """422, with the names of those that there are; what was typed does not come back."""
    answers = [await astera.start(flow, token) for flow in ("Secret-1", "", COUNT.upper())]

    text = f"There is no such flow. There are {ALONE}, {COUNT}, {ROTATE}."
    assert [said(answer) for answer in answers] == [refused(422, text, "flow_unknown")] * 3


@pytest.mark.parametrize(
    "parameters", [{"to": "ten"}, {"to": 1.5}, {"to": None}, {"with_hashes": 2}]
)
async def test_parameters_that_the_flow_does_not_take(
    astera: Astera, token: str, parameters: Json
) -> None:
    """422, with a sentence on what to mend."""
    answer = await astera.start(COUNT, token, parameters=parameters)

    text = "The flow does not take these parameters. Expected `int`, got another - at `to`."
    assert said(answer) == refused(422, text, "parameters_invalid")


@pytest.mark.parametrize("parameters", ["to=3", 3, [], [["to", 3]], True])
async def test_parameters_are_an_object(astera: Astera, token: str, parameters: Json) -> None:
    """Anything else is no body that could be meant."""
    answer = await astera.start(COUNT, token, parameters=parameters)

    assert said(answer) == misread("parameters must be an object.", "#/parameters")


async def test_a_flow_that_runs_alone_is_busy(astera: Astera, token: str) -> None:
    """409 with the time to wait, also for all but one of those that come at once."""
    answers = await asyncio.gather(*(astera.start(ALONE, token) for _ in range(5)))

    late = [answer for answer in answers if answer.status_code != 202]
    assert len(late) == 4
    assert [said(answer) for answer in late] == [BUSY] * 4
    assert {answer.headers["retry-after"] for answer in late} == {"60"}


async def test_there_is_a_limit(household: Household, astera: Astera, token: str) -> None:
    """So many jobs of one owner wait or run; others are not held up by them."""
    admin = await household.services.accounts.find("admin")
    runner = await household.key(await household.make("ada"), scopes=RUNNER)
    assert admin is not None
    for _ in range(ACTIVE_MAX):
        await astera.start(COUNT, token)

    answer = await astera.start(COUNT, token)
    others = await astera.start(COUNT, runner)
    operators = await household.services.jobs.start(OPERATOR, COUNT, {})

    text = f"You have {ACTIVE_MAX} jobs that are not over. Try again in 60 seconds."
    assert said(answer) == refused(429, text, "job_limit")
    assert answer.headers["retry-after"] == "60"
    assert others.status_code == 202
    assert isinstance(operators, Job)


async def test_who_may_not_start_one(household: Household, astera: Astera) -> None:
    """Nobody, who is no admin, and a key without the scope, whosever it is."""
    ada = await household.make("ada")
    admin = await household.services.accounts.find("admin")
    assert admin is not None
    token = await astera.log_in("ada", PASSWORD)
    keys = [
        await household.key(admin),
        await household.key(admin, scopes=frozenset(Scope) - RUNNER),
        await household.key(ada),
    ]

    nobody = await astera.post(JOBS, {"flow": COUNT})
    user = await astera.start(COUNT, token)
    unknown = await astera.start("x", token)
    machines = [await astera.start(COUNT, key) for key in keys]

    assert said(nobody) == LOG_IN_FIRST
    assert said(user) == said(unknown) == NOT_ADMIN
    assert [said(answer) for answer in machines] == [NO_KEYS] * 3
    assert all("insufficient_scope" in one.headers["www-authenticate"] for one in machines)


async def test_a_key_runs_what_it_may(household: Household, astera: Astera, token: str) -> None:
    """Its scope is enough, whosever it is, but not for what only an admin in person may do."""
    key = await household.key(await household.make("ada"), scopes=RUNNER)

    counting = await astera.start(COUNT, key)
    rotating = await astera.start(ROTATE, key)
    person = await astera.start(ROTATE, token)

    assert (counting.status_code, person.status_code) == (202, 202)
    assert said(rotating) == NO_KEYS


@pytest.mark.parametrize("flag", [True, 1, "1", "true", "True"])
async def test_some_things_are_for_the_operator_alone(
    astera: Astera, token: str, flag: Json
) -> None:
    """403 for everybody who comes over the network."""
    answer = await astera.start(COUNT, token, parameters={"withHashes": flag})

    text = "Only the operator may do this, at the command line."
    assert said(answer) == refused(403, text, "operator_only")


async def test_a_database_that_is_down(opened: Open) -> None:
    """503, with the time to wait."""
    storage = MemoryStorage()
    _, astera = await opened(Choices(), on=storage)
    token = await astera.log_in()
    storage.broken = UnavailableError(retry_after=4)

    answers = [
        await astera.start(COUNT, token),
        await astera.get(JOBS, token=token),
        await astera.get(f"{JOBS}/1", token=token),
        await astera.get(f"{JOBS}/1/Status", token=token),
        await astera.get(f"{JOBS}/1/Result", token=token),
        await astera.post(f"{JOBS}/1/Cancel", token=token),
        await astera.post(f"{JOBS}/1/Restart", token=token),
    ]

    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"4"}
