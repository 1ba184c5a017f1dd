"""Everything the core asks of the outside, in one place."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from watchword.core.accounts.model import Account
from watchword.core.accounts.store import AccountStore
from watchword.core.apikeys.store import ApiKeyStore
from watchword.core.audit.store import AuditStore
from watchword.core.checkouts.store import CheckoutDesk, CheckoutStore
from watchword.core.credentials.store import CredentialStore
from watchword.core.directory.store import LinkStore
from watchword.core.groups.store import GroupStore
from watchword.core.jobs.leases import LeaseDesk
from watchword.core.jobs.store import JobDesk, JobStore
from watchword.core.joined import Bearer, Claimed, KeyHolder
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.ids import ApiKeyId, LetterId, SessionId
from watchword.core.outbox.model import Entry, Letter
from watchword.core.outbox.store import OutboxDesk, OutboxStore
from watchword.core.policy.refusals import Refusal
from watchword.core.policy.store import AttemptGate, AttemptStore
from watchword.core.revocations.store import RevocationLog
from watchword.core.sessions.model import AccessToken
from watchword.core.sessions.store import SessionStore
from watchword.core.setup.store import SetupStore
from watchword.core.signing.model import SigningKey
from watchword.core.signing.store import SigningKeyStore
from watchword.core.tickets.store import TicketDesk, TicketStore


class Work(Protocol):
    """One transaction over every store.

    Reads see what is committed. Writes are recorded, in order, and nothing of them is
    seen by anybody before `commit`, which applies all or raises and applies none. Any
    method that touches the database raises UnavailableError when it does not answer.
    """

    @property
    def accounts(self) -> AccountStore: ...
    @property
    def credentials(self) -> CredentialStore: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def attempts(self) -> AttemptStore: ...
    @property
    def audit(self) -> AuditStore: ...
    @property
    def setup(self) -> SetupStore: ...
    @property
    def signing_keys(self) -> SigningKeyStore: ...
    @property
    def api_keys(self) -> ApiKeyStore: ...
    @property
    def groups(self) -> GroupStore: ...
    @property
    def revocation_log(self) -> RevocationLog: ...
    @property
    def checkouts(self) -> CheckoutStore: ...
    @property
    def tickets(self) -> TicketStore: ...
    @property
    def outbox(self) -> OutboxStore: ...
    @property
    def jobs(self) -> JobStore: ...
    @property
    def links(self) -> LinkStore: ...

    async def bearer(self, session_id: SessionId) -> Bearer | None:
        """Return a stored session with its account, in one look: each request asks this.

        Says nothing of expiry or state; the caller judges.
        """

    async def key_holder(self, digests: Sequence[str]) -> KeyHolder | None:
        """Return the API key that has one of these digests, with its account, in one look.

        Says nothing of expiry or state; the caller judges.
        """

    async def claimed(self, key: str) -> Claimed | None:
        """Return whose name or confirmed address has this canonical key, in one look.

        Memberships are in the order of `GroupStore.of`. Says nothing of state; the caller judges.
        """

    async def commit(self) -> None:
        """Apply what was recorded. When this returns it survives a crash of the machine."""


OpenWork = Callable[[], AbstractAsyncContextManager[Work]]


class Storage(Protocol):
    """A database, open."""

    @property
    def attempts(self) -> AttemptGate: ...
    @property
    def checkout_desk(self) -> CheckoutDesk: ...
    @property
    def ticket_desk(self) -> TicketDesk: ...
    @property
    def outbox_desk(self) -> OutboxDesk: ...
    @property
    def job_desk(self) -> JobDesk: ...
    @property
    def lease_desk(self) -> LeaseDesk: ...
    @property
    def revocations(self) -> "Revocations": ...

    def open_work(self) -> AbstractAsyncContextManager[Work]: ...

    async def check(self) -> None:
        """Return if the database reads and can write now, else raise UnavailableError."""

    async def close(self) -> None:
        """Finish what was begun and let go."""


class Revocations(Protocol):
    """Tells whether anything was revoked, at the price of a look into memory."""

    @property
    def lifetime(self) -> timedelta | None:
        """How long a stamp may be believed; None where every revocation changes it at once."""

    def stamp(self) -> int | None:
        """Return a number that changes with each revocation, None while one is under way.

        Take the stamp before reading what is to be cached.
        """


class Hasher(Protocol):
    """Slow password hashing, off the event loop, with a bounded number of callers."""

    @property
    def decoy(self) -> str:
        """An encoded hash of nothing anybody knows, as costly as a current one."""

    def place(self, address: str, *, exempt: bool = False) -> AbstractContextManager[None]:
        """Hold one of the places for callers that wait for a hash.

        Raises UnavailableError on entry when all are taken, or when this address holds
        its quarter of them and is not exempt.
        """

    async def hash(self, password: str) -> str:
        """Return the encoded hash of a new password, with the current parameters."""

    async def verify(self, password: str, encoded: str) -> bool:
        """Say whether the password has this hash. A hash past our limits matches nothing."""

    def is_outdated(self, encoded: str) -> bool:
        """Say whether a new hash of the same password would be stronger."""

    def adopt(self, text: str, *, hints: str = "") -> str:
        """Return the hash of another product as it is to be stored, without computing any.

        `verify` knows what is returned, and it is outdated unless it is as good as ours. It
        is "" where the other product says that there is no password. `hints` are the hash
        parameters of a Firebase project. Raises InvalidError("password_hash") for what is
        unknown, malformed or past our limits; its message has no piece of the text.
        """


class Blocklist(Protocol):
    """Knows the passwords that everybody tries first."""

    async def has(self, password: str, *, about: tuple[str, ...] = ()) -> bool:
        """Say whether a guesser would come to this early; `about` are words of the account."""


class Digester(Protocol):
    """Turns text into a keyed digest that says nothing without our key."""

    def digest(self, purpose: str, text: str) -> str:
        """Return HMAC-SHA-256 as base64url; each purpose has its own key."""


class LetterSafe(Protocol):
    """Encrypts letters, which hold secrets that are stored nowhere else as they are."""

    def seal(self, text: str, *, about: str) -> str:
        """Encrypt a letter under our current key; only who says `about` again can open it."""

    def reveal(self, sealed: str, *, about: str) -> str | None:
        """Return the text again, None if it is damaged or under a key that we do not have."""


class Outcome(StrEnum):
    """What became of a letter that was handed to the mail server.

    ACCEPTED: it is the mail server's now. DEFERRED: not this time. REFUSED: never for this
    address. UNREACHABLE: the mail server did not hear of it, or hears nothing from us.
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Posting:
    """An outcome, and the mail server's own words for it. They may hold an address."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Worded:
    """A letter in words, as its reader sees it."""

    subject: str
    text: str
    html: str


def ignored() -> None:
    """Do nothing about it."""


class BackupStoppedError(Exception):
    """The backup is not wanted any more. Nothing of it is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupMade:
    """A backup that is whole and on the disk, under this name in the folder of backups."""

    file: str
    size: int
    sha256: str
    is_encrypted: bool
    has_master_key: bool


