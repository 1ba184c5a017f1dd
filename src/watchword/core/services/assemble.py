"""Put the services together from the doors to the outside and the rules of the house."""

from dataclasses import dataclass, field
from datetime import timedelta

from watchword.core.kernel.clock import Clock
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.passwords import PRESETS, PasswordPolicy, Preset
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import (
    Acceptances,
    Blocklist,
    Digester,
    Hasher,
    KeyRates,
    KeyRing,
    KeySafe,
    LetterSafe,
    Mailer,
    Signer,
    Storage,
    Witness,
)
from watchword.core.services import Services
from watchword.core.services.accounts import Accounts
from watchword.core.services.apikeys import ApiKeys, KeyRules
from watchword.core.services.attempts import Guesses
from watchword.core.services.audit import AuditTrail
from watchword.core.services.authenticate import Authenticate
from watchword.core.services.checkkey import CheckKey
from watchword.core.services.checkouts import Checkouts
from watchword.core.services.confirmation import Confirmation
from watchword.core.services.csrf import Csrf
from watchword.core.services.delivery import Delivery
from watchword.core.services.emailchange import EmailChange
from watchword.core.services.expirynotice import ExpiryNotice
from watchword.core.services.groups import Groups
from watchword.core.services.housekeeping import Housekeeping
from watchword.core.services.invitations import Invitations
from watchword.core.services.letters import LetterGate, LetterLimits, Letters
from watchword.core.services.mailbox import Mailbox
from watchword.core.services.newpassword import NewPassword
from watchword.core.services.passwords import Passwords
from watchword.core.services.recovery import Recovery
from watchword.core.services.renewal import Renewal
from watchword.core.services.revocationfeed import RevocationFeed
from watchword.core.services.sessions import Sessions
from watchword.core.services.sessionuses import SessionUses
from watchword.core.services.setup import Setup
from watchword.core.services.signin import SessionLimits, SignIn
from watchword.core.services.signingkeys import SigningKeys
from watchword.core.services.signup import Registration, SignUp
from watchword.core.services.tickets import TicketRules, Tickets
from watchword.core.services.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Every door to the outside, filled."""

    storage: Storage
    hasher: Hasher
    signer: Signer
    keys: KeyRing
    digester: Digester
    key_safe: KeySafe
    key_rates: KeyRates
    letter_safe: LetterSafe
    mailer: Mailer
    acceptances: Acceptances
    blocklist: Blocklist
    clock: Clock
    randomness: Randomness
    witness: Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything an operator may choose about accounts, passwords and sessions."""

    attempts: AttemptLimits = field(default_factory=AttemptLimits)
    passwords: PasswordPolicy = PRESETS[Preset.STANDARD]
    sessions: SessionLimits = field(default_factory=SessionLimits)
    registration: Registration = field(default_factory=Registration)
    api_keys: KeyRules = field(default_factory=KeyRules)
    audiences: frozenset[str] = frozenset()
    tickets: TicketRules = field(default_factory=TicketRules)
    letters: LetterLimits = field(default_factory=LetterLimits)
    letters_kept_for: timedelta = timedelta(days=7)
    checkouts_end_after: timedelta | None = None
    guesses_at_once: int = 5
    tokens_known_max: int = 10_000


@dataclass(frozen=True, slots=True)
class PostRoom:
    """What every service needs that makes people read a letter."""

    tickets: Tickets
    letters: Letters
    gate: LetterGate


