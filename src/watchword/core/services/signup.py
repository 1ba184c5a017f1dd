"""Make accounts: by whoever may register, by an admin, by the command line."""

from dataclasses import dataclass, replace
from datetime import timedelta

from watchword.core.accounts.model import Account, Role
from watchword.core.accounts.names import NAME_LENGTH_MAX, canonical, is_address, is_clean, is_name
from watchword.core.audit.model import Action, event_by
from watchword.core.credentials.model import PasswordCredential
from watchword.core.directory.port import Directories
from watchword.core.kernel.caller import Actor, Origin, stranger_at
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import ConflictError, DeniedError
from watchword.core.kernel.ids import AccountId, TicketId
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import AttemptLimits
from watchword.core.policy.store import AttemptGate
from watchword.core.ports import OpenWork, Work
from watchword.core.services.confirmation import Confirmation
from watchword.core.services.invitations import Invitations
from watchword.core.services.newpassword import NewPassword, words_about

_TAKEN = {"name": Refusal.NAME_TAKEN, "email": Refusal.ADDRESS_TAKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An account that somebody would like to have.

    `name_min` and `password_min` are the numbers on the page of the dialect that asks.
    The e-mail address counts as confirmed only where an operator vouches for it.
    `invitation` is the secret or the code of an invitation.
    """

    name: str
    password: str
    role: str = Role.USER
    email: str = ""
    email_confirmed: bool = False
    first_name: str = ""
    last_name: str = ""
    invitation: str = ""
    name_min: int = 1
    password_min: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Whether strangers may register, by invitation at least, and how many from one address."""

    is_open: bool = True
    takes_invitations: bool = True
    per_address: int = 20
    window: timedelta = timedelta(hours=1)


class SignUp:
    """Judges a wish in one order for every door, and stores the account."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        gate: AttemptGate,
        new_password: NewPassword,
        clock: Clock,
        randomness: Randomness,
        limits: AttemptLimits,
        registration: Registration,
        confirmation: Confirmation,
        invitations: Invitations,
        directories: Directories,
    ) -> None:
        self._open_work = open_work
        self._gate = gate
        self._new_password = new_password
        self._clock = clock
        self._randomness = randomness
        self._limits = limits
        self._registration = registration
        self._confirmation = confirmation
        self._invitations = invitations
        self._directories = directories

    async def register(
        self, wish: Wish, *, origin: Origin, by: Actor | None = None
    ) -> Account | Refused:
        """Make an account for a stranger: a user, where registration is open.

        Closed until there is a first account: whoever runs the server comes first. An admin
        may register somebody else with any role, and where strangers may not.
        """
        if wish.invitation:
            return await self._join(wish, origin)
        if by is not None and by.is_admin and not self._is_strangers(wish):
            return await self.create(by, wish)
        if not self._registration.is_open or not await self._has_had_account():
            return Refused(Refusal.CLOSED)
        if refused := await self._judge(wish, is_reserved=wish.role != Role.USER):
            return refused
        if wait := await self._take_place(origin):
            return Refused(Refusal.THROTTLED, retry_after=wait)
        stranger = stranger_at(origin)
        return await self._make(wish, stranger, Action.ACCOUNT_REGISTER)

    async def _join(self, wish: Wish, origin: Origin) -> Account | Refused:
        """Make the account that somebody was invited to; the invitation proves the address.

        Whatever is wrong with the wish, the invitation is still good afterwards.
        """
        if not self._registration.takes_invitations:
            return Refused(Refusal.CLOSED)
        ticket = await self._invitations.find(wish.invitation, email=wish.email, origin=origin)
        if isinstance(ticket, Refused):
            return ticket
        invited = replace(wish, role=ticket.detail, email=ticket.address, email_confirmed=True)
        if refused := await self._judge(invited):
            return refused
        guest = stranger_at(origin)
        return await self._make(invited, guest, Action.ACCOUNT_REGISTER, spends=ticket.id)

    async def create(self, actor: Actor, wish: Wish) -> Account | Refused:
        """Make an account with any role, for an admin; by an API key, only a user's.

        Else whoever has the key could make themselves an admin with a password, and log in.
        """
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        if actor.key_id is not None and wish.role != Role.USER:
            return Refused(Refusal.KEY_SCOPE)
        if refused := await self._judge(wish):
            return refused
        return await self._make(wish, actor, Action.ACCOUNT_CREATE)

    async def create_first(
        self, wish: Wish, *, origin: Origin, is_documented: bool = False
    ) -> Account | Refused:
        """Make the first account ever, an admin. Of several at once, one succeeds.

        `is_documented` marks the demo's account, whose password nobody else may have.
        """
        if not is_documented and (refused := await self._judge(wish)):
            return refused
        founder = Actor(name="setup", is_admin=True, origin=origin)
        return await self._make(
            wish, founder, Action.SETUP_ADMIN, is_first=True, is_documented=is_documented
        )

    def _is_strangers(self, wish: Wish) -> bool:
        """Say whether anybody may have such an account, admin or not."""
        return self._registration.is_open and wish.role == Role.USER

    async def _has_had_account(self) -> bool:
        async with self._open_work() as work:
            return await work.setup.has_had_account()

    async def _take_place(self, origin: Origin) -> int:
        if origin.within(self._limits.exempt):
            return 0
        return await self._gate.take(
            "register",
            origin.network,
            at=self._clock.now(),
            limit=self._registration.per_address,
            window=self._registration.window,
        )

    async def _judge(self, wish: Wish, *, is_reserved: bool = False) -> Refused | None:
        if is_reserved:
            return Refused(Refusal.ROLE_RESERVED)
        if wish.role not in set(Role):
            return Refused(Refusal.ROLE_UNKNOWN)
        name = wish.name.strip()
        if len(name) < wish.name_min:
            return Refused(Refusal.NAME_SHORT, number=wish.name_min)
        if refused := judge_names(name, wish.email, wish.first_name, wish.last_name):
            return refused
        if is_a_directorys(name, self._directories):
            return Refused(Refusal.NAME_HELD)
        about = words_about(name, wish.email, wish.first_name, wish.last_name)
        return await self._new_password.refusal(
            wish.password, documented=wish.password_min, about=about
        )

    async def _make(
        self,
        wish: Wish,
        actor: Actor,
        action: Action,
        *,
        is_first: bool = False,
        is_documented: bool = False,
        spends: TicketId | None = None,
    ) -> Account | Refused:
        # A taken name is told before the slow hash; the commit decides all the same.
        if await self._is_taken(wish.name):
            return Refused(Refusal.NAME_TAKEN)
        encoded = await self._new_password.hash(wish.password, origin=actor.origin)
        account = self._account(wish)
        credential = PasswordCredential(
            account_id=account.id,
            encoded=encoded,
            changed_at=account.created_at,
            is_documented=is_documented,
        )
        try:
            async with self._open_work() as work:
                if is_first:
                    work.setup.require_no_account_yet()
                    work.setup.drop_token()
                if spends is not None:
                    work.tickets.spend(spends, at=account.created_at)
                await self._record(work, account, credential, actor, action)
                await work.commit()
        except DeniedError:
            return Refused(Refusal.TICKET_BAD)
        except ConflictError as error:
            return Refused(_TAKEN.get(error.field, Refusal.CLOSED))
        return account

    async def _is_taken(self, name: str) -> bool:
        async with self._open_work() as work:
            return await work.accounts.by_identifier(canonical(name)) is not None

    def _account(self, wish: Wish) -> Account:
        now = self._clock.now()
        return Account(
            id=AccountId(self._randomness.uuid()),
            name=wish.name.strip(),
            created_at=now,
            updated_at=now,
            role=Role(wish.role),
            email=wish.email or None,
            email_confirmed_at=now if wish.email and wish.email_confirmed else None,
            first_name=wish.first_name,
            last_name=wish.last_name,
        )

    async def _record(
        self,
        work: Work,
        account: Account,
        credential: PasswordCredential,
        actor: Actor,
        action: Action,
    ) -> None:
        work.accounts.add(account)
        work.credentials.put_password(credential)
        at = account.created_at
        work.audit.add(event_by(actor, action, at=at, subject=account.id, detail=account.role))
        if account.email is not None and account.email_confirmed_at is None:
            await self._confirmation.ask(work, account, actor.origin)


def judge_names(name: str, email: str, first_name: str, last_name: str) -> Refused | None:
    """Say what is wrong with the trimmed name and the other texts of an account, if anything."""
    if not is_name(name):
        return Refused(Refusal.NAME_INVALID)
    if not all(_is_shown(part) for part in (first_name, last_name)):
        return Refused(Refusal.NAME_INVALID)
    if email and not is_address(email):
        return Refused(Refusal.ADDRESS_INVALID)
    return None


def _is_shown(part: str) -> bool:
    """Say whether a first or last name may stand there; it may be empty."""
    return len(part) <= NAME_LENGTH_MAX and is_clean(part)


def is_a_directorys(name: str, directories: Directories) -> bool:
    """Say whether a name is of a directory's domain, so that nobody here may pose as its user.

    It is found by its canonical key, so that is what counts. A name alone is free: whether the
    directory has such a user is not told to strangers.
    """
    key = canonical(name)
    return ("\\" in key or "@" in key) and bool(directories.candidates(key))
