"""What those who watch over a process are told."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from fakes import HandClock
from parts.loglines import LogLines
from toy import Toybox, talking_to, toybox
from watchword.core.kernel.errors import UnavailableError
from watchword.http import health
from watchword.http.health import Parts
from watchword.http.surroundings import Surroundings


@dataclass
class Part:
    """A part that works, is down, or does not answer."""

    error: Exception | None = None
    hangs: bool = False
    looks: int = 0
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def check(self) -> None:
        self.looks += 1
        if self.hangs:
            await self.let_go.wait()
        if self.error:
            raise self.error


@pytest.fixture
def part() -> Part:
    return Part()


@pytest.fixture
def box(part: Part) -> Toybox:
    return toybox(Surroundings(version="0", worker=3, checks={"database": part.check}))


async def test_a_process_that_answers_lives(box: Toybox, part: Part) -> None:
    """It says which worker it is, and looks at nothing else."""
    async with talking_to(box.app) as client:
        answer = await client.get("/livez")

    assert answer.json() == {"status": "ok", "worker": 3}
    assert part.looks == 0


async def test_a_process_whose_parts_work_is_ready(box: Toybox) -> None:
    """Each part is named."""
    async with talking_to(box.app) as client:
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "parts": {"database": "ok"}},
    )


@pytest.mark.parametrize(
    "error", [UnavailableError("password=hunter2"), OSError("hunter2"), KeyError("hunter2")]
)
async def test_a_part_that_is_down_is_named_and_no_more(
    box: Toybox, part: Part, log_lines: LogLines, error: Exception
) -> None:
    """Whatever it says about itself stays inside."""
    part.error = error
    async with talking_to(box.app) as client:
        answer = await client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "parts": {"database": "down"}}
    assert int(answer.headers["retry-after"]) > 0
    [line] = log_lines.of("not ready")
    assert (line["part"], line["error"]) == ("database", type(error).__name__)
    assert "hunter2" not in log_lines.text()


async def test_a_look_is_believed_for_a_second(box: Toybox, part: Part) -> None:
    """Many probes cost one look, and a recovery is seen a second later."""
    async with talking_to(box.app) as client:
        part.error = OSError()
        await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        part.error = None
        still = await client.get("/readyz")
        box.clock.advance(timedelta(seconds=1))
        again = await client.get("/readyz")

    assert (still.status_code, again.status_code) == (503, 200)
    assert part.looks == 2


async def test_a_part_that_does_not_answer_is_down(part: Part) -> None:
    """The look ends after its time, and every waiting probe gets the same answer."""
    part.hangs = True
    parts = Parts({"database": part.check}, clock=HandClock(), patience=0.05)
    states = await asyncio.gather(*(parts.states() for _ in range(5)))

    assert states == [{"database": False}] * 5
    assert part.looks == 1
    assert health.CHECK_SECONDS_MAX == 2.0


async def test_a_clock_that_goes_back_does_not_freeze_the_answer(part: Part) -> None:
    """A look from the future is looked at again."""
    clock = HandClock()
    parts = Parts({"database": part.check}, clock=clock)
    await parts.states()
    clock.advance(timedelta(days=-1))
    await parts.states()

    assert part.looks == 2