def assemble(outside: Outside, rules: Rules) -> Services:
    """Return every service."""
    open_work, clock = outside.storage.open_work, outside.clock
    guesses, new_password = _guesses(outside, rules), _new_password(outside, rules)
    uses = SessionUses(open_work=open_work, clock=clock)
    tokens = Tokens(signer=outside.signer, clock=clock, randomness=outside.randomness)
    post = _post_room(outside, rules)
    confirmation, invitations = _confirmation(outside, post), _invitations(outside, rules, post)
    signup = _signup(outside, rules, new_password, confirmation, invitations)
    passwords = _passwords(outside, guesses, new_password, post)
    recovery = _recovery(outside, post, passwords)
    return Services(
        authenticate=_authenticate(outside, rules, uses),
        check_key=_check_key(outside, rules),
        signin=_signin(outside, rules, guesses, tokens, uses),
        signup=signup,
        accounts=Accounts(open_work=open_work, clock=clock),
        passwords=passwords,
        sessions=Sessions(open_work=open_work, clock=clock),
        session_uses=uses,
        csrf=Csrf(digester=outside.digester),
        checkouts=Checkouts(open_work=open_work, desk=outside.storage.checkout_desk, clock=clock),
        renewal=_renewal(outside, rules, tokens),
        api_keys=_api_keys(outside, rules),
        groups=Groups(open_work=open_work, clock=clock, randomness=outside.randomness),
        revocation_feed=RevocationFeed(
            open_work=open_work, revocations=outside.storage.revocations
        ),
        setup=_setup(outside, signup),
        audit=AuditTrail(open_work=open_work),
        signing_keys=_signing_keys(outside, rules),
        housekeeping=_housekeeping(outside, rules),
        tickets=post.tickets,
        confirmation=confirmation,
        recovery=recovery,
        email_change=_email_change(outside, rules, post, passwords, recovery),
        invitations=invitations,
        delivery=_delivery(outside),
        expiry_notice=_expiry_notice(outside, rules, post),
        mailbox=_mailbox(outside),
    )


def _signup(
    outside: Outside,
    rules: Rules,
    new_password: NewPassword,
    confirmation: Confirmation,
    invitations: Invitations,
) -> SignUp:
    return SignUp(
        open_work=outside.storage.open_work,
        gate=outside.storage.attempts,
        new_password=new_password,
        clock=outside.clock,
        randomness=outside.randomness,
        limits=rules.attempts,
        registration=rules.registration,
        confirmation=confirmation,
        invitations=invitations,
    )


def _passwords(
    outside: Outside, guesses: Guesses, new_password: NewPassword, post: PostRoom
) -> Passwords:
    return Passwords(
        open_work=outside.storage.open_work,
        hasher=outside.hasher,
        digester=outside.digester,
        guesses=guesses,
        new_password=new_password,
        letters=post.letters,
        clock=outside.clock,
    )


def _setup(outside: Outside, signup: SignUp) -> Setup:
    return Setup(
        open_work=outside.storage.open_work,
        signup=signup,
        digester=outside.digester,
        clock=outside.clock,
        randomness=outside.randomness,
    )


def _housekeeping(outside: Outside, rules: Rules) -> Housekeeping:
    return Housekeeping(
        open_work=outside.storage.open_work,
        clock=outside.clock,
        limits=rules.attempts,
        shows_keys=rules.api_keys.shows_keys,
        checkouts_end_after=rules.checkouts_end_after,
        letters_kept_for=rules.letters_kept_for,
    )


def _guesses(outside: Outside, rules: Rules) -> Guesses:
    return Guesses(
        gate=outside.storage.attempts,
        hasher=outside.hasher,
        clock=outside.clock,
        limits=rules.attempts,
        at_once=rules.guesses_at_once,
    )


def _new_password(outside: Outside, rules: Rules) -> NewPassword:
    return NewPassword(
        open_work=outside.storage.open_work,
        hasher=outside.hasher,
        blocklist=outside.blocklist,
        policy=rules.passwords,
        limits=rules.attempts,
    )


def _authenticate(outside: Outside, rules: Rules, uses: SessionUses) -> Authenticate:
    return Authenticate(
        open_work=outside.storage.open_work,
        signer=outside.signer,
        revocations=outside.storage.revocations,
        clock=outside.clock,
        cache_max=rules.tokens_known_max,
        uses=uses,
        witness=outside.witness,
    )


def _check_key(outside: Outside, rules: Rules) -> CheckKey:
    return CheckKey(
        open_work=outside.storage.open_work,
        safe=outside.key_safe,
        rates=outside.key_rates,
        revocations=outside.storage.revocations,
        clock=outside.clock,
        cache_max=rules.tokens_known_max,
        witness=outside.witness,
    )


