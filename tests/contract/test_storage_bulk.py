"""What every keeper promises to those who bring many accounts at once."""

from typing import Any

import pytest

from contract.crowds import bring, crowd, drop, events, keys_of, passwords, told
from contract.plans import told_engine
from contract.things import AT, account, admin, commit, password, session
from watchword.core.audit.model import Action
from watchword.core.kernel.errors import CoreError, InvalidError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.ports import Storage, Work
from watchword.storage.work import SqlStorage

MAIL = "ada@example.org"
TABLES = ("accounts", "identifiers", "passwords", "password_history", "facts")
SIZES = [1, 11, 237]
"""One portion, two sizes of them, and all three."""

DRIVERS_KEEP = 15_000
"""Bytes of a statement; asyncpg would prepare a longer one anew each time."""


@pytest.mark.parametrize("count", SIZES)
async def test_many_at_once_are_stored_as_one_by_one(
    storage: Storage, look: Work, count: int
) -> None:
    """Whatever is asked about them later."""
    accounts = crowd(count)
    credentials = passwords(accounts)
    await commit(
        storage,
        *(lambda work, one=one: work.accounts.add(one) for one in accounts),
        *(lambda work, one=one: work.credentials.put_password(one) for one in credentials),
    )
    one_by_one = await told(look, accounts)
    await drop(storage, accounts)

    await commit(
        storage,
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.credentials.add_passwords(credentials),
    )

    assert await told(look, accounts) == one_by_one
    assert one_by_one[1] == accounts[0]


async def test_many_at_once_are_the_same_rows(database: SqlStorage) -> None:
    """In every column of every table that knows of accounts."""
    accounts = crowd(120)
    credentials = passwords(accounts)
    await commit(
        database,
        *(lambda work, one=one: work.accounts.add(one) for one in accounts),
        *(lambda work, one=one: work.credentials.put_password(one) for one in credentials),
    )
    one_by_one = await _rows(database)
    await drop(database, accounts)

    await commit(
        database,
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.credentials.add_passwords(credentials),
    )

    assert await _rows(database) == one_by_one
    assert [len(rows) for rows in one_by_one.values()][:3] == [120, len(keys_of(accounts)), 120]


async def _rows(database: SqlStorage) -> dict[str, list[Any]]:
    engine = told_engine(database)
    return {
        name: sorted(map(tuple, await engine.fetch_all(f"SELECT * FROM {name}")), key=str)  # noqa: S608 - names of ours
        for name in TABLES
    }


@pytest.mark.parametrize("count", SIZES)
async def test_many_events_are_told_in_their_order(
    storage: Storage, look: Work, count: int
) -> None:
    """The newest first, as those that were added one by one; before and after them others."""
    accounts = crowd(count)
    first, last = events([account("first"), account("last")])

    await commit(
        storage,
        lambda work: work.audit.add(first),
        lambda work: work.audit.add_all(events(accounts)),
        lambda work: work.audit.add(last),
    )

    page = await look.audit.page(limit=1000)
    assert list(page.items) == [last, *events(accounts)[::-1], first]
    some = await look.audit.page(subject=accounts[0].id, action=Action.ACCOUNT_IMPORT, limit=9)
    assert list(some.items) == events(accounts)[:1]


async def test_nobody_at_all_can_be_brought(storage: Storage, look: Work) -> None:
    """Then nothing has happened, and the first account is still to come."""
    await commit(
        storage,
        lambda work: work.accounts.add_all([]),
        lambda work: work.credentials.add_passwords([]),
        lambda work: work.audit.add_all([]),
    )

    assert await look.accounts.count() == 0
    assert not await look.setup.has_had_account()
    assert (await look.audit.page(limit=9)).items == ()


async def test_passwords_are_for_accounts_that_are_there(storage: Storage, look: Work) -> None:
    """One for somebody who is not keeps the others out as well."""
    ada = account("ada")

    with pytest.raises(NotFoundError):
        await commit(
            storage,
            lambda work: work.accounts.add_all([ada]),
            lambda work: work.credentials.add_passwords(passwords([ada, account("nobody")])),
        )

    assert await look.accounts.count() == 0


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
async def test_text_that_no_database_can_keep_is_refused(
    storage: Storage, look: Work, text: str
) -> None:
    """At once, as an invalid value, whoever has it."""
    for newcomers in ([account("ada"), account(text)], [account("ada"), account("b", email=text)]):
        with pytest.raises(InvalidError):
            await bring(storage, *newcomers)

    assert await look.accounts.count() == 0


async def test_who_came_with_many_is_deleted_whole(storage: Storage, look: Work) -> None:
    """Nothing is left of them, and somebody else can have their name and address."""
    accounts = crowd(40)
    await commit(
        storage,
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.credentials.add_passwords(passwords(accounts)),
        lambda work: work.sessions.add(session("s", accounts[3])),
    )

    await drop(storage, accounts)

    assert await told(look, accounts) == [0, *[None, None, None, None, ()] * 40, True]
    await bring(storage, *(account(one.name, id=f"new {one.id}") for one in accounts))


async def test_who_came_with_many_can_be_changed(storage: Storage, look: Work) -> None:
    """Renamed and given another password, as anybody."""
    ada = account("ada", email=MAIL, email_confirmed_at=AT)
    await commit(
        storage,
        lambda work: work.accounts.add_all([ada, account("eve")]),
        lambda work: work.credentials.add_passwords([password(ada, "old")]),
    )
    after = account("lovelace", id=ada.id)

    await commit(
        storage,
        lambda work: work.accounts.update(after, before=ada),
        lambda work: work.credentials.put_password(password(ada, "new"), remember=3),
    )

    assert await look.accounts.by_identifier("ada") is None
    assert await look.accounts.by_identifier(MAIL) is None
    assert await look.accounts.by_identifier("lovelace") == after
    assert await look.credentials.earlier_passwords(ada.id, limit=9) == ("old",)


async def test_the_last_admin_may_be_one_who_came_with_many(storage: Storage) -> None:
    """They count as any other."""
    await bring(storage, admin("root"), admin("ada"))

    await commit(
        storage,
        lambda work: work.accounts.require_not_last_admin(AccountId("id-of-root")),
        lambda work: work.accounts.delete(AccountId("id-of-root")),
    )
    with pytest.raises(CoreError):
        await commit(
            storage, lambda work: work.accounts.require_not_last_admin(AccountId("id-of-ada"))
        )


async def test_a_thousand_are_few_statements(database: SqlStorage) -> None:
    """Of few kinds, none of them too long to stay prepared."""
    accounts = crowd(1000)
    engine = told_engine(database)

    await commit(
        SqlStorage(engine),
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.credentials.add_passwords(passwords(accounts)),
        lambda work: work.audit.add_all(events(accounts)),
    )

    texts = [sql for sql, _ in engine.told]
    assert len(texts) < 100
    assert len(set(texts)) < 15
    assert max(map(len, texts)) < DRIVERS_KEEP
