"""Small jobs that the server does beside its requests: idle sessions end, keys are rotated."""

import json

import pytest

from journeys import post
from journeys.people import ME, WITH_ADMIN, Person, log_in, make
from parts.database import run
from parts.line import Json, Line
from parts.server import FOR_ALL, Store, serving
from parts.waiting import eventually
from watchword.app.house import House
from watchword.cli.calls import OPERATOR
from watchword.core.jobs.model import Job, State

pytestmark = pytest.mark.slow

KEYS = "/.well-known/jwks.json"
WITHIN_S = 25.0
AGE = "UPDATE sessions SET created_at = created_at - 10 * 86400 * CAST(1000000 AS BIGINT)"
"""Ten days pass for every session that there is."""


async def test_idle_sessions_end(store: Store) -> None:
    """Who was here within a week stays, and where a session ended the token is dead at once."""
    environ = {**WITH_ADMIN, **FOR_ALL}
    with serving(store, settings=environ) as server:
        async with await Line.open(server.port) as line, post.beside(store, environ) as house:
            admin = await log_in(line)
            await make(line, admin, "ada")
            idle = await log_in(line, "ada")
            await run(store, AGE)
            new = await log_in(line, "ada")
            used = await status(line, admin)

            job = await done(house, "sessions.purge", idle_days=7)
            statuses = [await status(line, one) for one in (admin, idle, new)]
            trail = await house.services.audit.page(subject=str(job.id))

    assert used == 200
    assert statuses == [200, 401, 200]
    assert job.result == '{"sessions":1}'
    assert ("session.purge", "operator", "1") in [
        (event.action, event.actor, event.detail) for event in trail.items
    ]


@pytest.mark.parametrize("distrust", [False, True])
async def test_keys_are_rotated(store: Store, *, distrust: bool) -> None:
    """Old tokens stay good to their end, unless they are distrusted."""
    environ = {**WITH_ADMIN, **FOR_ALL}
    with serving(store, settings=environ) as server:
        async with await Line.open(server.port) as line, post.beside(store, environ) as house:
            old = await log_in(line)
            before = await kids(line)

            job = await done(house, "keys.rotate", distrust=distrust)
            new = await log_in(line)
            after = await kids(line)
            statuses = [await status(line, one) for one in (old, new)]

    kid = json.loads(job.result)["kid"]
    assert after == ([kid] if distrust else [kid, *before])
    assert statuses == [401 if distrust else 200, 200]


async def done(house: House, flow: str, **told: Json) -> Job:
    """Have an operator start a job, and wait until it is done."""
    job = await house.services.jobs.start(OPERATOR, flow, told)
    assert isinstance(job, Job), job

    async def look() -> Job | None:
        now = await house.services.jobs.find(OPERATOR, job.id)
        return now if now and now.state.is_final else None

    ended = await eventually(look, within=WITHIN_S)
    assert ended.state is State.COMPLETED, ended
    return ended


async def status(line: Line, person: Person) -> int:
    return (await line.ask("GET", ME, token=person.token)).status


async def kids(line: Line) -> list[str]:
    """Return the ids of the keys that the server shows, newest first."""
    answer = await line.ask("GET", KEYS)
    return [key["kid"] for key in answer.document["keys"]]
