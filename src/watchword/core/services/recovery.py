"""Let somebody who forgot their password set another, by a letter."""

from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, event_by
from watchword.core.kernel.caller import Origin, stranger_at
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import NotFoundError
from watchword.core.outbox.model import LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Digester, OpenWork, Work
from watchword.core.services.letters import LetterGate, Letters, reachable_at
from watchword.core.services.passwords import Passwords
from watchword.core.services.pretence import pretend
from watchword.core.services.tickets import Tickets, Whose
from watchword.core.tickets.model import Purpose, Ticket


class Recovery:
    """Sends reset letters and takes what they allow. Who asks learns nothing about accounts."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        tickets: Tickets,
        letters: Letters,
        letter_gate: LetterGate,
        passwords: Passwords,
        digester: Digester,
        clock: Clock,
    ) -> None:
        self._open_work = open_work
        self._tickets = tickets
        self._letters = letters
        self._letter_gate = letter_gate
        self._passwords = passwords
        self._digester = digester
        self._clock = clock

    async def ask(self, identifier: str, *, origin: Origin) -> Refused | None:
        """Send a reset letter to the confirmed address of this account, if there is one.

        One a minute for each account, and the answer does not tell when one is held back.
        """
        if wait := await self._letter_gate.wait_of("forgotten", origin):
            return Refused(Refusal.THROTTLED, retry_after=wait)
        key = canonical(identifier)
        async with self._open_work() as work:
            account = await work.accounts.by_identifier(key)
            subject = account.id if account else self._digester.digest("attempt", key)
            if await self._letter_gate.wait_for("forgotten", subject):
                return None
            stranger = stranger_at(origin)
            at = self._clock.now()
            work.audit.add(event_by(stranger, Action.PASSWORD_RESET_ASK, at=at, subject=subject))
            if account is not None and account.is_active and _has_password(account):
                self.offer(work, account, origin)
            else:
                pretend(work, self._tickets, self._letters, subject=subject, origin=origin)
            try:
                await work.commit()
            except NotFoundError:
                return None  # it was deleted or disabled since we looked
        return None

    def offer(self, work: Work, account: Account, origin: Origin) -> None:
        """Record a reset letter, if the owner can be reached."""
        if _has_password(account) and (to := reachable_at(account)):
            issued = self._tickets.issue(work, Purpose.RESET, address=to, account_id=account.id)
            letter = issued.letter(LetterKind.RESET, name=account.name, language=origin.language)
            self._letters.post(work, letter)

    async def verify(self, token: str, *, identifier: str | None, origin: Origin) -> Refused | None:
        """Say whether this token would reset the password of this account, and spend nothing."""
        found = await self._find(token, identifier, origin)
        return found if isinstance(found, Refused) else None

    async def reset(
        self,
        token: str,
        *,
        identifier: str | None,
        new: str,
        documented: int,
        origin: Origin,
    ) -> Account | Refused:
        """Set a new password by link secret, or by code together with name or address.

        Every session of the account ends, and the waits after failed log-ins do. What is
        wrong with the password is told only to who has the token, and spends nothing.
        """
        ticket = await self._find(token, identifier, origin)
        if isinstance(ticket, Refused):
            return ticket
        return await self._passwords.reset_by_ticket(
            ticket, new=new, documented=documented, origin=origin
        )

    async def _find(self, token: str, identifier: str | None, origin: Origin) -> Ticket | Refused:
        whose = Whose() if identifier is None else await self._whose(identifier)
        return await self._tickets.find(Purpose.RESET, token, whose=whose, origin=origin)

    async def _whose(self, identifier: str) -> Whose:
        async with self._open_work() as work:
            account = await work.accounts.by_identifier(canonical(identifier))
        return Whose(account_id=account.id) if account else Whose(is_nobodys=True)


def _has_password(account: Account) -> bool:
    """Say whether a letter can be sent that helps: no directory keeps the password."""
    return reachable_at(account) is not None and not account.directory
