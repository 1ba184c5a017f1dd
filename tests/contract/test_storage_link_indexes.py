"""Links are found by an index among twenty thousand, on each real database."""

from dataclasses import replace

from contract.persons import WHOLE
from contract.plans import (
    MANY,
    know_the_rows,
    numbers,
    run,
    slow_ones,
    told_engine,
)
from contract.things import AT, account, commit, group, link, session
from watchword.core.accounts.model import State
from watchword.core.directory.model import Closed
from watchword.core.kernel.ids import AccountId
from watchword.core.ports import Storage
from watchword.storage.moments import stored
from watchword.storage.work import SqlStorage

DIRECTORIES = ("corp", "other", "third", "fourth")
ADA = account("Ada")
TABLES = ("directory_links", "accounts", "memberships")

SOME = [f"corp {number}" for number in range(1, 38)]
"""Few enough of them: for a hundred rows to look at all is as good, and PostgreSQL may."""


async def look_up(storage: Storage) -> None:
    async with storage.open_work() as work:
        await work.links.of(AccountId("corp 7"))
        found = await work.links.by_guids("corp", SOME)
        assert len(found) == len(SOME)
        assert await work.links.by_name("corp", "login 7")
        assert await work.links.by_name("corp", "upn 7")
        await work.links.mark("corp")


async def list_all(storage: Storage) -> None:
    async with storage.open_work() as work:
        page = await work.links.page("corp", limit=500)
        await work.links.page("corp", after=page.next, limit=500)


async def count(storage: Storage) -> None:
    async with storage.open_work() as work:
        assert await work.links.count_open("corp") == MANY // 2


async def ask_about_many(storage: Storage) -> None:
    async with storage.open_work() as work:
        ids = [AccountId(one) for one in SOME]
        assert len(await work.accounts.by_ids(ids)) == len(ids)
        assert len((await work.groups.of_many(ids))[ids[7]]) == 1


async def write(storage: Storage) -> None:
    before, off = link(ADA), replace(ADA, state=State.DISABLED)
    everything = replace(WHOLE, guid=before.guid, closed=Closed.OPEN)
    await commit(
        storage,
        lambda work: work.links.add_all([before]),
        lambda work: work.links.require(before),
        lambda work: work.sessions.add(session("s", ADA)),
        lambda work: work.links.update(everything, before=before),
        lambda work: work.links.update(replace(before, closed=Closed.GONE), before=before),
        lambda work: work.accounts.update(off, before=ADA),
        lambda work: work.sessions.end_all_of(ADA.id),
    )


async def test_no_statement_reads_a_whole_table(database: SqlStorage) -> None:
    """Nor does it sort what it found: the index has the order, too. Nor when an account goes."""
    await _fill(database)
    engine = told_engine(database)
    listening = SqlStorage(engine)

    await look_up(listening)
    await list_all(listening)
    await count(listening)
    await ask_about_many(listening)
    await write(listening)
    # What the database does by itself.
    await run(engine, "DELETE FROM directory_links WHERE account_id = 'corp 7'")

    assert len(engine.told) > 20
    assert await slow_ones(engine, *TABLES) == {}


async def _fill(database: SqlStorage) -> None:
    engine, at = told_engine(database), stored(AT)
    await commit(
        database,
        lambda work: work.accounts.add(ADA),
        lambda work: work.groups.add(group("staff")),
    )
    for name in DIRECTORIES:
        await run(
            engine,
            "INSERT INTO accounts (id, created_at, updated_at, role, state, source, directory,"  # noqa: S608 - names and numbers of ours
            " first_name, last_name, name, name_key) SELECT"
            f" '{name} ' || n, {at} + n, {at}, 'user', 'active', 'directory', '{name}',"
            f" '', '', '{name} ' || n, '{name} ' || n FROM {numbers(engine)}",
        )
        await run(
            engine,
            "INSERT INTO directory_links (account_id, directory, guid, dn, login, login_key,"  # noqa: S608 - names and numbers of ours
            " upn_key, mapped, closed, cached) SELECT"
            f" '{name} ' || n, '{name}', '{name} ' || n, 'CN=' || n, '', 'login ' || n,"
            " 'upn ' || n, '[]', CASE n % 2 WHEN 0 THEN '' ELSE 'gone' END, ''"
            f" FROM {numbers(engine)}",
        )
        await run(
            engine,
            "INSERT INTO memberships (group_id, account_id, role) SELECT"  # noqa: S608 - names and numbers of ours
            f" 'id-of-staff', '{name} ' || n, 'member' FROM {numbers(engine)}",
        )
    await know_the_rows(engine)
