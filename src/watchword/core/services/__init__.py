"""What callers can ask for. The only code that joins nouns."""

from dataclasses import dataclass

from watchword.core.services.accountexport import AccountExport
from watchword.core.services.accountimport import AccountImport
from watchword.core.services.accounts import Accounts
from watchword.core.services.apikeys import ApiKeys
from watchword.core.services.audit import AuditTrail
from watchword.core.services.authenticate import Authenticate
from watchword.core.services.checkkey import CheckKey
from watchword.core.services.checkouts import Checkouts
from watchword.core.services.confirmation import Confirmation
from watchword.core.services.csrf import Csrf
from watchword.core.services.delivery import Delivery
from watchword.core.services.directoryaccounts import DirectoryAccounts
from watchword.core.services.directorysignin import DirectorySignIn
from watchword.core.services.directorysync import DirectorySync
from watchword.core.services.emailchange import EmailChange
from watchword.core.services.expirynotice import ExpiryNotice
from watchword.core.services.groups import Groups
from watchword.core.services.housekeeping import Housekeeping
from watchword.core.services.invitations import Invitations
from watchword.core.services.jobruns import JobRuns
from watchword.core.services.jobs import Jobs
from watchword.core.services.mailbox import Mailbox
from watchword.core.services.passwords import Passwords
from watchword.core.services.recovery import Recovery
from watchword.core.services.renewal import Renewal
from watchword.core.services.revocationfeed import RevocationFeed
from watchword.core.services.sessionpurge import SessionPurge
from watchword.core.services.sessions import Sessions
from watchword.core.services.sessionuses import SessionUses
from watchword.core.services.setup import Setup
from watchword.core.services.signin import SignIn
from watchword.core.services.signingkeys import SigningKeys
from watchword.core.services.signup import SignUp
from watchword.core.services.tickets import Tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Every use case, ready to call. Surfaces receive this and nothing else."""

    authenticate: Authenticate
    check_key: CheckKey
    signin: SignIn
    signup: SignUp
    directory_signin: DirectorySignIn
    directory_accounts: DirectoryAccounts
    directory_sync: DirectorySync
    accounts: Accounts
    passwords: Passwords
    tickets: Tickets
    confirmation: Confirmation
    recovery: Recovery
    email_change: EmailChange
    invitations: Invitations
    delivery: Delivery
    expiry_notice: ExpiryNotice
    mailbox: Mailbox
    sessions: Sessions
    session_uses: SessionUses
    session_purge: SessionPurge
    csrf: Csrf
    checkouts: Checkouts
    renewal: Renewal
    api_keys: ApiKeys
    groups: Groups
    revocation_feed: RevocationFeed
    setup: Setup
    audit: AuditTrail
    signing_keys: SigningKeys
    housekeeping: Housekeeping
    jobs: Jobs
    job_runs: JobRuns
    account_import: AccountImport
    account_export: AccountExport
