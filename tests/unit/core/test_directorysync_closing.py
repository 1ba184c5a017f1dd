"""Synchronising a directory: who loses their account, who keeps it, and when none is touched."""

import pytest

from unit.core.conftest import OPERATOR
from unit.core.staff import ADMINS, BY_GROUP, STAFF
from unit.core.syncing import Syncing, Told, syncing
from watchword.core.accounts.model import Role
from watchword.core.audit.model import Action
from watchword.core.directory.model import Closed
from watchword.core.kernel.errors import DeniedError
from watchword.core.policy.refusals import Refusal
from watchword.core.services.directoryreport import Deed, SyncWish
from watchword.core.services.directoryrules import Creates, DirectoryRules

ROLES = DirectoryRules(creates=Creates.SYNC, roles=BY_GROUP)
STRICT = DirectoryRules(creates=Creates.SYNC, stop_above=2)


async def crowd(size: int, rules: DirectoryRules = STRICT) -> Syncing:
    """Return a directory with so many persons, all of whom have accounts."""
    sync = syncing(rules)
    for number in range(size):
        sync.here.directory.add(f"user{number:02}")
    await sync.run()
    return sync


def leave(sync: Syncing, size: int) -> None:
    for number in range(size):
        sync.here.directory.remove(f"user{number:02}")


async def active(sync: Syncing) -> int:
    """Return how many accounts are open."""
    return sum(one.is_active for one in sync.here.house.storage.rows.accounts.values())


@pytest.mark.parametrize("whole", [True, False])
async def test_who_may_come_in_no_more_is_closed_at_once(whole: bool) -> None:  # noqa: FBT001
    """Sessions end with the account, and the trail says why the directory closed it."""
    rules = DirectoryRules(allowed=frozenset({STAFF}))
    sync = syncing(rules)
    names = ("disabled", "expired", "left", "moved", "stays")
    for name in names:
        sync.here.directory.add(name, STAFF)
    tokens = {name: (await sync.here.enter(name)).token for name in names}
    await sync.run()
    sync.here.directory.change("disabled", closed=Closed.DISABLED)
    sync.here.directory.change("expired", closed=Closed.EXPIRED)
    sync.here.directory.change("moved", groups=frozenset())
    sync.here.directory.remove("left")

    done = await sync.run(whole=whole, stop_percent=100)

    assert done.deeds == [
        ("disabled", Deed.CLOSED, Closed.DISABLED),
        ("expired", Deed.CLOSED, Closed.EXPIRED),
        ("left", Deed.CLOSED, Closed.GONE),
        ("moved", Deed.CLOSED, Closed.NOT_ADMITTED),
    ]
    lives = {name for name, token in tokens.items() if await sync.here.lives(token)}
    assert lives == {"stays"}
    closed = await sync.here.house.services.audit.page(action=Action.ACCOUNT_DISABLE, limit=10)
    why = {Closed.DISABLED, Closed.EXPIRED, Closed.GONE, Closed.NOT_ADMITTED}
    assert {one.detail for one in closed.items} == why


async def test_who_comes_back_has_their_account_again() -> None:
    """Restored, enabled or let in anew: the same account, with nothing of its sessions."""
    sync = syncing()
    for name in ("ada", "bob"):
        sync.here.directory.add(name)
    tokens = [(await sync.here.enter(name)).token for name in ("ada", "bob")]
    before = await sync.here.account("ada")
    deleted = sync.here.directory.entry("ada")
    sync.here.directory.remove("ada")
    sync.here.directory.change("bob", closed=Closed.DISABLED)
    await sync.run()
    sync.here.directory.put(deleted)
    sync.here.directory.change("bob", closed=Closed.OPEN)

    done = await sync.run()

    assert done.deeds == [
        ("ada", Deed.OPENED, Closed.GONE),
        ("bob", Deed.OPENED, Closed.DISABLED),
    ]
    assert (await sync.here.enter("ada")).account.id == before.id
    assert [await sync.here.lives(token) for token in tokens] == [False, False]


async def test_what_an_administrator_here_disabled_is_left_alone() -> None:
    """The directory opens only what it closed, and counts nobody twice who is closed already."""
    sync = await crowd(5)
    for name in ("user00", "user01", "user02", "user03"):
        account = await sync.here.account(name)
        await sync.here.house.services.accounts.change(OPERATOR, account.id, active=False)
    leave(sync, 3)
    gone = await sync.run()
    sync.here.directory.change("user03", first_name="Other")
    changed = await sync.run(whole=True)

    assert (gone.deeds, gone.outcome.closings, gone.outcome.is_stopped) == ([], 0, False)
    assert changed.deeds == [("user03", Deed.CHANGED, "names")]
    assert await active(sync) == 1


async def test_too_many_at_once_are_none() -> None:
    """More than the rules allow would be closed, so rather a setting is wrong: it stops."""
    sync = await crowd(30)
    leave(sync, 4)
    sync.here.directory.change("user10", first_name="Other")
    before = await sync.mark()

    done = await sync.run()

    assert done.outcome.is_stopped
    assert (done.outcome.closings, done.outcome.open_before, done.outcome.closings_max) == (
        4,
        30,
        3,
    )
    assert done.counts == {"seen": 1, "changed": 1, "spared": 4}
    assert ("user03", Deed.SPARED, Closed.GONE) in done.deeds
    assert await active(sync) == 30
    assert await sync.mark() == before


async def test_it_stops_until_somebody_answers() -> None:
    """The next one sees the same again; who says how many closes them all."""
    sync = await crowd(30)
    leave(sync, 4)
    await sync.run()

    again, less = await sync.run(), await sync.run(stop_percent=13)
    enough = await sync.run(stop_percent=14)

    assert [one.outcome.is_stopped for one in (again, less, enough)] == [True, True, False]
    assert enough.counts == {"closed": 4}
    assert await active(sync) == 26
    assert (await sync.run(whole=True)).counts == {"seen": 26}


