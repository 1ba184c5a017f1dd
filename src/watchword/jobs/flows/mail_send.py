"""`mail.send`: carry letters from the outbox to the mail server, until no more come for a while.

It looks once a second, whatever is committed: when a letter goes out must not show in how
long the next request takes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from watchword.core.jobs.model import Lane
from watchword.core.kernel.errors import CoreError, UnavailableError
from watchword.core.outbox.model import Standing
from watchword.core.ports import Outcome
from watchword.core.services.delivery import Delivered
from watchword.jobs.flow import CancelledError, Flow, Parameters, StoppedError, Turn
from watchword.jobs.onlyone import OnlyOne
from watchword.observability.log import get_logger

NAME = "mail.send"

PACE_S = 1.0
LINGER = 30
"""So many looks in vain end the job: a busy server has one for many letters."""

TELL_EVERY = 2
"""How many looks there are between two records of how far it is."""

AT_ONCE = 4
"""Letters on their way at the same time, if the mail server is slow."""

BRISK = 4
"""Letters in a second that are enough for one carrier. Where we are killed, each letter on its
way may come twice: so a mail server that is quick gets them one by one."""

WAIT_LONGEST_S = 60.0
"""How long a mail server that does not answer is left alone at most."""

LOCK_PACE_S = 0.1
LOCK_PATIENCE = 100
"""So many times it is tried to be the only one here that sends, before the turn is given up."""

_SENT_BY_ANOTHER = "Another process of this machine is still sending letters."
_NO_ANSWER = "Waiting for the mail server."

_log = get_logger("watchword.jobs")


def flow(lock: Path) -> Flow[Parameters]:
    """Return the flow. `lock` is the file of this machine's data folder that senders hold."""
    return Flow(
        name=NAME,
        summary="Sends the letters that wait. It starts by itself when one is due.",
        parameters=Parameters,
        run=partial(_run, lock),
        lane=Lane.LIGHT,
        runs_alone=True,
    )


async def _run(lock: Path, told: Parameters, turn: Turn) -> Mapping[str, object]:
    del told
    async with _only_one(lock, turn):
        return await _Round(turn).run()


@asynccontextmanager
async def _only_one(path: Path, turn: Turn) -> AsyncIterator[None]:
    """Hold this machine's lock: no other process of it sends meanwhile.

    Letters are claimed in the name of the machine, and whoever begins gives back what it had
    claimed. A turn that was taken over by another process of the same machine may have a
    letter on its way for another moment. The new one would give that letter back, claim it
    again and send it a second time; so it waits until the old one is gone.
    """
    lock = OnlyOne(path)
    for _ in range(LOCK_PATIENCE):
        if lock.take():
            break
        await turn.wait(LOCK_PACE_S)
    else:
        raise UnavailableError(_SENT_BY_ANOTHER)
    try:
        yield
    finally:
        lock.give()


