"""GET /api/Job: newest first, some at a time, and only some kinds."""

import pytest

from dialects.asking import said
from dialects.astera.talk import JOBS, Astera, refused
from dialects.astera.working import Hand
from dialects.household import Household
from fakes_flows import ALONE, COUNT, ROTATE
from watchword.dialects.astera.jobwire import STATUSES


async def test_jobs_are_listed_newest_first_some_at_a_time(astera: Astera, token: str) -> None:
    """`next`, and a Link for those who follow links, lead to the rest of the same question."""
    for flow in (COUNT, ROTATE, COUNT, COUNT):
        await astera.start(flow, token)

    first = await astera.get(f"{JOBS}?limit=2&flow={COUNT}&Status=notstarted", token=token)
    link = first.headers["link"].partition(">")[0].removeprefix("<")
    second = await astera.get(link, token=token)
    third = await astera.get(f"{JOBS}?Limit=3&After={first.json()['next']}", token=token)

    assert [job["jobId"] for job in first.json()["jobs"]] == [4, 3]
    assert [job["jobId"] for job in second.json()["jobs"]] == [1]
    assert [job["jobId"] for job in third.json()["jobs"]] == [2, 1]
    assert link.startswith(f"{JOBS}?flow=toy.count&status=notstarted&limit=2&after=")
    assert second.json()["next"] is None
    assert "link" not in second.headers


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [4, 3, 2, 1]),
        ("status=COMPLETED", [2]),
        ("STATUS=Initializing", [3]),
        ("status=NotStarted&flow=toy.rotate", [4]),
        ("status=Failed", []),
        ("status=Unknown", []),
        ("status=invalid", []),
        ("flow=nothing", []),
        ("flow=toy.count%00", []),
        ("flow=%ff", []),
        ("flow=Toy.Count", []),
        ("flow=&status=&after=&limit=", [4, 3, 2, 1]),
        ("limit=1&limit=1000", [4, 3, 2, 1]),
        ("colour=red", [4, 3, 2, 1]),
    ],
)
async def test_a_list_of_some_jobs(
    household: Household, astera: Astera, token: str, query: str, found: list[int]
) -> None:
    """Of a flow, with a status; what no job can be is found nowhere."""
    hand = Hand(household)
    await astera.start(COUNT, token)
    await hand.finished(await astera.start(COUNT, token))
    await hand.begin(await astera.start(ALONE, token))
    await astera.start(ROTATE, token)

    answer = await astera.get(f"{JOBS}?{query}", token=token)

    assert [job["jobId"] for job in answer.json()["jobs"]] == found


@pytest.mark.parametrize(
    ("query", "text", "code"),
    [
        *(
            (f"limit={bad}", "limit must be a whole number from 1 to 1000.", "invalid_query")
            for bad in ("0", "-1", "1001", "9999", "x", "1.5", "٣", "1e1", "10000000000000000000")
        ),
        (
            "status=done",
            f"status must be one of {', '.join(STATUSES.values())}.",
            "invalid_query",
        ),
        ("after=x", "That value is not allowed.", "invalid"),
        ("after=%00", "That value is not allowed.", "invalid"),
    ],
)
async def test_a_question_that_cannot_be_one(
    astera: Astera, token: str, query: str, text: str, code: str
) -> None:
    """400, and the same for every such value."""
    answer = await astera.get(f"{JOBS}?{query}", token=token)

    assert said(answer) == refused(400, text, code)
