"""Accounts and what belongs to them are found by an index, however many, on each real database."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from contract.plans import (
    is_postgres,
    know_the_rows,
    numbers,
    plan,
    run,
    slow_ones,
    told_engine,
)
from contract.things import AT, DAY, account, admin, api_key, attempt, commit, session
from watchword.core.audit.model import Action
from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import Storage
from watchword.storage.moments import stored
from watchword.storage.work import SqlStorage

ADA = account("Ada")
MILLISECOND = timedelta(milliseconds=1)
CHILDREN = {
    "sqlite": (
        'SELECT t.name, f."from" FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f'
        " WHERE t.type = 'table'"
    ),
    "postgres": (
        "SELECT CAST(c.conrelid AS REGCLASS)::TEXT, a.attname::TEXT FROM pg_constraint AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
        " WHERE c.contype = 'f' AND c.connamespace = 'public'::REGNAMESPACE"
    ),
}
"""Whose rows go with a row elsewhere, and by which column."""

MADE = {
    "accounts (id, created_at, updated_at, role, state, source, first_name, last_name, name,"
    " name_key, email, email_key)": (
        "'a' || n, {at} + n, {at}, CASE n WHEN 9 THEN 'admin' ELSE 'user' END, 'active', 'local',"
        " '', '', 'a' || n, 'a' || n, 'm' || n, 'm' || n"
    ),
    "identifiers (key, account_id)": "'a' || n, 'a' || n",
    "passwords (account_id, encoded, changed_at, is_documented)": "'a' || n, 'x', {at} + n, 0",
    "sessions (id, account_id, dialect, address, created_at, expires_at)": (
        "'s' || n, 'a' || n, 'asta', '', {at} + n, {at} + n"
    ),
    "api_keys (id, account_id, name, digest, sealed, hint, scopes, per_minute, created_at,"
    " expires_at)": "'k' || n, 'a' || n, '', 'd' || n, '', '', '', 0, {at} + n, {at} + n",
    "groups (id, name, name_key, created_at)": "'g' || n, 'g' || n, 'g' || n, {at} + n",
    "memberships (group_id, account_id, role)": "'g' || n, 'a' || n, 'member'",
    "audit_events (at, action, subject, actor, address, dialect, detail)": (
        "{at} + n, CASE n % 2 WHEN 0 THEN 'session.signin.ok' ELSE 'account.role' END,"
        " 'a' || (n % 501), '', '', '', ''"
    ),
    "attempts (subject, address, failures, wait_until, updated_at)": (
        "'a' || n, 'x' || n, 1, 0, {at} + n"
    ),
    "name_failures (subject, failures, was_locked, updated_at)": "'a' || n, 1, 0, {at} + n",
    "known_addresses (account_id, address, last_signin_at)": "'a' || n, 'x' || n, {at} + n",
    "windows (purpose, key, taken, ends_at)": "'failures', 'x' || n, 1, {at} + n",
    "checkouts (asset_id, account_id, client, is_download, taken_at)": (
        "'c' || n, 'a' || n, '', 0, {at} + n"
    ),
    "revocations (kind, sid, until)": "'session', 's' || n, {at} + n",
}
TABLES = [head.partition(" ")[0] for head in MADE]


async def look_up(storage: Storage) -> None:
    async with storage.open_work() as work:
        await work.accounts.by_id(AccountId("a7"))
        await work.accounts.by_identifier("a7")
        await work.accounts.identifiers_among(["a7", "a8"])
        await work.accounts.addresses_among(["m7", "m8"])
        await work.accounts.has_admin()
        await work.credentials.password_of(AccountId("a7"))
        await work.credentials.documented()
        await work.sessions.by_id(SessionId("s7"))
        await work.sessions.count_of(AccountId("a7"))
        await work.api_keys.by_digest(["d7"])
        await work.api_keys.beginning("k4", limit=9)
        await work.revocation_log.latest()
        await work.revocation_log.since(7, limit=9)


async def list_accounts(storage: Storage) -> None:
    async with storage.open_work() as work:
        for prefix in (None, "a", "a4"):
            after = None
            for _ in range(2):
                page = await (
                    work.accounts.page(after=after, limit=9)
                    if prefix is None
                    else work.accounts.search(prefix, after=after, limit=9)
                )
                after = page.next


async def list_the_rest(storage: Storage) -> None:
    async with storage.open_work() as work:
        for _ in range(2):
            await work.sessions.page(at=AT, limit=9)
            await work.api_keys.page(limit=9)
            await work.api_keys.page_of(AccountId("a7"), limit=9)
            await work.groups.page(limit=9)
            await work.checkouts.page(limit=9)
            await work.checkouts.page(account_id=AccountId("a7"), limit=9)
            await work.audit.page(limit=9)
            await work.audit.page(subject="a7", limit=9)
            await work.audit.page(action=Action.SESSION_SIGNIN_OK, limit=9)
            await work.audit.page(subject="a7", action=Action.SESSION_SIGNIN_OK, limit=1)


async def come_and_go(storage: Storage) -> None:
    await commit(
        storage,
        lambda work: work.accounts.add(ADA),
        lambda work: work.sessions.add(session("one", ADA)),
        lambda work: work.sessions.end_oldest_of(ADA.id, keep=5),
        lambda work: work.api_keys.add(api_key("key", ADA), most=5),
        lambda work: work.accounts.require_not_last_admin(ADA.id),
        lambda work: work.accounts.delete(ADA.id),
    )


async def try_passwords(storage: Storage) -> None:
    limits = AttemptLimits()
    await storage.attempts.reserve(attempt("a7"), limits)
    await commit(
        storage,
        lambda work: work.attempts.failed(attempt("a7"), limits),
        lambda work: work.attempts.succeeded(attempt("a7"), AccountId("a7")),
        lambda work: work.attempts.withdraw(attempt("a7")),
        lambda work: work.attempts.forget("a7"),
    )


async def clear_away(storage: Storage) -> None:
    before = AT + DAY + 2 * MILLISECOND
    await commit(
        storage,
        lambda work: work.sessions.end_expired(at=before, limit=9),
        lambda work: work.attempts.purge(before=before, limit=9),
        lambda work: work.api_keys.delete_expired(before=before, limit=9),
        lambda work: work.revocation_log.purge(at=before, limit=9),
        lambda work: work.checkouts.end_old(before=before, limit=9),
    )


USES = [look_up, list_accounts, list_the_rest, come_and_go, try_passwords, clear_away]


@pytest.mark.parametrize("use", USES)
async def test_no_statement_reads_a_whole_table(
    database: SqlStorage, use: Callable[[Storage], Awaitable[None]]
) -> None:
    """Nor does a list sort what it found: the index has the order, too."""
    await _fill(database)
    engine = told_engine(database)

    await use(SqlStorage(engine))

    assert engine.told
    assert await slow_ones(engine, *TABLES, judge=_reads_all) == {}


async def test_the_log_ins_of_one_are_looked_for_among_what_they_did(database: SqlStorage) -> None:
    """And not among the log-ins of everybody, of which there are the most."""
    await _fill(database)
    engine = told_engine(database)

    async with SqlStorage(engine).open_work() as work:
        page = await work.audit.page(subject="a7", action=Action.SESSION_SIGNIN_OK, limit=1)

    assert [one.subject for one in page.items] == ["a7"]
    assert "audit_events_of_subject" in await plan(engine, *engine.told[-1])


async def test_whatever_goes_with_another_row_is_found_by_an_index(database: SqlStorage) -> None:
    """An engine looks for it by itself, in every table that names the other one."""
    await _fill(database)
    engine = told_engine(database)
    children = await engine.fetch_all(CHILDREN["postgres" if is_postgres(engine) else "sqlite"])

    plans = {
        table: await plan(engine, f"DELETE FROM {table} WHERE {column} = $1", ("x",))  # noqa: S608 - the database's own names
        for table, column in children
        if table != "job_output"
    }

    assert len(plans) >= 9
    assert {table: text for table, text in plans.items() if _reads_all(text, *TABLES)} == {}


def _reads_all(plan: str, *tables: str) -> bool:
    # Only these tables: the others have few rows here. An index that is read from its end on, or
    # that holds next to nothing, is no table.
    names = "|".join(tables)
    whole = rf"SCAN ({names})\b(?! USING)|Seq Scan on ({names})\b|B-TREE"
    return bool(re.search(whole, plan))


async def _fill(database: SqlStorage) -> None:
    engine, at = told_engine(database), stored(AT + DAY)
    await commit(database, lambda work: work.accounts.add(admin("Root")))
    for head, values in MADE.items():
        await run(
            engine,
            f"INSERT INTO {head} SELECT {values.format(at=at)} FROM {numbers(engine)}",  # noqa: S608 - ours
        )
    await know_the_rows(engine)
