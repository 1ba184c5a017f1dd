"""The rows of the database in memory, and what its stores have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias, TypeVar

from fakes_attempts import AttemptRows
from fakes_leases import JobRows
from watchword.core.accounts.model import Account
from watchword.core.apikeys.model import ApiKey
from watchword.core.audit.model import Event
from watchword.core.checkouts.model import Checkout
from watchword.core.credentials.model import PasswordCredential
from watchword.core.directory.model import Link, Mark
from watchword.core.groups.model import Group
from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.ids import AccountId, ApiKeyId, GroupId, LetterId, SessionId, TicketId
from watchword.core.kernel.page import Page
from watchword.core.outbox.model import Entry
from watchword.core.revocations.model import Kind, Revocation, sid_digest
from watchword.core.sessions.model import Session
from watchword.core.signing.model import SigningKey
from watchword.core.tickets.model import Ticket
from watchword.storage.cursor import within_page, write_cursor
from watchword.storage.statement import storable

Listed = TypeVar("Listed")

Member: TypeAlias = tuple[GroupId, AccountId, str]


@dataclass(frozen=True)
class LoggedRevocation:
    """A revocation, and until when somebody may have to know of it."""

    told: Revocation
    until: datetime | None


@dataclass
class Rows:
    """Everything that is stored. Values are never changed, only replaced."""

    accounts: dict[AccountId, Account] = field(default_factory=dict)
    passwords: dict[AccountId, PasswordCredential] = field(default_factory=dict)
    earlier: dict[AccountId, tuple[str, ...]] = field(default_factory=dict)
    announced: set[AccountId] = field(default_factory=set)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    api_keys: dict[ApiKeyId, ApiKey] = field(default_factory=dict)
    groups: dict[GroupId, Group] = field(default_factory=dict)
    members: set[Member] = field(default_factory=set)
    revocations: list[LoggedRevocation] = field(default_factory=list)
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    links: dict[AccountId, Link] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    tickets: dict[TicketId, Ticket] = field(default_factory=dict)
    letters: dict[LetterId, Entry] = field(default_factory=dict)
    leases: dict[LetterId, tuple[str, datetime]] = field(default_factory=dict)
    jobs: JobRows = field(default_factory=JobRows)
    attempts: AttemptRows = field(default_factory=AttemptRows)
    instance: str | None = None
    has_had_account: bool = False
    token: tuple[str, int] | None = None
    revoked: bool = False

    def copy(self) -> "Rows":
        return replace(
            self,
            accounts=dict(self.accounts),
            passwords=dict(self.passwords),
            earlier=dict(self.earlier),
            announced=set(self.announced),
            sessions=dict(self.sessions),
            events=list(self.events),
            keys=dict(self.keys),
            api_keys=dict(self.api_keys),
            groups=dict(self.groups),
            members=set(self.members),
            revocations=list(self.revocations),
            checkouts=dict(self.checkouts),
            links=dict(self.links),
            marks=dict(self.marks),
            tickets=dict(self.tickets),
            letters=dict(self.letters),
            leases=dict(self.leases),
            jobs=self.jobs.copy(),
            attempts=self.attempts.copy(),
        )

    @property
    def last_number(self) -> int:
        return self.revocations[-1].told.number if self.revocations else 0

    def drop_session(self, session_id: SessionId) -> None:
        session = self.sessions.pop(session_id, None)
        if session is not None:
            self.revoked = True
            self.log(Kind.SESSION, sid_digest(session_id), until=session.expires_at)

    def log(self, kind: Kind, sid: str = "", *, until: datetime | None = None) -> None:
        told = Revocation(number=self.last_number + 1, kind=kind, sid=sid)
        self.revocations.append(LoggedRevocation(told, until))


Write: TypeAlias = Callable[[Rows], None]


@dataclass(frozen=True)
class MemoryStore:
    """Looks at what is committed, and records what shall be."""

    look: Callable[[], Rows]
    record: Callable[[Write], None]


def check_text(*texts: str | None) -> None:
    """Raise InvalidError for text that no database can keep."""
    if not storable(texts):
        raise InvalidError("text")


def page_of(listing: str, listed: Sequence[tuple[int, str, Listed]], limit: int) -> Page[Listed]:
    """Return the first of what is listed, each with the number and key of its cursor."""
    most = within_page(limit)
    items = tuple(item for _, _, item in listed[:most])
    last = write_cursor(listing, *listed[most - 1][:2]) if len(listed) > most else None
    return Page(items, last)
