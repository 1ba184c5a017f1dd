"""Invite somebody to have an account, by a letter to their address."""

from watchword.core.accounts.model import Role
from watchword.core.accounts.names import canonical, is_address
from watchword.core.audit.model import Action, event_by
from watchword.core.kernel.caller import Actor, Origin
from watchword.core.kernel.clock import Clock
from watchword.core.outbox.model import LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork
from watchword.core.services.letters import Letters
from watchword.core.services.tickets import Tickets, Whose
from watchword.core.tickets.model import Purpose, Ticket


class Invitations:
    """Sends invitations for admins, and finds the one that a guest presents."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        tickets: Tickets,
        letters: Letters,
        clock: Clock,
        is_welcome: bool,
    ) -> None:
        self._open_work = open_work
        self._tickets = tickets
        self._letters = letters
        self._clock = clock
        self._is_welcome = is_welcome

    async def invite(self, actor: Actor, email: str, *, role: str = Role.USER) -> Ticket | Refused:
        """Send an invitation, which voids the last one to this address.

        An address that an account has already is refused: admins see all accounts anyway.
        """
        if reason := self._judge(actor, email, role):
            return Refused(reason)
        async with self._open_work() as work:
            if await work.accounts.by_identifier(canonical(email)) is not None:
                return Refused(Refusal.ADDRESS_TAKEN)
            host = await work.accounts.by_id(actor.account_id) if actor.account_id else None
            issued = self._tickets.issue(work, Purpose.JOIN, address=email, detail=role)
            letter = issued.letter(
                LetterKind.INVITATION,
                name=host.name if host else "",
                language=actor.origin.language,
            )
            letter_id = self._letters.post(work, letter)
            at = self._clock.now()
            # The letter says to whom; the trail of events holds no address.
            work.audit.add(event_by(actor, Action.ACCOUNT_INVITE, at=at, subject=letter_id))
            await work.commit()
        return issued.ticket

    def _judge(self, actor: Actor, email: str, role: str) -> Refusal | None:
        judged = {
            Refusal.NOT_ADMIN: not actor.is_admin,
            Refusal.KEY_SCOPE: actor.key_id is not None,
            Refusal.CLOSED: not self._is_welcome,
            Refusal.ROLE_UNKNOWN: role not in set(Role),
            Refusal.ADDRESS_INVALID: not is_address(email),
        }
        return next((reason for reason, is_so in judged.items() if is_so), None)

    async def find(self, token: str, *, email: str, origin: Origin) -> Ticket | Refused:
        """Return the invitation with this secret, or with this code and address."""
        whose = Whose(address=email or None)
        return await self._tickets.find(Purpose.JOIN, token, whose=whose, origin=origin)