class _Round:
    """Lets carriers look for letters, until the turn is not wanted or there are none."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._delivery = turn.services.delivery
        self._calls = asyncio.Semaphore(0)  # each lets a carrier look for a letter
        self._answers = asyncio.Event()  # cleared while the mail server does not
        self._answers.set()
        self._busy = 0
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._done = 0
        self._looks_in_vain = 0
        self._counts = Counter({"sent": 0, "deferred": 0, "refused": 0, "stale": 0})
        self._counts.update(turn.progress.counts)
        self._recorded: object = None
        self._trouble = ""

    async def run(self) -> Mapping[str, object]:
        await self._begin()
        carriers = [asyncio.create_task(self._carry()) for _ in range(AT_ONCE)]
        try:
            await self._call_carriers()
            await self._is_quiet.wait()
        finally:
            if self._busy:
                _log.warning("letters cut off", count=self._busy)
            for carrier in carriers:
                carrier.cancel()
            await asyncio.wait(carriers)
        await self._tell_how_far()
        await self._turn.breathe()
        return dict(self._counts)

    async def _begin(self) -> None:
        while True:
            try:
                await self._delivery.begin()
            except CoreError as error:
                self._warn("letters wait", error.code)
                await self._turn.wait(PACE_S)
            else:
                return

    async def _call_carriers(self) -> None:
        looks = 0
        while self._turn.is_wanted and not self._is_over():
            if looks % TELL_EVERY == 0:
                await self._tell_how_far()
            if self._done < BRISK * self._busy or not self._busy:
                self._call()
            self._done = 0
            self._looks_in_vain += 1
            looks += 1
            await self._rest(PACE_S)

    def _is_over(self) -> bool:
        is_waiting = self._busy or not self._answers.is_set()
        return not is_waiting and self._looks_in_vain >= LINGER

    def _call(self) -> None:
        """Let one more carrier look, unless one is about to."""
        if self._calls.locked():
            self._calls.release()

    async def _rest(self, seconds: float) -> None:
        """Wait, or return at once when the turn is not wanted any more."""
        with suppress(CancelledError, StoppedError):
            await self._turn.wait(seconds)

    async def _carry(self) -> None:
        while True:
            await self._calls.acquire()
            while await self._carry_one() is not None:
                self._done += 1

    async def _carry_one(self) -> Outcome | None:
        await self._answers.wait()
        outcome = await self._try()
        if outcome is Outcome.UNREACHABLE and self._answers.is_set():
            return await self._wait_for_server()
        return outcome

    async def _wait_for_server(self) -> Outcome | None:
        """Knock alone, less and less often, while the others wait."""
        self._answers.clear()
        _log.warning("mail server unreachable")
        try:
            for wait_s in _waits():
                await self._rest(wait_s)
                outcome = await self._try()
                if outcome is not Outcome.UNREACHABLE:
                    break
        finally:
            self._answers.set()
        return outcome

    async def _try(self) -> Outcome | None:
        """Deliver a letter. What fails is done again at the next look."""
        if not self._turn.is_wanted:
            return None
        self._busy += 1
        self._is_quiet.clear()
        try:
            return self._count(await self._delivery.deliver())
        except CoreError as error:
            self._looks_in_vain = 0
            self._warn("letters wait", error.code)
            return None
        except Exception as error:  # noqa: BLE001 - one bad letter must not hold up the others
            # Its text may hold an address.
            _log.error("letter failed", reason=type(error).__name__)
            return None
        finally:
            self._busy -= 1
            if not self._busy:
                self._is_quiet.set()

    def _count(self, delivered: Delivered | None) -> Outcome | None:
        self._trouble = ""
        if delivered is None:
            return None
        self._looks_in_vain = 0
        if delivered.standing is not Standing.WAITING:
            self._counts[delivered.standing.value] += 1
        elif delivered.outcome is Outcome.DEFERRED:
            self._counts["deferred"] += 1
        return delivered.outcome

    async def _tell_how_far(self) -> None:
        """Record the progress if it is another than before. DeniedError: the turn is over."""
        note = "" if self._answers.is_set() else _NO_ANSWER
        now = (dict(self._counts), note)
        if now == self._recorded:
            return
        try:
            async with self._turn.open_work() as work:
                done = self._counts.total() - self._counts["deferred"]
                # As a checkpoint it says that we get on: nothing else is needed to go on.
                checkpoint = str(self._counts.total())
                self._turn.record(work, done=done, counts=now[0], note=note, checkpoint=checkpoint)
                await work.commit()
        except UnavailableError as error:
            self._warn("letters wait", error.code)
        else:
            self._recorded = now

    def _warn(self, event: str, reason: str) -> None:
        """Write a line about something that goes on, once."""
        if reason != self._trouble:
            self._trouble = reason
            _log.warning(event, reason=reason)


def _waits() -> Iterator[float]:
    wait_s = PACE_S
    while True:
        yield wait_s
        wait_s = min(2 * wait_s, WAIT_LONGEST_S)