def backup_name(at: datetime) -> str:
    """Return what a backup begun at this moment is called, without its ending."""
    return f"watchword-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


class Backups(Protocol):
    """Copies all that we keep into one file."""

    async def create(
        self,
        *,
        encrypt: bool,
        at: datetime,
        name: str,
        is_wanted: Callable[[], bool],
        on_progress: Callable[[int, int | None], None],
    ) -> BackupMade:
        """Make the backup of one moment; nobody who writes meanwhile waits.

        `name` is one of `backup_name`. Where a whole one of that name is already, that is
        returned. Both callables are called from another thread, often: with bytes done, and
        in all if that is known. Raises BackupStoppedError soon after `is_wanted` says no;
        InvalidError where trying again cannot help; UnavailableError for a disk that is full
        or a database that does not answer. Whatever it raises, it leaves nothing behind.
        """


class Mailer(Protocol):
    """Words letters and hands them on."""

    @property
    def is_last(self) -> bool:
        """Whether letters go no further than here, so that their text must be kept."""

    def word(self, letter: Letter, *, at: datetime) -> Worded:
        """Return what the letter says if it is sent now."""

    async def send(
        self,
        letter_id: LetterId,
        letter: Letter,
        *,
        at: datetime,
        on_yes: Callable[[], None] = ignored,
    ) -> Posting:
        """Hand on one letter; every try of the same one has the same Message-ID.

        `on_yes` is called when the letter is taken, as soon as this process can know it, and
        so before this returns. Raises nothing: whatever goes wrong is an outcome. It may take
        minutes.
        """


class Acceptances(Protocol):
    """Remembers which letters the mail server took until the database knows it as well.

    Between its answer and our commit we may be killed; without this the letter would be
    sent twice.
    """

    @property
    def holder(self) -> str:
        """The name under which this machine claims letters, the same after each start."""

    def note(self, letter_id: LetterId) -> None:
        """Remember; when this returns it survives `kill -9`. Quick."""

    def noted(self) -> tuple[LetterId, ...]:
        """Return all that is remembered."""

    def clear(self) -> None:
        """Forget all: the database knows."""


class KeySafe(Protocol):
    """Turns the text of API keys into what may be stored; its own keys are never there."""

    def digests(self, text: str) -> tuple[str, ...]:
        """Return keyed digests of a key: by our current key first, then by each retired one."""

    def seal(self, text: str, *, about: str) -> str:
        """Encrypt a key under our current one; only who says `about` again can open it."""

    def reveal(self, sealed: str, *, about: str) -> str | None:
        """Return the text again, None if it is damaged or under a key that we do not have."""


class KeyRates(Protocol):
    """Counts how often API keys are used, for all processes of this machine together."""

    def take(self, key_id: ApiKeyId, *, per_minute: int, at: datetime) -> int:
        """Count one use, or return the whole seconds until the next may come; 0 if it counted.

        As many as `per_minute` may come at once; they come back one by one, spread evenly
        over a minute. What is refused counts for nothing. Quick, and raises nothing.
        """


class Signer(Protocol):
    """Signs and reads access tokens (RFC 9068) with keys that rotate."""

    async def sign(self, token: AccessToken) -> str:
        """Return the token as a signed JWT."""

    async def read(self, text: str) -> AccessToken | None:
        """Return the claims if signature, algorithm, type, issuer and audience are right.

        Expiry is for the caller to judge; a token from the future is refused here.
        """

    async def trusts(self, token: AccessToken) -> bool:
        """Say whether the key of a token that `read` returned is still one of ours.

        Cheap: no signature is checked again.
        """


class KeyRing(Protocol):
    """Looks after the signing keys."""

    async def public_keys(self) -> tuple[str, ...]:
        """Return the public JWKs, as JSON, of every key that still verifies, newest first."""

    def generate(self) -> SigningKey:
        """Make a new key pair under the master key; storing it is the caller's."""


class Witness(Protocol):
    """Is told what happens, to count it or to act on it. Quick, and raises nothing."""

    def signed_in(self, account: Account, origin: Origin) -> None:
        """Somebody got in."""

    def refused(self, reason: Refusal, origin: Origin) -> None:
        """Somebody tried to sign in and did not get in."""

    def token_checked(self, *, was_known: bool) -> None:
        """Tell that a token came, and whether it was among those verified before."""

    def posted(self, entry: Entry, posting: Posting) -> None:
        """Tell what became of a letter, this time."""
