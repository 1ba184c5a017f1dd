"""Change an account's address: proved at the new one, undone from the old one."""

from contextlib import suppress
from datetime import timedelta

from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical, is_address
from watchword.core.audit.model import Action, event_by
from watchword.core.kernel.caller import Actor, Origin, owner_of
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork, Work
from watchword.core.services.letters import LetterGate, Letters, reachable_at
from watchword.core.services.passwords import Passwords
from watchword.core.services.recovery import Recovery
from watchword.core.services.tickets import OPEN_CHANGES, Tickets, Whose
from watchword.core.tickets.model import Purpose, Ticket

FRESH_FOR = timedelta(minutes=10)
"""So long after a log-in nobody is asked for the password again (safety.md, Mail links)."""


class EmailChange:
    """Takes the wish, the proof, and the objection."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        tickets: Tickets,
        letters: Letters,
        letter_gate: LetterGate,
        passwords: Passwords,
        recovery: Recovery,
        clock: Clock,
        session_lifetime: timedelta,
    ) -> None:
        self._open_work = open_work
        self._tickets = tickets
        self._letters = letters
        self._letter_gate = letter_gate
        self._passwords = passwords
        self._recovery = recovery
        self._clock = clock
        self._session_lifetime = session_lifetime

    async def ask(
        self, actor: Actor, new_email: str, *, password: str | None = None
    ) -> Refused | None:
        """Send a letter to the new address, and a notice to the old one.

        Needs the password, or a session whose password was typed less than 10 minutes ago.
        If the new address is another account's, its owner is told, and the caller sees no
        difference.
        """
        if refused := await self._judge(actor, new_email):
            return refused
        if refused := await self._doubt(actor, password):
            return refused
        assert actor.account_id is not None
        async with self._open_work() as work:
            account = await work.accounts.by_id(actor.account_id)
            if account is None or account.directory:
                return Refused(Refusal.DIRECTORY_KEEPS if account else Refusal.NOT_FOUND)
            if canonical(reachable_at(account) or "") == canonical(new_email):
                return Refused(Refusal.ADDRESS_SAME)
            if wait := await self._letter_gate.wait_for("change", account.id):
                return Refused(Refusal.THROTTLED, retry_after=wait)
            await self._record_wish(work, account, new_email, actor)
            with suppress(NotFoundError):  # it was deleted or disabled since we looked
                await work.commit()
        return None

    async def verify(
        self, token: str, *, new_email: str, origin: Origin, actor: Actor | None = None
    ) -> Refused | None:
        """Say whether this token would change an address to this one, and spend nothing."""
        found = await self._find(token, new_email, origin, actor)
        return found if isinstance(found, Refused) else None

    async def change(
        self, token: str, *, new_email: str | None, origin: Origin, actor: Actor | None = None
    ) -> Account | Refused:
        """Change the address, by link secret, or by code together with the new address.

        A caller who is logged in can use only what is their own. The old address, if it was
        confirmed, gets a link that undoes this.
        """
        ticket = await self._find(token, new_email, origin, actor)
        if isinstance(ticket, Refused):
            return ticket
        async with self._open_work() as work:
            account = await self._owner(work, ticket)
            if account is None:
                return Refused(Refusal.TICKET_BAD)
            changed = self._spend(work, account, ticket, Action.ADDRESS_CHANGE, origin)
            if old := reachable_at(account):
                issued = self._tickets.issue(work, Purpose.UNDO, address=old, account_id=account.id)
                letter = issued.letter(
                    LetterKind.ADDRESS_CHANGED,
                    name=account.name,
                    language=origin.language,
                    about=ticket.address,
                )
                self._letters.post(work, letter)
            return await self._commit(work) or changed

    async def undo(self, token: str, *, origin: Origin) -> Account | Refused:
        """Give the account back to an earlier address, and end every session of it.

        A reset letter follows: whoever changed the address may know the password.
        """
        ticket = await self._tickets.find(Purpose.UNDO, token, whose=Whose(), origin=origin)
        if isinstance(ticket, Refused):
            return ticket
        async with self._open_work() as work:
            account = await self._owner(work, ticket)
            if account is None:
                return Refused(Refusal.TICKET_BAD)
            restored = self._spend(work, account, ticket, Action.ADDRESS_UNDO, origin)
            work.tickets.void(account.id, {Purpose.UNDO})
            work.sessions.end_all_of(account.id)
            self._recovery.offer(work, restored, origin)
            return await self._commit(work) or restored

    async def _judge(self, actor: Actor, new_email: str) -> Refused | None:
        if actor.key_id is not None:
            return Refused(Refusal.KEY_SCOPE)
        if not is_address(new_email):
            return Refused(Refusal.ADDRESS_INVALID)
        if wait := await self._letter_gate.wait_of("change", actor.origin):
            return Refused(Refusal.THROTTLED, retry_after=wait)
        return None

    async def _doubt(self, actor: Actor, password: str | None) -> Refused | None:
        """Return why this may be a stolen token, None if the owner is there."""
        if password is not None:
            return await self._passwords.prove(actor, password)
        assert actor.session_id is not None
        async with self._open_work() as work:
            session = await work.sessions.by_id(actor.session_id)
        if session is not None:
            # An exchanged session is younger than its password, which its end is counted from.
            typed_at = session.expires_at - self._session_lifetime
            since = self._clock.now() - FRESH_FOR
            if since <= typed_at <= session.created_at:
                return None
        return Refused(Refusal.PROOF_NEEDED)

    async def _record_wish(
        self, work: Work, account: Account, new_email: str, actor: Actor
    ) -> None:
        owner = await work.accounts.by_identifier(canonical(new_email))
        issued = self._tickets.issue(work, Purpose.CHANGE, address=new_email, account_id=account.id)
        language = actor.origin.language
        letter = issued.letter(LetterKind.CHANGE, name=account.name, language=language)
        if owner is not None:
            # No link: who has the address already must not give it away by a slip.
            letter = Letter(
                kind=LetterKind.CHANGE_IN_USE, to=new_email, name=owner.name, language=language
            )
        self._letters.post(work, letter)
        if old := reachable_at(account):
            notice = Letter(
                kind=LetterKind.CHANGE_REQUESTED,
                to=old,
                name=account.name,
                language=language,
                about=new_email,
            )
            self._letters.post(work, notice)
        at = self._clock.now()
        work.audit.add(event_by(actor, Action.ADDRESS_CHANGE_ASK, at=at, subject=account.id))

    async def _find(
        self, token: str, new_email: str | None, origin: Origin, actor: Actor | None
    ) -> Ticket | Refused:
        account_id = actor.account_id if actor else None
        whose = Whose(account_id=account_id, address=new_email)
        return await self._tickets.find(Purpose.CHANGE, token, whose=whose, origin=origin)

    async def _owner(self, work: Work, ticket: Ticket) -> Account | None:
        assert ticket.account_id is not None
        account = await work.accounts.by_id(ticket.account_id)
        return account if account and account.is_active else None

    def _spend(
        self, work: Work, account: Account, ticket: Ticket, action: Action, origin: Origin
    ) -> Account:
        now = self._clock.now()
        changed = account.with_email(ticket.address, now)
        owner = owner_of(account.id, origin)
        work.tickets.spend(ticket.id, at=now)
        work.tickets.void(account.id, OPEN_CHANGES)
        work.accounts.update(changed, before=account)
        work.audit.add(event_by(owner, action, at=now, subject=account.id))
        return changed

    async def _commit(self, work: Work) -> Refused | None:
        try:
            await work.commit()
        except ConflictError:
            return Refused(Refusal.ADDRESS_TAKEN)
        except (DeniedError, NotFoundError):
            return Refused(Refusal.TICKET_BAD)
        return None
