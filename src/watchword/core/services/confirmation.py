"""Prove that somebody reads the letters to an address."""

from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, Event, event_by
from watchword.core.kernel.caller import Actor, Origin, owner_of, stranger_at
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Digester, OpenWork, Work
from watchword.core.services.letters import LetterGate, Letters
from watchword.core.services.pretence import pretend
from watchword.core.services.tickets import Tickets, Whose
from watchword.core.tickets.model import Purpose, Ticket


class Confirmation:
    """Sends the letter that asks, and takes the answer."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        tickets: Tickets,
        letters: Letters,
        letter_gate: LetterGate,
        digester: Digester,
        clock: Clock,
    ) -> None:
        self._open_work = open_work
        self._tickets = tickets
        self._letters = letters
        self._letter_gate = letter_gate
        self._digester = digester
        self._clock = clock

    async def ask(self, work: Work, account: Account, origin: Origin) -> None:
        """Record the letter for a new account's address, which nobody has proved yet.

        If the address is another account's, its owner is told so, and whoever made the new
        account sees no difference.
        """
        assert account.email is not None
        owner = await work.accounts.by_identifier(canonical(account.email))
        issued = self._tickets.issue(
            work, Purpose.CONFIRM, address=account.email, account_id=account.id
        )
        language = origin.language
        letter = issued.letter(LetterKind.CONFIRM, name=account.name, language=language)
        if owner is not None:
            # No link: who has the address already must not give it away by a slip.
            letter = Letter(
                kind=LetterKind.ALREADY_REGISTERED,
                to=account.email,
                name=owner.name,
                language=language,
            )
        self._letters.post(work, letter)

    async def resend(self, identifier: str, *, origin: Origin) -> Refused | None:
        """Send the letter again to who waits for it, by name or by the address itself.

        The answer is the same whether there is such an account or not.
        """
        if wait := await self._letter_gate.wait_of("resend", origin):
            return Refused(Refusal.THROTTLED, retry_after=wait)
        key = canonical(identifier)
        async with self._open_work() as work:
            account = await self._waiting(work, identifier)
            subject = account.id if account else self._digester.digest("attempt", key)
            if await self._letter_gate.wait_for("resend", subject):
                return None
            stranger = stranger_at(origin)
            work.audit.add(self._event(stranger, Action.ADDRESS_CONFIRM_ASK, subject))
            if account is not None:
                await self.ask(work, account, origin)
            else:
                pretend(work, self._tickets, self._letters, subject=subject, origin=origin)
            try:
                await work.commit()
            except NotFoundError:
                return None  # it was deleted or disabled since we looked
        return None

    async def confirm(self, token: str, *, email: str | None, origin: Origin) -> Account | Refused:
        """Confirm an address by link secret, or by code together with the address itself."""
        ticket = await self._tickets.find(
            Purpose.CONFIRM, token, whose=Whose(address=email), origin=origin
        )
        if isinstance(ticket, Refused):
            return ticket
        assert ticket.account_id is not None
        async with self._open_work() as work:
            account = await work.accounts.by_id(ticket.account_id)
            if account is None or not account.is_active:
                return Refused(Refusal.TICKET_BAD)
            return await self._store(work, account, ticket, origin)

    async def _store(
        self, work: Work, account: Account, ticket: Ticket, origin: Origin
    ) -> Account | Refused:
        now = self._clock.now()
        confirmed = account.with_email(ticket.address, now)
        owner = owner_of(account.id, origin)
        # Spent in the same commit: an address that was changed meanwhile has voided it.
        work.tickets.spend(ticket.id, at=now)
        work.accounts.update(confirmed, before=account)
        work.audit.add(self._event(owner, Action.ADDRESS_CONFIRM, account.id))
        try:
            await work.commit()
        except ConflictError:
            return Refused(Refusal.ADDRESS_TAKEN)
        except (DeniedError, NotFoundError):
            return Refused(Refusal.TICKET_BAD)
        return confirmed

    async def _waiting(self, work: Work, identifier: str) -> Account | None:
        """Return the account that an unproved address belongs to."""
        account = await work.accounts.by_identifier(canonical(identifier))
        if account is None:
            tickets = await work.tickets.about(identifier, Purpose.CONFIRM, limit=1)
            found = tickets[0].account_id if tickets else None
            account = await work.accounts.by_id(found) if found else None
        is_waiting = (
            account is not None
            and account.is_active
            and account.email is not None
            and account.email_confirmed_at is None
        )
        return account if is_waiting else None

    def _event(self, actor: Actor, action: Action, subject: str) -> Event:
        return event_by(actor, action, at=self._clock.now(), subject=subject)