def _renewal(outside: Outside, rules: Rules, tokens: Tokens) -> Renewal:
    return Renewal(
        open_work=outside.storage.open_work,
        tokens=tokens,
        clock=outside.clock,
        randomness=outside.randomness,
        policy=rules.passwords,
        audiences=rules.audiences,
    )


def _api_keys(outside: Outside, rules: Rules) -> ApiKeys:
    return ApiKeys(
        open_work=outside.storage.open_work,
        safe=outside.key_safe,
        clock=outside.clock,
        randomness=outside.randomness,
        rules=rules.api_keys,
    )


def _signin(
    outside: Outside, rules: Rules, guesses: Guesses, tokens: Tokens, uses: SessionUses
) -> SignIn:
    return SignIn(
        open_work=outside.storage.open_work,
        hasher=outside.hasher,
        tokens=tokens,
        digester=outside.digester,
        guesses=guesses,
        clock=outside.clock,
        randomness=outside.randomness,
        limits=rules.sessions,
        policy=rules.passwords,
        uses=uses,
        witness=outside.witness,
    )


def _signing_keys(outside: Outside, rules: Rules) -> SigningKeys:
    return SigningKeys(
        open_work=outside.storage.open_work,
        keys=outside.keys,
        clock=outside.clock,
        longest=rules.sessions.lifetime,
    )


def _post_room(outside: Outside, rules: Rules) -> PostRoom:
    clock, randomness, gate = outside.clock, outside.randomness, outside.storage.attempts
    return PostRoom(
        tickets=Tickets(
            open_work=outside.storage.open_work,
            desk=outside.storage.ticket_desk,
            gate=gate,
            digester=outside.digester,
            clock=clock,
            randomness=randomness,
            rules=rules.tickets,
            attempts=rules.attempts,
        ),
        letters=Letters(safe=outside.letter_safe, clock=clock, randomness=randomness),
        gate=LetterGate(gate=gate, clock=clock, attempts=rules.attempts, limits=rules.letters),
    )


def _confirmation(outside: Outside, post: PostRoom) -> Confirmation:
    return Confirmation(
        open_work=outside.storage.open_work,
        tickets=post.tickets,
        letters=post.letters,
        letter_gate=post.gate,
        digester=outside.digester,
        clock=outside.clock,
    )


def _invitations(outside: Outside, rules: Rules, post: PostRoom) -> Invitations:
    return Invitations(
        open_work=outside.storage.open_work,
        tickets=post.tickets,
        letters=post.letters,
        clock=outside.clock,
        is_welcome=rules.registration.takes_invitations,
    )


def _recovery(outside: Outside, post: PostRoom, passwords: Passwords) -> Recovery:
    return Recovery(
        open_work=outside.storage.open_work,
        tickets=post.tickets,
        letters=post.letters,
        letter_gate=post.gate,
        passwords=passwords,
        digester=outside.digester,
        clock=outside.clock,
    )


def _email_change(
    outside: Outside, rules: Rules, post: PostRoom, passwords: Passwords, recovery: Recovery
) -> EmailChange:
    return EmailChange(
        open_work=outside.storage.open_work,
        tickets=post.tickets,
        letters=post.letters,
        letter_gate=post.gate,
        passwords=passwords,
        recovery=recovery,
        clock=outside.clock,
        session_lifetime=rules.sessions.lifetime,
    )


def _expiry_notice(outside: Outside, rules: Rules, post: PostRoom) -> ExpiryNotice:
    return ExpiryNotice(
        open_work=outside.storage.open_work,
        letters=post.letters,
        clock=outside.clock,
        policy=rules.passwords,
    )


def _delivery(outside: Outside) -> Delivery:
    return Delivery(
        open_work=outside.storage.open_work,
        desk=outside.storage.outbox_desk,
        mailer=outside.mailer,
        safe=outside.letter_safe,
        acceptances=outside.acceptances,
        clock=outside.clock,
        witness=outside.witness,
    )


def _mailbox(outside: Outside) -> Mailbox:
    return Mailbox(
        open_work=outside.storage.open_work,
        safe=outside.letter_safe,
        mailer=outside.mailer,
        clock=outside.clock,
        randomness=outside.randomness,
    )
