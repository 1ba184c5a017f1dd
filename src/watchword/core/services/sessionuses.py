"""When sessions were used: noted in memory, written later, so that no request writes for it."""

from datetime import datetime, timedelta

from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import CoreError
from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.ports import OpenWork
from watchword.core.sessions.store import SessionUse

NOTED_EVERY = timedelta(seconds=1)
WRITTEN_EVERY = timedelta(seconds=50)
"""The lists that people look at are right to the minute."""

_USES_AT_ONCE = 500


class SessionUses:
    """Notes of this process. What is not written when it is killed is lost, and nothing else."""

    def __init__(self, *, open_work: OpenWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock
        self._noted: dict[SessionId, datetime] = {}
        self._written_at = clock.now()

    def note(self, session_id: SessionId, at: datetime) -> None:
        """Remember that a session was used."""
        self._noted[session_id] = at

    async def write_due(self) -> None:
        """Write all notes, if the last time is long enough ago."""
        if self._clock.now() - self._written_at >= WRITTEN_EVERY:
            await self.write()

    async def write(self) -> None:
        """Write all notes. What cannot be stored now is tried again the next time."""
        self._written_at = self._clock.now()
        while self._noted:
            await self._write(list(self._noted)[:_USES_AT_ONCE])

    async def write_of(self, account_id: AccountId) -> None:
        """Write what was noted of one account's sessions, for who has to choose among them."""
        if not self._noted:
            return
        async with self._open_work() as work:
            sessions = await work.sessions.of(account_id, at=self._clock.now())
        if noted := [one.id for one in sessions if one.id in self._noted]:
            await self._write(noted)

    async def _write(self, session_ids: list[SessionId]) -> None:
        uses = [SessionUse(one, self._noted.pop(one)) for one in session_ids if one in self._noted]
        try:
            async with self._open_work() as work:
                work.sessions.used(uses)
                await work.commit()
        except CoreError:
            # A note that came in the meantime is newer.
            self._noted = {use.session_id: use.at for use in uses} | self._noted
            raise
