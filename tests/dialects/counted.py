"""A database that remembers how often it was opened for a look or a change."""

from contextlib import AbstractAsyncContextManager

from watchword.core.checkouts.store import CheckoutDesk
from watchword.core.jobs.leases import LeaseDesk
from watchword.core.jobs.store import JobDesk
from watchword.core.outbox.store import OutboxDesk
from watchword.core.policy.store import AttemptGate
from watchword.core.ports import Revocations, Storage, Work
from watchword.core.tickets.store import TicketDesk


class CountedStorage:
    """Implements Storage over another one."""

    def __init__(self, inner: Storage) -> None:
        self._inner = inner
        self.looks = 0

    @property
    def attempts(self) -> AttemptGate:
        return self._inner.attempts

    @property
    def checkout_desk(self) -> CheckoutDesk:
        return self._inner.checkout_desk

    @property
    def ticket_desk(self) -> TicketDesk:
        return self._inner.ticket_desk

    @property
    def outbox_desk(self) -> OutboxDesk:
        return self._inner.outbox_desk

    @property
    def job_desk(self) -> JobDesk:
        return self._inner.job_desk

    @property
    def lease_desk(self) -> LeaseDesk:
        return self._inner.lease_desk

    @property
    def revocations(self) -> Revocations:
        return self._inner.revocations

    def open_work(self) -> AbstractAsyncContextManager[Work]:
        self.looks += 1
        return self._inner.open_work()

    async def check(self) -> None:
        await self._inner.check()

    async def close(self) -> None:
        await self._inner.close()
