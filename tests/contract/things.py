"""Accounts, sessions and the like for the contract suite, short to write."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchword.core.accounts.model import Account, Role
from watchword.core.apikeys.model import ApiKey
from watchword.core.credentials.model import PasswordCredential
from watchword.core.directory.model import Link
from watchword.core.groups.model import Group, Membership
from watchword.core.jobs.model import Job
from watchword.core.kernel.errors import CoreError
from watchword.core.kernel.ids import (
    AccountId,
    ApiKeyId,
    GroupId,
    JobId,
    LetterId,
    SessionId,
    TicketId,
)
from watchword.core.outbox.model import Entry, LetterKind
from watchword.core.policy.store import Attempt
from watchword.core.ports import Storage, Work
from watchword.core.sessions.model import Session
from watchword.core.signing.model import Algorithm, SigningKey
from watchword.core.tickets.model import CODE_LIFETIME, Purpose, Ticket

AT = datetime(2030, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
PATIENCE_MS = 200


def account(name: str, **fields: Any) -> Account:  # noqa: ANN401 - fields of the dataclass
    """Make an account whose id is told by its name."""
    made = Account(id=AccountId(f"id-of-{name}"), name=name, created_at=AT, updated_at=AT)
    return replace(made, **fields)


def admin(name: str) -> Account:
    return account(name, role=Role.ADMIN)


def password(of: Account, encoded: str = "hash", **fields: Any) -> PasswordCredential:  # noqa: ANN401 - fields of the dataclass
    made = PasswordCredential(account_id=of.id, encoded=encoded, changed_at=AT)
    return replace(made, **fields)


def session(name: str, of: Account, **fields: Any) -> Session:  # noqa: ANN401 - fields of the dataclass
    made = Session(
        id=SessionId(name),
        account_id=of.id,
        dialect="asta",
        created_at=AT,
        expires_at=AT + DAY,
        address="192.0.2.1",
    )
    return replace(made, **fields)


def signing_key(name: str, at: datetime = AT) -> SigningKey:
    return SigningKey(
        id=name, algorithm=Algorithm.EDDSA, public='{"kty":"OKP"}', sealed="sealed", created_at=at
    )


def api_key(name: str, of: Account, **fields: Any) -> ApiKey:  # noqa: ANN401 - fields of the dataclass
    """Make a key whose id and digest are told by its name."""
    made = ApiKey(
        id=ApiKeyId(name),
        account_id=of.id,
        name=name,
        digest=f"digest of {name}",
        hint="ww_…abcd",
        created_at=AT,
    )
    return replace(made, **fields)


def group(name: str, **fields: Any) -> Group:  # noqa: ANN401 - fields of the dataclass
    return replace(Group(id=GroupId(f"id-of-{name}"), name=name, created_at=AT), **fields)


def member(of: Group, who: Account, role: str = "member") -> Membership:
    return Membership(group=of, account_id=who.id, role=role)


def link(of: Account, **fields: Any) -> Link:  # noqa: ANN401 - fields of the dataclass
    """Make a link to a person of `corp` whose guid and names are told by the account's."""
    made = Link(
        account_id=of.id,
        directory="corp",
        guid=f"guid-of-{of.name}",
        dn=f"CN={of.name},OU=Staff,DC=corp,DC=example,DC=org",
        login=of.name,
        login_key=of.name.casefold(),
        upn_key=f"{of.name.casefold()}@corp.example.org",
    )
    return replace(made, **fields)


def ticket(name: str, of: Account | None, purpose: Purpose, **fields: Any) -> Ticket:  # noqa: ANN401 - fields of the dataclass
    """Make a ticket whose id and digests are told by its name."""
    made = Ticket(
        id=TicketId(name),
        purpose=purpose,
        address="someone@example.org",
        link_digest=f"link of {name}",
        code_digest=f"code of {name}",
        created_at=AT,
        expires_at=AT + DAY,
        code_expires_at=AT + CODE_LIFETIME,
        account_id=of.id if of else None,
    )
    return replace(made, **fields)


def entry(name: str, **fields: Any) -> Entry:  # noqa: ANN401 - fields of the dataclass
    """Make a letter that waits, and whose time has come."""
    made = Entry(
        id=LetterId(name),
        kind=LetterKind.RESET,
        to="someone@example.org",
        created_at=AT,
        next_at=AT,
        sealed=f"sealed {name}",
    )
    return replace(made, **fields)


def job(number: int, **fields: Any) -> Job:  # noqa: ANN401 - fields of the dataclass
    """Make a job that was just asked for; what it was asked for under is told by its number."""
    made = Job(
        id=JobId(number),
        flow="accounts.import",
        parameters="{}",
        owner="id-of-Ada",
        key=f"key {number}",
        created_at=AT,
        due_at=AT,
    )
    return replace(made, **fields)


def attempt(subject: str, address: str = "192.0.2.1", **fields: Any) -> Attempt:  # noqa: ANN401 - fields of the dataclass
    return replace(Attempt(subject=subject, address=address, at=AT), **fields)


async def together(*attempts: Awaitable[None]) -> list[type[BaseException] | None]:
    """Run all at once and return what each was refused with. A fault that is none of ours fails."""
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, CoreError) for outcome in outcomes), outcomes
    return [None if outcome is None else type(outcome) for outcome in outcomes]


async def commit(storage: Storage, *records: Callable[[Work], None]) -> None:
    """Record some writes in one unit of work, and commit it."""
    async with storage.open_work() as work:
        for record in records:
            record(work)
        await work.commit()


async def keep(storage: Storage, *accounts: Account) -> None:
    """Store accounts."""
    for one in accounts:
        async with storage.open_work() as work:
            work.accounts.add(one)
            await work.commit()
