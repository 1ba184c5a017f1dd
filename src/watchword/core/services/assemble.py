"""Put the services together from the doors to the outside and the rules of the house."""

from dataclasses import dataclass

from watchword.core.services import Services
from watchword.core.services.accountexport import AccountExport
from watchword.core.services.accountimport import AccountImport
from watchword.core.services.accounts import Accounts
from watchword.core.services.apikeys import ApiKeys
from watchword.core.services.attempts import Guesses
from watchword.core.services.audit import AuditTrail
from watchword.core.services.authenticate import Authenticate
from watchword.core.services.checkkey import CheckKey
from watchword.core.services.checkouts import Checkouts
from watchword.core.services.csrf import Csrf
from watchword.core.services.directoryroom import DirectoryRoom, open_directory_room
from watchword.core.services.groups import Groups
from watchword.core.services.housekeeping import Housekeeping
from watchword.core.services.jobruns import JobRuns
from watchword.core.services.jobs import Jobs
from watchword.core.services.newpassword import NewPassword
from watchword.core.services.outside import Outside, Rules
from watchword.core.services.postroom import PostRoom, open_post_room
from watchword.core.services.renewal import Renewal
from watchword.core.services.revocationfeed import RevocationFeed
from watchword.core.services.sessiondoor import SessionDoor
from watchword.core.services.sessionpurge import SessionPurge
from watchword.core.services.sessions import Sessions
from watchword.core.services.sessionuses import SessionUses
from watchword.core.services.setup import Setup
from watchword.core.services.signin import SignIn
from watchword.core.services.signingkeys import SigningKeys
from watchword.core.services.signup import SignUp
from watchword.core.services.tokens import Tokens
from watchword.core.services.turnaway import TurnAway


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What more than one service is made of."""

    guesses: Guesses
    uses: SessionUses
    tokens: Tokens
    door: SessionDoor
    directory: DirectoryRoom
    post: PostRoom
    signup: SignUp
    housekeeping: Housekeeping


def assemble(outside: Outside, rules: Rules) -> Services:
    """Return every service."""
    open_work, clock = outside.storage.open_work, outside.clock
    parts = _parts(outside, rules)
    return Services(
        authenticate=_authenticate(outside, rules, parts.uses, parts.directory),
        check_key=_check_key(outside, rules, parts.directory),
        signin=_signin(outside, rules, parts),
        directory_signin=parts.directory.signin,
        directory_accounts=parts.directory.accounts,
        directory_sync=parts.directory.sync,
        signup=parts.signup,
        accounts=Accounts(open_work=open_work, clock=clock),
        passwords=parts.post.passwords,
        sessions=Sessions(open_work=open_work, clock=clock),
        session_uses=parts.uses,
        session_purge=_session_purge(outside, parts),
        csrf=Csrf(digester=outside.digester),
        checkouts=Checkouts(open_work=open_work, desk=outside.storage.checkout_desk, clock=clock),
        renewal=_renewal(outside, rules, parts.tokens),
        api_keys=_api_keys(outside, rules),
        groups=Groups(open_work=open_work, clock=clock, randomness=outside.randomness),
        revocation_feed=_revocation_feed(outside),
        setup=_setup(outside, parts.signup),
        audit=AuditTrail(open_work=open_work),
        signing_keys=_signing_keys(outside, rules),
        housekeeping=parts.housekeeping,
        jobs=_jobs(outside),
        job_runs=JobRuns(open_work=open_work, desk=outside.storage.job_desk, clock=clock),
        account_import=_account_import(outside),
        account_export=AccountExport(open_work=open_work),
        tickets=parts.post.tickets,
        confirmation=parts.post.confirmation,
        recovery=parts.post.recovery,
        email_change=parts.post.email_change,
        invitations=parts.post.invitations,
        delivery=parts.post.delivery,
        expiry_notice=parts.post.expiry_notice,
        mailbox=parts.post.mailbox,
    )


def _parts(outside: Outside, rules: Rules) -> _Parts:
    guesses, new_password = _guesses(outside, rules), _new_password(outside, rules)
    uses = SessionUses(open_work=outside.storage.open_work, clock=outside.clock)
    tokens = Tokens(signer=outside.signer, clock=outside.clock, randomness=outside.randomness)
    door = _door(outside, rules, tokens, uses)
    directory = open_directory_room(outside, rules, door)
    post = open_post_room(outside, rules, guesses, new_password, directory)
    return _Parts(
        guesses=guesses,
        uses=uses,
        tokens=tokens,
        door=door,
        directory=directory,
        post=post,
        signup=_signup(outside, rules, new_password, post),
        housekeeping=_housekeeping(outside, rules),
    )


def _door(outside: Outside, rules: Rules, tokens: Tokens, uses: SessionUses) -> SessionDoor:
    return SessionDoor(
        open_work=outside.storage.open_work,
        tokens=tokens,
        clock=outside.clock,
        randomness=outside.randomness,
        limits=rules.sessions,
        uses=uses,
        witness=outside.witness,
    )


def _signup(outside: Outside, rules: Rules, new_password: NewPassword, post: PostRoom) -> SignUp:
    return SignUp(
        open_work=outside.storage.open_work,
        gate=outside.storage.attempts,
        new_password=new_password,
        clock=outside.clock,
        randomness=outside.randomness,
        limits=rules.attempts,
        registration=rules.registration,
        confirmation=post.confirmation,
        invitations=post.invitations,
        directories=outside.directories,
    )


def _session_purge(outside: Outside, parts: _Parts) -> SessionPurge:
    return SessionPurge(
        open_work=outside.storage.open_work,
        clock=outside.clock,
        housekeeping=parts.housekeeping,
        uses=parts.uses,
    )


def _revocation_feed(outside: Outside) -> RevocationFeed:
    return RevocationFeed(
        open_work=outside.storage.open_work, revocations=outside.storage.revocations
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
        jobs_kept_for=rules.jobs_kept_for,
    )


def _jobs(outside: Outside) -> Jobs:
    return Jobs(
        open_work=outside.storage.open_work,
        desk=outside.storage.job_desk,
        flows=outside.flows,
        clock=outside.clock,
        randomness=outside.randomness,
    )


def _account_import(outside: Outside) -> AccountImport:
    return AccountImport(
        open_work=outside.storage.open_work,
        hasher=outside.hasher,
        directories=outside.directories,
        clock=outside.clock,
        randomness=outside.randomness,
    )


def _guesses(outside: Outside, rules: Rules) -> Guesses:
    return Guesses(
        gate=outside.storage.attempts,
        places=outside.hasher,
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


def _authenticate(
    outside: Outside, rules: Rules, uses: SessionUses, directory: DirectoryRoom
) -> Authenticate:
    return Authenticate(
        open_work=outside.storage.open_work,
        signer=outside.signer,
        revocations=outside.storage.revocations,
        clock=outside.clock,
        cache_max=rules.tokens_known_max,
        uses=uses,
        presence=directory.presence,
        witness=outside.witness,
    )


def _check_key(outside: Outside, rules: Rules, directory: DirectoryRoom) -> CheckKey:
    return CheckKey(
        open_work=outside.storage.open_work,
        safe=outside.key_safe,
        rates=outside.key_rates,
        revocations=outside.storage.revocations,
        clock=outside.clock,
        cache_max=rules.tokens_known_max,
        presence=directory.presence,
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


def _signin(outside: Outside, rules: Rules, parts: _Parts) -> SignIn:
    return SignIn(
        open_work=outside.storage.open_work,
        hasher=outside.hasher,
        door=parts.door,
        turn_away=TurnAway(
            open_work=outside.storage.open_work,
            guesses=parts.guesses,
            clock=outside.clock,
            witness=outside.witness,
        ),
        directories=parts.directory.signin,
        digester=outside.digester,
        guesses=parts.guesses,
        clock=outside.clock,
        policy=rules.passwords,
    )


def _signing_keys(outside: Outside, rules: Rules) -> SigningKeys:
    return SigningKeys(
        open_work=outside.storage.open_work,
        keys=outside.keys,
        clock=outside.clock,
        longest=rules.sessions.lifetime,
    )
