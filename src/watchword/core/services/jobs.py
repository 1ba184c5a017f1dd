"""Start long work, look at it, stop it and have what came of it."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime

from watchword.core.audit.model import Action, event_by
from watchword.core.jobs.flows import FlowBook, FlowCard, Wanted
from watchword.core.jobs.model import (
    KEY_LENGTH_MAX,
    PARAMETERS_BYTES_MAX,
    RUN_SCOPE,
    Job,
    Needs,
    State,
)
from watchword.core.jobs.store import JobDesk
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork, Work

ACTIVE_MAX = 100
"""So many jobs of one owner may be waiting or running."""

LOOK_AGAIN_S = 60

PIECES_AT_ONCE = 8

HOUSE = "schedule"
"""The owner of what the server starts by itself."""


class Jobs:
    """Keeps the list of jobs. Others work on them: nobody waits here for one.

    Who starts, stops, starts again or downloads needs what the flow names. Owners and admins
    see a job; for anybody else there is none.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        desk: JobDesk,
        flows: FlowBook,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._open_work = open_work
        self._desk = desk
        self._flows = flows
        self._clock = clock
        self._randomness = randomness

    def flows(self) -> tuple[FlowCard, ...]:
        """Return what can be started, by name."""
        return self._flows.cards()

    async def start(
        self, actor: Actor, flow: str, parameters: Mapping[str, object], *, key: str = ""
    ) -> Job | Refused:
        """Have a flow run some time after this returns.

        `key` is the caller's own: asked again with the same one, the same job is returned,
        however far it is. A wish that is another one under it is refused.
        """
        judged = self._judge(actor, flow, parameters, key)
        if isinstance(judged, Refused):
            return judged
        card, wanted = judged
        if key and (known := await self._known(actor.name, key)):
            return _same(known, card, wanted)
        if await self._is_full(actor):
            return Refused(Refusal.JOB_LIMIT, number=ACTIVE_MAX, retry_after=LOOK_AGAIN_S)
        job = await self._job(actor, card, wanted, key or self._randomness.uuid())
        return await self._add(actor, job, card, wanted)

    async def start_for_house(self, flow: str, *, key: str, actor: Actor) -> Job | None:
        """Have the server start a flow itself; None if it is busy with it or has done so."""
        card = self._flows.find(flow)
        if card is None:
            return None
        wanted = self._flows.read(flow, {})
        job = await self._job(actor, card, wanted, key)
        async with self._open_work() as work:
            if await work.jobs.by_key(actor.name, key):
                return None
            work.jobs.add(job)
            try:
                await work.commit()
            except ConflictError:
                return None
        return job

    async def find(self, actor: Actor, job_id: JobId) -> Job | None:
        """Return a job that this caller may look at."""
        async with self._open_work() as work:
            job = await work.jobs.by_id(job_id)
        return job if job is not None and sees(actor, job) else None

    async def page(
        self,
        actor: Actor,
        *,
        flow: str | None = None,
        state: State | None = None,
        after: str | None = None,
        limit: int = PAGE_MAX,
    ) -> Page[Job]:
        """Return jobs that this caller may look at, newest first."""
        owner = None if _sees_all(actor) else actor.name
        async with self._open_work() as work:
            return await work.jobs.page(
                owner=owner, flow=flow, state=state, after=after, limit=min(limit, PAGE_MAX)
            )

    async def cancel(self, actor: Actor, job_id: JobId) -> Job | Refused:
        """Stop a job: at once if nobody works on it, else at its next checkpoint.

        What it has done until then stays done.
        """
        job = await self._reach(actor, job_id)
        if isinstance(job, Refused):
            return job
        try:
            return await self._change(
                actor, job, Action.JOB_CANCEL, lambda work, at: work.jobs.cancel(job_id, at=at)
            )
        except DeniedError:
            return Refused(Refusal.JOB_OVER)

    async def restart(self, actor: Actor, job_id: JobId) -> Job | Refused:
        """Let a job that failed or was cancelled go on from where it was."""
        job = await self._reach(actor, job_id)
        if isinstance(job, Refused):
            return job
        try:
            return await self._change(
                actor, job, Action.JOB_RESTART, lambda work, at: work.jobs.restart(job_id, at=at)
            )
        except DeniedError:
            if job.state is State.COMPLETED:
                return Refused(Refusal.JOB_OVER)
            return Refused(Refusal.JOB_NOT_OVER, retry_after=LOOK_AGAIN_S)
        except ConflictError:
            return Refused(Refusal.FLOW_BUSY, retry_after=LOOK_AGAIN_S)

    async def download(self, actor: Actor, job_id: JobId) -> Job | Refused:
        """Return a job that is over and left something, to read by `output` or in `result`."""
        job = await self._reach(actor, job_id)
        if isinstance(job, Refused):
            return job
        if not job.state.is_final:
            return Refused(Refusal.JOB_NOT_OVER, retry_after=LOOK_AGAIN_S)
        if not job.pieces and not job.result:
            return Refused(Refusal.NOT_FOUND)
        now = self._clock.now()
        async with self._open_work() as work:
            work.audit.add(
                event_by(actor, Action.JOB_DOWNLOAD, at=now, subject=str(job_id), detail=job.flow)
            )
            await work.commit()
        return job

    async def output(self, job: Job) -> AsyncIterator[str]:
        """Go through what a job wrote that `download` gave out."""
        had = 0
        while had < job.pieces:
            async with self._open_work() as work:
                # No more than there were: it may have been started again, and write on.
                limit = min(PIECES_AT_ONCE, job.pieces - had)
                some = await work.jobs.output(job.id, after=had, limit=limit)
            if not some:
                raise NotFoundError
            for text in some:
                yield text
            had += len(some)

    def _judge(
        self, actor: Actor, flow: str, parameters: Mapping[str, object], key: str
    ) -> tuple[FlowCard, Wanted] | Refused:
        if not Needs.RUNNER.allows(actor):
            return _not_allowed(actor, Needs.RUNNER)
        card = self._flows.find(flow)
        if card is None:
            return Refused(Refusal.FLOW_UNKNOWN, detail=self._names())
        if not _is_key(key):
            return Refused(Refusal.JOB_KEY_INVALID, number=KEY_LENGTH_MAX)
        wanted = self._read(flow, parameters)
        if isinstance(wanted, Wanted) and not wanted.needs.allows(actor):
            return _not_allowed(actor, wanted.needs)
        return wanted if isinstance(wanted, Refused) else (card, wanted)

    def _names(self) -> str:
        return f"There are {', '.join(card.name for card in self._flows.cards())}."

    def _read(self, flow: str, parameters: Mapping[str, object]) -> Wanted | Refused:
        try:
            wanted = self._flows.read(flow, parameters)
        except InvalidError as error:
            return Refused(Refusal.PARAMETERS_INVALID, detail=str(error))
        if len(wanted.parameters.encode()) > PARAMETERS_BYTES_MAX:
            detail = f"They may have {PARAMETERS_BYTES_MAX} octets together."
            return Refused(Refusal.PARAMETERS_INVALID, detail=detail)
        return wanted

    async def _known(self, owner: str, key: str) -> Job | None:
        async with self._open_work() as work:
            return await work.jobs.by_key(owner, key)

    async def _is_full(self, actor: Actor) -> bool:
        async with self._open_work() as work:
            return await work.jobs.count_active(owner=actor.name) >= ACTIVE_MAX

    async def _job(self, actor: Actor, card: FlowCard, wanted: Wanted, key: str) -> Job:
        now = self._clock.now()
        return Job(
            id=await self._desk.number(),
            flow=card.name,
            parameters=wanted.parameters,
            owner=actor.name,
            key=key,
            created_at=now,
            due_at=now,
            lane=card.lane,
            needs=wanted.needs,
            by_key=actor.key_id is not None,
            runs_alone=card.runs_alone,
            address=actor.origin.address,
            dialect=actor.origin.dialect,
        )

    async def _add(self, actor: Actor, job: Job, card: FlowCard, wanted: Wanted) -> Job | Refused:
        async with self._open_work() as work:
            work.jobs.add(job)
            at, subject = job.created_at, str(job.id)
            work.audit.add(
                event_by(actor, Action.JOB_START, at=at, subject=subject, detail=job.flow)
            )
            try:
                await work.commit()
            except ConflictError as error:
                # Somebody with the same wish was quicker, or the same job is under way.
                known = await work.jobs.by_key(actor.name, job.key)
                if error.field == "key" and known is not None:
                    return _same(known, card, wanted)
                return Refused(Refusal.FLOW_BUSY, retry_after=LOOK_AGAIN_S)
        return job

    async def _change(
        self, actor: Actor, job: Job, action: Action, record: Callable[[Work, datetime], None]
    ) -> Job | Refused:
        """Commit a change of a job, with its audit event, and return it as it is then."""
        now = self._clock.now()
        async with self._open_work() as work:
            record(work, now)
            subject = str(job.id)
            work.audit.add(event_by(actor, action, at=now, subject=subject, detail=job.flow))
            try:
                await work.commit()
            except NotFoundError:
                return Refused(Refusal.NOT_FOUND)
            return await work.jobs.by_id(job.id) or Refused(Refusal.NOT_FOUND)

    async def _reach(self, actor: Actor, job_id: JobId) -> Job | Refused:
        """Return a job that this caller may do more with than look at it."""
        job = await self.find(actor, job_id)
        if job is None:
            return Refused(Refusal.NOT_FOUND)
        return job if job.needs.allows(actor) else _not_allowed(actor, job.needs)


def sees(actor: Actor, job: Job) -> bool:
    """Say whether a caller may look at a job: its owner may, and admins."""
    return actor.account_id == job.owner or _sees_all(actor)


def _sees_all(actor: Actor) -> bool:
    # An admin's key needs the scope; the key of anybody else sees the jobs of its account.
    return actor.is_admin and Needs.RUNNER.allows(actor)


def _same(known: Job, card: FlowCard, wanted: Wanted) -> Job | Refused:
    if known.same_wish(card.name, wanted.parameters):
        return known
    return Refused(Refusal.JOB_KEY_REUSED)


def _not_allowed(actor: Actor, needs: Needs) -> Refused:
    if needs is Needs.OPERATOR:
        return Refused(Refusal.OPERATOR_ONLY)
    if actor.key_id is not None and (needs is Needs.ADMIN or RUN_SCOPE not in actor.scopes):
        return Refused(Refusal.KEY_SCOPE)
    return Refused(Refusal.NOT_ADMIN)


def _is_key(key: str) -> bool:
    return len(key) <= KEY_LENGTH_MAX and key.isascii() and (key.isprintable() or not key)
