"""Many accounts that come at once, and what is told of them, short to write."""

from collections.abc import Sequence

from contract.things import AT, DAY, SECOND, account, commit, password
from watchword.core.accounts.model import Account, Role, Source, State
from watchword.core.audit.model import Action, Event
from watchword.core.credentials.model import PasswordCredential
from watchword.core.ports import Storage, Work


def crowd(count: int) -> list[Account]:
    """Make accounts that differ in all that an account can have."""
    return [
        account(
            f"Üser {number}" if number % 4 else f"Own{number}@Example.org",
            created_at=AT + (number * 7 % 50) * SECOND,
            updated_at=AT + DAY,
            email=None if number % 5 == 0 and number % 4 else f"Own{number}@Example.org",
            email_confirmed_at=AT if number % 3 and (number % 5 or number % 4 == 0) else None,
            first_name="Zoë" * (number % 2),
            last_name="O'Neil 𝄞",
            role=Role.ADMIN if number % 10 == 0 else Role.USER,
            state=State.DISABLED if number % 9 == 0 else State.ACTIVE,
            source=Source.DIRECTORY if number % 8 == 0 else Source.LOCAL,
            directory="corp" if number % 8 == 0 else "",
        )
        for number in range(count)
    ]


def passwords(accounts: Sequence[Account]) -> list[PasswordCredential]:
    return [
        password(one, f"hash {n}", changed_at=AT + n * SECOND, is_documented=n % 7 == 0)
        for n, one in enumerate(accounts)
    ]


def events(accounts: Sequence[Account]) -> list[Event]:
    return [
        Event(
            at=AT + n * SECOND,
            action=Action.ACCOUNT_IMPORT,
            subject=one.id,
            actor="operator",
            address="192.0.2.1",
            dialect="astera",
            detail=one.role.value,
        )
        for n, one in enumerate(accounts)
    ]


async def bring(storage: Storage, *accounts: Account) -> None:
    await commit(storage, lambda work: work.accounts.add_all(accounts))


async def drop(storage: Storage, accounts: Sequence[Account]) -> None:
    await commit(storage, *(lambda work, one=one: work.accounts.delete(one.id) for one in accounts))


async def told(look: Work, accounts: Sequence[Account]) -> list[object]:
    """Return what is told of accounts."""
    found: list[object] = [await look.accounts.count()]
    for one in accounts:
        found += [
            await look.accounts.by_id(one.id),
            await look.accounts.by_identifier(one.name.casefold()),
            await look.accounts.by_identifier((one.email or "nobody").casefold()),
            await look.credentials.password_of(one.id),
            await look.credentials.earlier_passwords(one.id, limit=9),
        ]
    found += (await look.accounts.page(limit=1000)).items
    found += await look.credentials.documented()
    since = await look.credentials.unannounced(since=AT - DAY, until=AT + DAY, limit=1000)
    return [*found, *since.items, await look.setup.has_had_account()]


def keys_of(accounts: Sequence[Account]) -> set[str]:
    names = {one.name.casefold() for one in accounts}
    return names | {
        one.email.casefold() for one in accounts if one.email and one.email_confirmed_at
    }
