"""Jobs in the journeys: whoever has them run over the API, and the processes that do the work."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journeys import people
from parts.line import Line
from parts.peer import Answer
from parts.server import Server
from parts.waiting import eventually

JOBS = "/api/Job"
BESIDE = "watchword.app.handed"
"""What the command line of the process beside a server has in it."""

DOCUMENTED = ("NotStarted", "Queued", "Initializing", "Running", "Completed")
"""What a job goes through, in the order in which the original's vendor lists it."""

OVER = {"Completed", "Failed", "Cancelled"}
ENDS_S = 60.0

Document = dict[str, Any]  # what an answer says


@dataclass(frozen=True, slots=True)
class Runner:
    """Somebody who has jobs run: with a token, or with an API key."""

    line: Line
    token: str | None = None
    key: str = ""

    async def ask(self, method: str, path: str, body: object = None, *headers: str) -> Answer:
        key = [f"X-Authorization: {self.key}"] if self.key else []
        return await self.line.ask(method, path, body, token=self.token, headers=[*key, *headers])

    async def try_start(self, flow: object, parameters: object = None, *headers: str) -> Answer:
        body = {"flow": flow, "parameters": {} if parameters is None else parameters}
        return await self.ask("POST", JOBS, body, *headers)

    async def start(self, flow: str, **parameters: object) -> int:
        """Have a flow run; return the number of the job."""
        answer = await self.try_start(flow, parameters)
        assert answer.status == 202, answer
        number: int = answer.document["jobId"]
        return number

    async def look(self, job: int) -> Document:
        """Return all that is told of a job."""
        answer = await self.ask("GET", f"{JOBS}/{job}")
        assert answer.status == 200, answer
        document: Document = answer.document
        return document

    async def status(self, job: int) -> str:
        answer = await self.ask("GET", f"{JOBS}/{job}/Status")
        assert answer.status == 200, answer
        status: str = answer.document["status"]
        return status

    async def cancel(self, job: int) -> Answer:
        return await self.ask("POST", f"{JOBS}/{job}/Cancel")

    async def restart(self, job: int) -> Answer:
        return await self.ask("POST", f"{JOBS}/{job}/Restart")

    async def result(self, job: int) -> Answer:
        return await self.ask("GET", f"{JOBS}/{job}/Result")

    async def is_at(self, job: int, *statuses: str, within: float = ENDS_S) -> str:
        """Wait until a job has one of these statuses; return it."""

        async def look() -> str | None:
            status = await self.status(job)
            # What is over has no other status any more.
            assert status in statuses or status not in OVER, await self.look(job)
            return status if status in statuses else None

        return await eventually(look, within=within)

    async def ended(self, job: int, *, within: float = ENDS_S) -> Document:
        """Wait until a job is over; return all that is told of it."""
        await self.is_at(job, *OVER, within=within)
        return await self.look(job)

    async def done(self, job: int, least: int, *, within: float = ENDS_S) -> Document:
        """Wait until a job that goes on has done so much; return what is told of it."""

        async def look() -> Document | None:
            document = await self.look(job)
            assert document["status"] not in OVER, document
            return document if document["progress"]["done"] >= least else None

        return await eventually(look, within=within)


async def admin(line: Line) -> Runner:
    return Runner(line, (await people.log_in(line)).token)


def heavy_process(server: Server) -> int | None:
    """Return the process in which the heavy jobs of a server run, if there is one."""
    for pid in _family(server.process.pid):
        with suppress(OSError):
            if BESIDE in Path(f"/proc/{pid}/cmdline").read_text("utf-8"):
                return pid
    return None


async def kill_heavy(server: Server) -> None:
    """Kill that process as soon as there is one, and see that it is gone."""

    async def look() -> int | None:
        return heavy_process(server)

    pid = await eventually(look, within=ENDS_S)
    os.kill(pid, signal.SIGKILL)

    async def is_gone() -> bool:
        return heavy_process(server) != pid

    await eventually(is_gone)


def _family(pid: int) -> list[int]:
    """Return the processes below one, however deep."""
    found: list[int] = []
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, children.read_text("ascii").split()):
                found += [child, *_family(child)]
    return found