@pytest.mark.parametrize(
    ("size", "leavers", "stops"),
    [(10, 2, False), (10, 3, True), (40, 4, False), (40, 5, True), (3, 3, True)],
)
async def test_where_it_stops(size: int, leavers: int, stops: bool) -> None:  # noqa: FBT001
    """Past a tenth; but a few may leave in any case, so that small houses are not asked always."""
    sync = await crowd(size)
    leave(sync, leavers)

    done = await sync.run()

    assert done.outcome.is_stopped is stops
    assert await active(sync) == size - (0 if stops else leavers)


async def test_a_directory_that_shows_nobody_closes_nobody() -> None:
    """A base or a filter is wrong, or the service account lost its rights: all would be gone."""
    sync = await crowd(20)
    everybody = dict(sync.here.directory.entries)
    sync.here.directory.entries.clear()
    stopped = await sync.run(whole=True)
    sync.here.directory.entries.update(everybody)

    done = await sync.run(whole=True)

    assert (stopped.outcome.is_stopped, stopped.outcome.closings) == (True, 20)
    assert done.counts == {"seen": 20}
    assert await active(sync) == 20


async def test_the_last_admin_stays() -> None:
    """Neither disabled there nor out of the group; said each time, until there is another."""
    sync = syncing(ROLES)
    for name in ("ada", "bob"):
        sync.here.directory.add(name, ADMINS)
    await sync.run()
    tokens = [(await sync.here.enter(name)).token for name in ("ada", "bob")]
    sync.here.directory.regroup("bob")
    sync.here.directory.change("ada", closed=Closed.DISABLED)
    first = await sync.run()
    kept = await sync.run(whole=True)
    await sync.here.house.add("local", role=Role.ADMIN)
    last = await sync.run(whole=True)

    assert first.deeds == [
        ("ada", Deed.KEPT, Refusal.LAST_ADMIN),
        ("bob", Deed.CHANGED, "role user, groups"),
    ]
    assert kept.deeds == [("ada", Deed.KEPT, Refusal.LAST_ADMIN)]
    assert last.deeds == [("ada", Deed.CLOSED, Closed.DISABLED)]
    assert [await sync.here.lives(token) for token in tokens] == [False, True]


async def test_of_two_last_admins_one_stays() -> None:
    """They leave together; the others of their portion are closed as they should be."""
    sync = syncing(ROLES)
    for name in ("ada", "bob"):
        sync.here.directory.add(name, ADMINS)
    sync.here.directory.add("eve")
    await sync.run()
    for name in ("ada", "bob", "eve"):
        sync.here.directory.remove(name)

    done = await sync.run()

    assert done.counts == {"closed": 2, "kept": 1}
    assert await active(sync) == 1


async def test_a_dry_run_tells_all_and_does_nothing() -> None:
    """Who would be made, changed and closed; no account, group, mark or event is stored."""
    sync = syncing(
        DirectoryRules(
            creates=Creates.SYNC, roles=BY_GROUP, groups={"Team": frozenset({STAFF, ADMINS})}
        )
    )
    tried = await sync.run(dry_run=True)
    sync.here.directory.add("ada", ADMINS)
    sync.here.directory.add("bob")
    made = await sync.run(dry_run=True)
    nothing = sync.here.house.storage.rows
    await sync.run()
    sync.here.directory.change("ada", closed=Closed.EXPIRED)
    sync.here.directory.remove("bob")
    sync.here.directory.add("new", STAFF)
    before = sync.here.house.storage.rows

    done = await sync.run(dry_run=True)

    after = sync.here.house.storage.rows
    assert (tried.deeds, made.counts) == ([], {"seen": 2, "made": 2})
    assert (nothing.accounts, nothing.groups, nothing.marks, nothing.events) == ({}, {}, {}, [])
    assert done.deeds == [
        ("ada", Deed.KEPT, Refusal.LAST_ADMIN),
        ("bob", Deed.CLOSED, Closed.GONE),
        ("new", Deed.MADE, ""),
    ]
    assert (after.accounts, after.links, after.marks) == (
        before.accounts,
        before.links,
        before.marks,
    )
    assert (after.events, after.members) == (before.events, before.members)


async def test_a_dry_run_that_would_stop_tells_who_it_would_be() -> None:
    """That is what somebody looks at before they answer."""
    sync = await crowd(20)
    leave(sync, 20)

    done = await sync.run(dry_run=True)

    assert done.outcome.is_stopped
    assert done.counts == {"closed": 20}
    assert await active(sync) == 20


async def test_a_dry_run_meets_nobody_twice() -> None:
    """Somebody who is new and in a group that changed would be made once."""
    sync = syncing(ROLES)
    sync.here.directory.add("ada", ADMINS)
    await sync.run()
    sync.here.directory.add("new")
    sync.here.directory.regroup("new", ADMINS)

    done = await sync.run(dry_run=True)

    assert done.deeds == [("new", Deed.MADE, "")]


async def test_who_is_taken_over_does_nothing_more() -> None:
    """Another worker has the job by then: what is recorded first says so."""
    sync = syncing(ROLES)
    sync.here.directory.add("ada")
    told = Told(await sync.job())
    await sync.here.house.storage.job_desk.begin(told.job.id, at=sync.here.house.clock.now())

    with pytest.raises(DeniedError):
        await sync.run_for(SyncWish(directory=sync.here.directory.name), told)

    assert sync.here.house.storage.rows.accounts == {}
    assert await sync.mark() is None
