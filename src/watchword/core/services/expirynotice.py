"""Tell people by a letter, some days before, that their password will expire."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from watchword.core.credentials.model import PasswordCredential
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.passwords import PasswordPolicy
from watchword.core.ports import OpenWork
from watchword.core.services.letters import Letters, reachable_at
from watchword.core.services.newpassword import policy_of

TOLD_BEFORE = timedelta(days=7)
LOOK_EVERY = timedelta(hours=1)
BATCH_MAX = 100


class ExpiryNotice:
    """Writes one letter for each password that will end within days. Most servers let none end."""

    def __init__(
        self, *, open_work: OpenWork, letters: Letters, clock: Clock, policy: PasswordPolicy
    ) -> None:
        self._open_work = open_work
        self._letters = letters
        self._clock = clock
        self._policy = policy
        self._next_at: datetime | None = None

    async def tell(self) -> None:
        """Write the letters that are due. It looks once an hour, however often it is called.

        Several may do so at once, on one machine or on many: each letter is written once.
        """
        now = self._clock.now()
        if self._next_at is not None and now < self._next_at:
            return
        for days in sorted(await self._spans()):
            await self._tell_after(timedelta(days=days), now)
        self._next_at = now + LOOK_EVERY

    async def _spans(self) -> frozenset[int]:
        """Return every number of days after which somebody's password may end."""
        async with self._open_work() as work:
            asked = await work.groups.password_days()
        return asked | ({self._policy.days} - {0})

    async def _tell_after(self, span: timedelta, now: datetime) -> None:
        """Look at the passwords that would end within days if each lasted so long."""
        after: str | None = None
        while True:
            async with self._open_work() as work:
                page = await work.credentials.unannounced(
                    since=now - span, until=now - span + TOLD_BEFORE, after=after, limit=BATCH_MAX
                )
            for credential in page.items:
                await self._announce(credential, now)
            await asyncio.sleep(0)  # reads of SQLite suspend nothing, and requests have to go on
            after = page.next
            if after is None:
                return

    async def _announce(self, credential: PasswordCredential, now: datetime) -> None:
        """Write the letter, if the rules for this account say the same."""
        async with self._open_work() as work:
            account = await work.accounts.by_id(credential.account_id)
            memberships = await work.groups.of(credential.account_id)
            end = policy_of(self._policy, memberships).end_of(credential.changed_at)
            to = reachable_at(account) if account else None
            if account is None or to is None or end is None:
                return
            if not now < end < now + TOLD_BEFORE:
                return
            letter = Letter(kind=LetterKind.PASSWORD_EXPIRES, to=to, name=account.name, ends_at=end)
            self._letters.post(work, letter)
            work.credentials.announce(credential, at=now)
            with suppress(DeniedError):  # another worker wrote it, or the password was changed
                await work.commit()
