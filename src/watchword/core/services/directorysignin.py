"""Sign in people whose password a directory knows, or who have a Kerberos ticket."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from watchword.core.accounts.model import Account
from watchword.core.directory.model import Asked, Closed, Link, Person, Proof, Verdict
from watchword.core.directory.port import Directories, Negotiated, Negotiation
from watchword.core.kernel.caller import Actor, Origin, owner_of
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError, UnavailableError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.store import Attempt, AttemptGate
from watchword.core.ports import Hasher, OpenWork
from watchword.core.services.attempts import Guesses
from watchword.core.services.directoryplan import Known
from watchword.core.services.directoryrules import Creates, Offline
from watchword.core.services.directorywhom import Sought, Whom
from watchword.core.services.provisioning import Provisioning
from watchword.core.services.sessiondoor import Entrant, SessionDoor, SignedIn, Terms
from watchword.core.services.turnaway import TurnAway
from watchword.core.sessions.model import is_client

REFUSAL_OF = {
    Verdict.HOURS: Refusal.LOGON_HOURS,
    Verdict.PASSWORD_EXPIRED: Refusal.PASSWORD_EXPIRED,
    Verdict.MUST_CHANGE: Refusal.PASSWORD_MUST_CHANGE,
    Verdict.DISABLED: Refusal.DISABLED,
    Verdict.EXPIRED: Refusal.ACCOUNT_EXPIRED,
}
"""What somebody is told who gave the right password. LOCKED is not here: it is told without."""

_TICKETS = "tickets"
"""What bad tickets are counted and written down as."""


@dataclass(frozen=True, slots=True)
class TicketSignIn:
    """What came of a Kerberos ticket, and what to answer so that the client knows us."""

    outcome: SignedIn | Refused
    reply: bytes = b""


@dataclass(frozen=True, slots=True)
class _Guess:
    """A password for somebody in a directory; `link` if they have an account here."""

    asked: Asked
    password: str = field(repr=False)
    link: Link | None


class DirectorySignIn:
    """Asks directories, and opens a session for whom they know and the rules admit."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        directories: Directories,
        negotiation: Negotiation,
        whom: Whom,
        provisioning: Provisioning,
        gate: AttemptGate,
        guesses: Guesses,
        door: SessionDoor,
        turn_away: TurnAway,
        hasher: Hasher,
        clock: Clock,
    ) -> None:
        self._open_work = open_work
        self._directories = directories
        self._negotiation = negotiation
        self._whom = whom
        self._provisioning = provisioning
        self._gate = gate
        self._guesses = guesses
        self._door = door
        self._turn_away = turn_away
        self._hasher = hasher
        self._clock = clock

    @property
    def takes_tickets(self) -> bool:
        """Whether Kerberos tickets are understood."""
        return self._negotiation.is_on

    def may_know(self, typed: str) -> bool:
        """Say whether a directory takes names such as this. Quick."""
        return self._whom.may_be(typed)

    async def with_password(
        self, typed: str, password: str, *, domain: str = "", origin: Origin, terms: Terms
    ) -> SignedIn | Refused:
        """Sign in by a name of a directory; nobody's password here is looked at."""
        if not is_client(terms.client):
            return Refused(Refusal.CLIENT_INVALID)
        sought = await self._whom.of_name(typed, domain=domain)
        if sought is None:
            return await self._nobody(self._whom.subject_of_nobody(typed), origin)
        return await self._guess(sought, password, origin, terms)

    async def of_account(
        self, account: Account, typed: str, password: str, *, origin: Origin, terms: Terms
    ) -> SignedIn | Refused:
        """Sign in whoever has the name by which an account of a directory was found."""
        sought = await self._whom.of_account(account, typed)
        if sought is None:
            # The settings name that directory no more: nobody is left who knows.
            return await self._nobody(account.id, origin)
        return await self._guess(sought, password, origin, terms)

    async def with_ticket(self, token: bytes, *, origin: Origin, terms: Terms) -> TicketSignIn:
        """Sign in by a Kerberos ticket (RFC 4559); the directory says who may still come in."""
        if not is_client(terms.client):
            return TicketSignIn(Refused(Refusal.CLIENT_INVALID))
        exempt = origin.within(self._guesses.limits.exempt)
        with self._directories.place(origin.network, exempt=exempt):
            negotiated = await self._negotiation.accept(token)
            if negotiated is None:
                return TicketSignIn(await self._no_ticket(origin))
            outcome = await self._of_principal(negotiated, origin, terms)
            return TicketSignIn(outcome, negotiated.reply)

    async def _of_principal(
        self, negotiated: Negotiated, origin: Origin, terms: Terms
    ) -> SignedIn | Refused:
        """Sign in the one whom a ticket was made for; whoever has that name now is another."""
        asked = self._directories.of_principal(negotiated.principal)
        if asked is None or not self._directories.can_look(asked.directory) or not negotiated.sid:
            return await self._no_ticket(origin)
        person = await self._directories.find(replace(asked, sid=negotiated.sid))
        if person is None:
            return await self._no_ticket(origin)
        known = await self._receive(person, origin)
        if isinstance(known, Refused):
            subject = self._whom.subject(replace(asked, login=person.login))
            return await self._turn_away.without_guess(subject, known.reason, origin)
        try:
            return await self._enter(known, None, origin, terms)
        except DeniedError:
            # It was closed between our look and our commit.
            return await self._no_ticket(origin)

    async def _no_ticket(self, origin: Origin) -> Refused:
        """Refuse a ticket; so many of one address are noted, and then it waits."""
        limits = self._guesses.limits
        if not origin.within(limits.exempt):
            now, most = self._clock.now(), limits.per_address
            wait = await self._gate.take(
                _TICKETS, origin.network, at=now, limit=most, window=limits.window
            )
            if wait:
                throttled = Refused(Refusal.THROTTLED, retry_after=wait)
                return self._turn_away.unheard(throttled, origin)
        subject = self._whom.subject_of_nobody(_TICKETS)
        return await self._turn_away.without_guess(subject, Refusal.WRONG_CREDENTIALS, origin)

    async def _nobody(self, subject: str, origin: Origin) -> Refused:
        """Refuse somebody whom no directory can know, at the price of a guess."""
        async with self._guesses.admit(subject, origin) as attempt:
            if isinstance(attempt, Refused):
                return self._turn_away.unheard(attempt, origin)
            return await self._turn_away.failed(attempt, Refusal.WRONG_CREDENTIALS, origin)

    async def _guess(
        self, sought: Sought, password: str, origin: Origin, terms: Terms
    ) -> SignedIn | Refused:
        async with self._guesses.admit(sought.subject, origin) as attempt:
            if isinstance(attempt, Refused):
                return self._turn_away.unheard(attempt, origin)
            try:
                asked = await self._whom.settle(sought)
            except UnavailableError:
                await self._turn_away.withdraw(attempt)
                raise
            guess = _Guess(asked, password, sought.link)
            return await self._try(guess, attempt, origin, terms)

    async def _try(
        self, guess: _Guess, attempt: Attempt, origin: Origin, terms: Terms
    ) -> SignedIn | Refused:
        try:
            proof = await self._directories.prove(guess.asked, guess.password)
        except UnavailableError as away:
            return await self._without_directory(guess, attempt, away, origin, terms)
        if proof.person is None or proof.verdict is not Verdict.RIGHT:
            return await self._refuse(guess, proof, attempt, origin)
        known = await self._receive(proof.person, origin)
        if isinstance(known, Refused):
            account_id = guess.link.account_id if guess.link else None
            return await self._turn_away.known(attempt, account_id, known.reason, origin)
        try:
            entered = await self._enter(known, attempt, origin, terms)
        except DeniedError:
            # It was closed between our look and our commit.
            return await self._turn_away.failed(attempt, Refusal.WRONG_CREDENTIALS, origin)
        await self._remember(known, guess.password)
        return entered

    async def _refuse(
        self, guess: _Guess, proof: Proof, attempt: Attempt, origin: Origin
    ) -> Refused:
        reason = REFUSAL_OF.get(proof.verdict)
        if reason is None:
            cause = f"{Refusal.WRONG_CREDENTIALS} {proof.code}".strip()
            return await self._turn_away.failed(
                attempt, Refusal.WRONG_CREDENTIALS, origin, cause=cause
            )
        account_id = guess.link.account_id if guess.link else None
        return await self._turn_away.known(attempt, account_id, reason, origin)

    async def _receive(self, person: Person, origin: Origin) -> Known | Refused:
        creates = self._provisioning.rules_of(person.directory).creates is not Creates.NEVER
        return await self._provisioning.receive(person, _themselves(origin), creates=creates)

    async def _enter(
        self, known: Known, attempt: Attempt | None, origin: Origin, terms: Terms
    ) -> SignedIn:
        link = known.link
        entrant = Entrant(
            known.account, lambda work: work.links.require(link), attempt, known.memberships
        )
        return await self._door.enter(entrant, origin=origin, terms=terms)

    async def _without_directory(
        self,
        guess: _Guess,
        attempt: Attempt,
        away: UnavailableError,
        origin: Origin,
        terms: Terms,
    ) -> SignedIn | Refused:
        """Let in by our own hash who came in lately, where the settings ask for that."""
        # One that is only busy is asked again: nobody who has left since comes in by a hash.
        is_away = self._directories.away_for(guess.asked.directory) is not None
        known = await self._cached(guess.link) if is_away else None
        if known is None:
            await self._turn_away.withdraw(attempt)
            raise away
        if not await self._hasher.verify(guess.password, known.link.cached):
            return await self._turn_away.failed(attempt, Refusal.WRONG_CREDENTIALS, origin)
        try:
            return await self._enter(known, attempt, origin, terms)
        except DeniedError:
            return await self._turn_away.failed(attempt, Refusal.WRONG_CREDENTIALS, origin)

    async def _cached(self, link: Link | None) -> Known | None:
        """Return who may come in by a cached hash, as it is now: we have waited for a while."""
        if link is None:
            return None
        async with self._open_work() as work:
            account = await work.accounts.by_id(link.account_id)
            now = await work.links.of(link.account_id)
            memberships = await work.groups.of(link.account_id)
        if account is None or not account.is_active or now is None:
            return None
        if now.closed is not Closed.OPEN or not self._is_fresh(now):
            return None
        return Known(account=account, link=now, memberships=memberships)

    def _is_fresh(self, link: Link) -> bool:
        rules = self._provisioning.rules_of(link.directory)
        if rules.offline is not Offline.CACHE or link.cached_at is None:
            return False
        return self._clock.now() - link.cached_at <= rules.cached_for

    async def _remember(self, known: Known, password: str) -> None:
        """Keep a hash of the password for when the directory is away, if that is asked for.

        The age counts from the last time the directory said yes, so it is written each time.
        """
        link = known.link
        if self._provisioning.rules_of(link.directory).offline is not Offline.CACHE:
            return
        is_known = bool(link.cached) and await self._hasher.verify(password, link.cached)
        if link.cached and not is_known and link.password_at is not None:
            # An old one that a controller still takes: a new one would have ended the cached.
            return
        if not is_known or self._hasher.is_outdated(link.cached):
            link = replace(link, cached=await self._hasher.hash(password))
        async with self._open_work() as work:
            work.links.require(known.link)
            work.links.update(replace(link, cached_at=self._clock.now()), before=known.link)
            try:
                await work.commit()
            except DeniedError:
                return  # it was closed meanwhile


def _themselves(origin: Origin) -> Callable[[Account], Actor]:
    return lambda account: owner_of(account.id, origin)
