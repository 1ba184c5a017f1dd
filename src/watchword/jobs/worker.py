"""Works on one job at a time for a queue: begins it, lets the flow run, records the end."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from watchword.core.jobs.model import Job, State
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import CoreError, DeniedError
from watchword.core.kernel.ids import JobId
from watchword.core.ports import OpenWork
from watchword.core.services import Services
from watchword.core.services.jobruns import FlowFailedError
from watchword.jobs.book import AnyFlow, Book
from watchword.jobs.turn import CancelledError, StoppedError, Turn
from watchword.observability.log import get_logger

LOOK_EVERY_S = 1.0
"""How soon a flow hears that its job is cancelled."""

_NO_FLOW = "There is no flow {name} here. Install it on this machine, and start the job again."
_OTHERS = "The flow, as it is installed here, does not take the job's parameters: {error}."

_log = get_logger("watchword.jobs")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a flow ended: what it returned, or what it raised."""

    result: str = ""
    error: Exception | None = None


OnLeft = Callable[[str, str], None]
"""Is told of each turn that ended: the flow, and the state of its job."""


def ignored(flow: str, state: str) -> None:
    """Do nothing about it."""


class Worker:
    """Runs jobs. `run` is what a queue calls; `stop` has every flow end at its next checkpoint."""

    def __init__(
        self,
        *,
        services: Services,
        open_work: OpenWork,
        book: Book,
        clock: Clock,
        on_left: OnLeft = ignored,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._services = services
        self._runs = services.job_runs
        self._open_work = open_work
        self._book = book
        self._clock = clock
        self._on_left = on_left
        self._look_every_s = look_every_s
        self._turns: set[Turn] = set()
        self._is_stopping = False

    @property
    def busy(self) -> int:
        """How many jobs it has now."""
        return len(self._turns)

    def stop(self) -> None:
        """Begin nothing more, and have what runs end soon."""
        self._is_stopping = True
        for turn in self._turns:
            turn.stop()

    async def run(self, job_id: JobId) -> None:
        """Work on a job until it is over, waits for another try, or is another worker's.

        Raises CoreError when the database does not answer: then it must come again.
        """
        job = await self._runs.begin(job_id)
        if job is None:
            return
        if job.state.is_final:
            _log.error("job left", job=job.id, flow=job.flow, turn=job.turn, state=job.state)
            self._on_left(job.flow, job.state)
            return
        flow = self._book.flow(job.flow)
        if flow is None:
            state = await self._runs.failed(job, FlowFailedError(_NO_FLOW.format(name=job.flow)))
            _log.error("there is no such flow here", job=job.id, flow=job.flow)
            self._on_left(job.flow, state)
            return
        log = _log.bind(job=job.id, flow=job.flow, turn=job.turn)
        log.info("job begun")
        turn = Turn(job=job, services=self._services, open_work=self._open_work, clock=self._clock)
        if self._is_stopping:
            turn.stop()
        self._turns.add(turn)
        try:
            outcome = await self._watched(turn, flow)
        finally:
            self._turns.discard(turn)
        state = await self._settle(job, outcome)
        log.info("job left", state=state)
        self._on_left(job.flow, state)

    async def _watched(self, turn: Turn, flow: AnyFlow) -> Outcome:
        """Let the flow run while somebody looks whether it is still wanted."""
        running = asyncio.create_task(_attempt(turn, flow))
        watching = asyncio.create_task(self._watch(turn, running))
        try:
            return await running
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return Outcome(error=DeniedError())  # the watcher saw that it is another's now
        finally:
            for task in (watching, running):
                task.cancel()
            await asyncio.wait([watching, running])

    async def _watch(self, turn: Turn, running: asyncio.Task[Outcome]) -> None:
        while True:
            await asyncio.sleep(self._look_every_s)
            with suppress(CoreError):
                now = await self._runs.look(turn.job)
                if now is None:
                    running.cancel()
                    return
                if now.cancel_asked:
                    turn.cancel()

    async def _settle(self, job: Job, outcome: Outcome) -> State:
        error = outcome.error
        if error is None:
            await self._runs.complete(job, outcome.result)
            return State.COMPLETED
        if isinstance(error, CancelledError):
            await self._runs.cancelled(job)
            return State.CANCELLED
        if isinstance(error, StoppedError):
            await self._runs.give_back(job)
            return State.QUEUED
        if isinstance(error, DeniedError) and await self._runs.look(job) is None:
            return State.QUEUED  # another worker has it, and says what becomes of it
        if not isinstance(error, CoreError | FlowFailedError):
            # Its text may hold anything, so the log gets where it happened and not what.
            _log.error("flow failed", job=job.id, flow=job.flow, **_place_of(error))
        return await self._runs.failed(job, error)


async def _attempt(turn: Turn, flow: AnyFlow) -> Outcome:
    try:
        told = msgspec.json.decode(turn.job.parameters, type=flow.parameters)
    except msgspec.ValidationError as error:
        return Outcome(error=FlowFailedError(_OTHERS.format(error=error)))
    try:
        result = await flow.run(told, turn)
        return Outcome(result=msgspec.json.encode(result).decode())
    except Exception as error:  # noqa: BLE001 - a flow may raise anything; it is told later
        return Outcome(error=error)


def _place_of(error: Exception) -> dict[str, str]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return {"reason": type(error).__name__}
    place = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
    return {"reason": type(error).__name__, "place": place}
