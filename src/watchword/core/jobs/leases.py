"""What a queue asks of whoever keeps its leases: who works on which job, and until when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from watchword.core.jobs.model import Lane
from watchword.core.kernel.ids import JobId


class LeaseDesk(Protocol):
    """Gives jobs that wait to workers for a time. Each is one step, durable when it returns.

    A job is held by one worker at most; when its lease is over, it is nobody's and waits
    again, at the moment itself too.
    """

    async def put(self, job_id: JobId, lane: Lane, *, at: datetime) -> None:
        """Have a job wait. One that waits already is left as it is.

        One that somebody holds is to come once more when it is done.
        """

    async def claim(
        self, holder: str, lanes: Sequence[Lane], *, at: datetime, until: datetime, limit: int
    ) -> tuple[JobId, ...]:
        """Hold up to `limit` jobs of these lanes that wait, the longest waiting first.

        Each goes to one who asks, however many ask at once.
        """

    async def beat(self, holder: str, *, at: datetime, until: datetime) -> tuple[JobId, ...]:
        """Hold what this holder still has until another moment, and return it, in order."""

    async def done(self, holder: str, job_id: JobId, *, at: datetime) -> None:
        """Take a job away, or have it wait again if it was put while it was held.

        Nothing happens if this holder does not have it any more.
        """

    async def give_back(self, holder: str, job_id: JobId | None, *, at: datetime) -> int:
        """Have a job wait again, or all that this holder has; return how many those were."""
