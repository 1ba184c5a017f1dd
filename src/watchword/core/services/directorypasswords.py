"""Change passwords in the directory that keeps them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchword.core.accounts.model import Account
from watchword.core.audit.model import Action, event_by
from watchword.core.directory.model import Asked, Link, PasswordChange, Verdict
from watchword.core.directory.port import Directories
from watchword.core.kernel.caller import Actor, Origin, stranger_at
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import NotFoundError, UnavailableError
from watchword.core.kernel.ids import AccountId
from watchword.core.outbox.model import LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.store import Attempt
from watchword.core.ports import OpenWork
from watchword.core.services.attempts import Guesses
from watchword.core.services.directorysignin import REFUSAL_OF
from watchword.core.services.directorywhom import Sought, Whom
from watchword.core.services.letters import Letters
from watchword.core.services.tickets import OPEN_CHANGES
from watchword.core.tickets.model import Purpose

_STILL_RIGHT = frozenset({Verdict.RIGHT, Verdict.PASSWORD_EXPIRED, Verdict.MUST_CHANGE})
_REFUSAL_OF_CHANGE = {
    PasswordChange.REJECTED: Refusal.PASSWORD_REJECTED,
    PasswordChange.FORBIDDEN: Refusal.DIRECTORY_KEEPS,
}


@dataclass(frozen=True, slots=True)
class _Wish:
    """A change that somebody wants. `wrong` is what they hear if the current one is not that."""

    actor: Actor
    wrong: Refusal
    current: str = field(repr=False)
    new: str = field(repr=False)


class DirectoryPasswords:
    """Changes passwords where they are kept. Ours are in no directory and are not looked at.

    The directory's own rules say what a password may be, not those of this server.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        directories: Directories,
        whom: Whom,
        guesses: Guesses,
        letters: Letters,
        clock: Clock,
    ) -> None:
        self._open_work = open_work
        self._directories = directories
        self._whom = whom
        self._guesses = guesses
        self._letters = letters
        self._clock = clock

    def may_know(self, typed: str) -> bool:
        """Say whether a directory takes names such as this. Quick."""
        return self._whom.may_be(typed)

    async def change(
        self, actor: Actor, account: Account, *, current: str, new: str
    ) -> Refused | None:
        """Change the caller's own password; the session that asks lives on."""
        sought = await self._whom.of_account(account)
        if sought is None:
            return Refused(Refusal.DIRECTORY_KEEPS)
        return await self._change(sought, _Wish(actor, Refusal.WRONG_PASSWORD, current, new))

    async def change_by_name(
        self, typed: str, account: Account | None, *, current: str, new: str, origin: Origin
    ) -> Refused | None:
        """Change a password by name and current password: the way out of an expired one."""
        by_account = account and self._whom.of_account(account, typed)
        sought = await (by_account or self._whom.of_name(typed))
        if sought is None:
            return Refused(Refusal.WRONG_CREDENTIALS)
        wish = _Wish(stranger_at(origin), Refusal.WRONG_CREDENTIALS, current, new)
        return await self._change(sought, wish)

    async def prove(self, actor: Actor, account: Account, password: str) -> Refused | None:
        """Return None if this is the caller's own password. A wrong one is a failed log-in."""
        sought = await self._whom.of_account(account)
        if sought is None:
            return Refused(Refusal.WRONG_PASSWORD)
        async with self._admit(sought, actor.origin) as attempt:
            if isinstance(attempt, Refused):
                return attempt
            proof = await self._directories.prove(sought.asked, password)
            wrong = Refusal.WRONG_PASSWORD
            reason = (
                None if proof.verdict is Verdict.RIGHT else REFUSAL_OF.get(proof.verdict, wrong)
            )
            await self._settle(attempt, actor, sought, failed=reason is wrong)
        return Refused(reason) if reason else None

    @asynccontextmanager
    async def _admit(self, sought: Sought, origin: Origin) -> AsyncIterator[Attempt | Refused]:
        """Reserve a guess, and give it back if the directory does not answer."""
        async with self._guesses.admit(sought.subject, origin) as attempt:
            try:
                yield attempt
            except UnavailableError:
                if isinstance(attempt, Attempt):
                    async with self._open_work() as work:
                        work.attempts.withdraw(attempt)
                        await work.commit()
                raise

    async def _change(self, sought: Sought, wish: _Wish) -> Refused | None:
        async with self._admit(sought, wish.actor.origin) as attempt:
            if isinstance(attempt, Refused):
                return attempt
            asked = await self._whom.settle(sought)
            reason = await self._try(asked, sought, wish)
            await self._settle(attempt, wish.actor, sought, failed=reason is wish.wrong)
        if reason is not None:
            return Refused(reason)
        if sought.link is not None:
            await self._conclude(wish.actor, sought.link, await self._password_at(asked))
        return None

    async def _try(self, asked: Asked, sought: Sought, wish: _Wish) -> Refusal | None:
        """Have the directory change it, unless the account is closed here; None if it did."""
        if await self._is_closed(sought.link):
            proof = await self._directories.prove(asked, wish.current)
            return Refusal.DISABLED if proof.verdict in _STILL_RIGHT else wish.wrong
        change = await self._directories.change_password(asked, current=wish.current, new=wish.new)
        if change is PasswordChange.DONE:
            return None
        return _REFUSAL_OF_CHANGE.get(change, wish.wrong)

    async def _is_closed(self, link: Link | None) -> bool:
        if link is None:
            return False
        async with self._open_work() as work:
            account = await work.accounts.by_id(link.account_id)
        return account is None or not account.is_active

    async def _settle(
        self, attempt: Attempt, actor: Actor, sought: Sought, *, failed: bool
    ) -> None:
        now = self._clock.now()
        async with self._open_work() as work:
            if failed:
                work.attempts.failed(replace(attempt, at=now), self._guesses.limits)
                work.audit.add(
                    event_by(actor, Action.PASSWORD_CHANGE_REFUSED, at=now, subject=sought.subject)
                )
            else:
                work.attempts.succeeded(replace(attempt, at=now), AccountId(sought.subject))
            await work.commit()

    async def _password_at(self, asked: Asked) -> datetime | None:
        """Return when the directory set the new password, so that a later one is noticed."""
        if not self._directories.can_look(asked.directory):
            return None
        with suppress(UnavailableError):
            person = await self._directories.find(asked)
            return person.password_at if person else None
        return None

    async def _conclude(self, actor: Actor, link: Link, password_at: datetime | None) -> None:
        """Record what follows: other sessions end, open tickets do, and the owner is told."""
        now = self._clock.now()
        async with self._open_work() as work:
            account = await work.accounts.by_id(link.account_id)
            if account is None:
                return
            forgotten = replace(link, password_at=password_at, cached="", cached_at=None)
            work.links.update(forgotten, before=link)
            work.sessions.end_all_of(account.id, but=actor.session_id)
            work.tickets.void(account.id, OPEN_CHANGES - {Purpose.CONFIRM})
            self._letters.tell(work, account, LetterKind.PASSWORD_CHANGED, actor.origin)
            who = replace(actor, name=account.id)
            work.audit.add(event_by(who, Action.PASSWORD_CHANGE_OK, at=now, subject=account.id))
            try:
                await work.commit()
            except NotFoundError:
                return  # the account was deleted meanwhile
