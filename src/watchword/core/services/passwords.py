"""Change one's own password, or set somebody else's."""

from dataclasses import replace

from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, Event, event_by
from watchword.core.credentials.model import PasswordCredential
from watchword.core.kernel.caller import Actor, Origin, owner_of, stranger_at
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId, TicketId
from watchword.core.outbox.model import LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import judge_signin
from watchword.core.policy.store import Attempt
from watchword.core.ports import Digester, Hasher, OpenWork, Work
from watchword.core.services.attempts import Guesses
from watchword.core.services.directorypasswords import DirectoryPasswords
from watchword.core.services.letters import Letters
from watchword.core.services.newpassword import NewPassword, words_about
from watchword.core.services.tickets import OPEN_CHANGES
from watchword.core.tickets.model import Purpose, Ticket


class Passwords:
    """Sets passwords. Every other session of the account ends with the old one."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        hasher: Hasher,
        digester: Digester,
        guesses: Guesses,
        new_password: NewPassword,
        directories: DirectoryPasswords,
        letters: Letters,
        clock: Clock,
    ) -> None:
        self._open_work = open_work
        self._hasher = hasher
        self._digester = digester
        self._guesses = guesses
        self._new_password = new_password
        self._directories = directories
        self._letters = letters
        self._clock = clock

    def length_min(self, documented: int) -> int:
        """Return how long a new password must be, for pages that say so before one is typed."""
        return self._new_password.length_min(documented)

    async def change(
        self, actor: Actor, *, current: str, new: str, documented: int
    ) -> Refused | None:
        """Change the caller's own password; the session that asks lives on.

        A wrong current password counts as a failed log-in: a stolen token is no way to
        guess more often. An API key changes no password.
        """
        if actor.key_id is not None:
            return Refused(Refusal.KEY_SCOPE)
        assert actor.account_id is not None
        account, credential = await self._find(actor.account_id)
        if account is None:
            return Refused(Refusal.NOT_FOUND)
        if account.directory:
            return await self._directories.change(actor, account, current=current, new=new)
        if refused := await self._prove(actor, account, credential, current):
            return refused
        assert credential is not None
        if refused := await self._refusal(account, new, documented, current=credential.encoded):
            return refused
        return await self._replace(actor, account, credential, new)

    async def change_by_name(
        self, identifier: str, *, current: str, new: str, documented: int, origin: Origin
    ) -> Refused | None:
        """Change a password by name and current password: no token is needed, none lives on.

        This is the way out of an expired password. It is a log-in as far as guesses and
        strangers are concerned: what is wrong with the new password is told only after
        the right current one.
        """
        key = canonical(identifier)
        async with self._open_work() as work:
            account = await work.accounts.by_identifier(key)
            credential = await work.credentials.password_of(account.id) if account else None
        if account.directory if account else self._directories.may_know(identifier):
            return await self._directories.change_by_name(
                identifier, account, current=current, new=new, origin=origin
            )
        subject = account.id if account else self._digester.digest("attempt", key)
        encoded = credential.encoded if credential else self._hasher.decoy
        async with self._guesses.admit(subject, origin) as attempt:
            if isinstance(attempt, Refused):
                return attempt
            matches = await self._hasher.verify(current, encoded) and credential is not None
            is_active = account is not None and account.is_active
            reason = judge_signin(matches=matches, is_active=is_active)
            actor = stranger_at(origin)
            await self._settle(attempt, actor, subject, matches=reason is None)
        if reason or account is None or credential is None:
            return Refused(reason or Refusal.WRONG_CREDENTIALS)
        if refused := await self._refusal(account, new, documented, current=encoded):
            return refused
        own = owner_of(account.id, origin)
        refused = await self._replace(own, account, credential, new)
        return Refused(Refusal.WRONG_CREDENTIALS) if refused else None

    async def reset(
        self, actor: Actor, account_id: AccountId, *, new: str, documented: int
    ) -> Refused | None:
        """Set anybody's password, for an admin. Every session of the account ends.

        It also ends the waits that failed log-ins brought upon the account.
        """
        if actor.key_id is not None:
            return Refused(Refusal.KEY_SCOPE)
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        account, credential = await self._find(account_id)
        if account and account.directory:
            return Refused(Refusal.DIRECTORY_KEEPS)
        # What is wrong with the password by itself is told first, as for an account that is.
        current = credential.encoded if credential else ""
        if refused := await self._refusal(account, new, documented, current=current):
            return refused
        if account is None:
            return Refused(Refusal.NOT_FOUND)
        encoded = await self._new_password.hash(new, origin=actor.origin)
        return await self._store_reset(actor, account, encoded)

    async def reset_by_ticket(
        self, ticket: Ticket, *, new: str, documented: int, origin: Origin
    ) -> Account | Refused:
        """Set the password of who presents a mailed ticket, and spend it if that succeeds."""
        assert ticket.account_id is not None
        account, credential = await self._find(ticket.account_id)
        if account is None or account.directory or not account.is_active:
            return Refused(Refusal.TICKET_BAD)
        current = credential.encoded if credential else ""
        if refused := await self._refusal(account, new, documented, current=current):
            return refused
        encoded = await self._new_password.hash(new, origin=origin)
        owner = owner_of(account.id, origin)
        if await self._store_reset(owner, account, encoded, spends=ticket.id):
            return Refused(Refusal.TICKET_BAD)
        return account

    async def prove(self, actor: Actor, password: str) -> Refused | None:
        """Return None if this is the caller's own password. A wrong one is a failed log-in."""
        assert actor.account_id is not None
        account, credential = await self._find(actor.account_id)
        if account is None:
            return Refused(Refusal.NOT_FOUND)
        return await self._prove(actor, account, credential, password)

    async def _prove(
        self,
        actor: Actor,
        account: Account,
        credential: PasswordCredential | None,
        password: str,
    ) -> Refused | None:
        if account.directory:
            return await self._directories.prove(actor, account, password)
        encoded = credential.encoded if credential else self._hasher.decoy
        async with self._guesses.admit(account.id, actor.origin) as attempt:
            if isinstance(attempt, Refused):
                return attempt
            matches = await self._hasher.verify(password, encoded) and credential is not None
            await self._settle(attempt, actor, account.id, matches=matches)
        return None if matches else Refused(Refusal.WRONG_PASSWORD)

    async def _find(
        self, account_id: AccountId
    ) -> tuple[Account | None, PasswordCredential | None]:
        async with self._open_work() as work:
            account = await work.accounts.by_id(account_id)
            credential = await work.credentials.password_of(account_id) if account else None
        return account, credential

    async def _refusal(
        self, account: Account | None, new: str, documented: int, *, current: str
    ) -> Refused | None:
        about = words_about(account.name, account.email) if account else ()
        if refused := await self._new_password.refusal(new, documented=documented, about=about):
            return refused
        if account and await self._new_password.was_used(account, new, current=current):
            return Refused(Refusal.PASSWORD_REUSED)
        return None

    async def _settle(self, attempt: Attempt, actor: Actor, subject: str, *, matches: bool) -> None:
        now = self._clock.now()
        async with self._open_work() as work:
            if matches:
                work.attempts.succeeded(replace(attempt, at=now), AccountId(subject))
            else:
                work.attempts.failed(replace(attempt, at=now), self._guesses.limits)
                work.audit.add(self._event(actor, Action.PASSWORD_CHANGE_REFUSED, subject))
            await work.commit()

    async def _replace(
        self, actor: Actor, account: Account, credential: PasswordCredential, new: str
    ) -> Refused | None:
        encoded = await self._new_password.hash(new, origin=actor.origin)
        remember = await self._new_password.remembered(account)
        async with self._open_work() as work:
            work.credentials.require(account.id, encoded=credential.encoded)
            work.credentials.put_password(self._credential(account.id, encoded), remember=remember)
            work.sessions.end_all_of(account.id, but=actor.session_id)
            self._conclude(work, actor, account, Action.PASSWORD_CHANGE_OK)
            try:
                await work.commit()
            except DeniedError:
                # Somebody changed it in the meantime: what was typed is not current now.
                return Refused(Refusal.WRONG_PASSWORD)
        return None

    async def _store_reset(
        self, actor: Actor, account: Account, encoded: str, *, spends: TicketId | None = None
    ) -> Refused | None:
        remember = await self._new_password.remembered(account)
        async with self._open_work() as work:
            if spends is not None:
                work.tickets.spend(spends, at=self._clock.now())
            work.credentials.put_password(self._credential(account.id, encoded), remember=remember)
            work.sessions.end_all_of(account.id)
            work.attempts.forget(account.id)
            self._conclude(work, actor, account, Action.PASSWORD_RESET)
            try:
                await work.commit()
            except (DeniedError, NotFoundError):
                return Refused(Refusal.NOT_FOUND)
        return None

    def _conclude(self, work: Work, actor: Actor, account: Account, action: Action) -> None:
        """Record what follows every change of a password: open tickets end, the owner is told."""
        work.tickets.void(account.id, OPEN_CHANGES - {Purpose.CONFIRM})
        self._letters.tell(work, account, LetterKind.PASSWORD_CHANGED, actor.origin)
        work.audit.add(self._event(actor, action, account.id))

    def _credential(self, account_id: AccountId, encoded: str) -> PasswordCredential:
        return PasswordCredential(
            account_id=account_id, encoded=encoded, changed_at=self._clock.now()
        )

    def _event(self, actor: Actor, action: Action, subject: str) -> Event:
        return event_by(actor, action, at=self._clock.now(), subject=subject)
