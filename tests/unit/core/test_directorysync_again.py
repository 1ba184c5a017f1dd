"""What the next synchronisation looks at again, and what it takes for news."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fakes_directory import DIRECTORY, FakeReading
from unit.core.conftest import HERE, ruled
from unit.core.staff import ADMINS, BY_GROUP, STAFF
from unit.core.syncing import Syncing, syncing
from watchword.core.accounts.model import Role
from watchword.core.directory.model import MUST_BE_CHANGED, Closed, Person
from watchword.core.services.directoryrules import Creates, DirectoryRules

T1 = datetime(2029, 6, 1, tzinfo=UTC)
MAKING = DirectoryRules(creates=Creates.SYNC)


def set_password_at(sync: Syncing, at: datetime) -> None:
    """Have the directory say when the password was set, as another controller may see it."""
    sync.here.directory.change("ada", password_at=at)


async def test_who_came_back_by_a_log_in_is_looked_at_by_the_next_one() -> None:
    """The controller that let them in may lag behind the one that closed them."""
    sync = syncing(MAKING)
    sync.here.directory.add("ada")
    await sync.run()
    sync.here.directory.change("ada", closed=Closed.DISABLED)
    await sync.run(whole=False)
    entry = sync.here.directory.entry("ada")
    entry.person = replace(entry.person, closed=Closed.OPEN)
    token = (await sync.here.enter("ada")).token
    entry.person = replace(entry.person, closed=Closed.DISABLED)

    done = await sync.run()

    assert done.outcome.is_whole
    assert not await sync.here.lives(token)
    assert not (await sync.run()).outcome.is_whole


async def test_other_rules_have_everybody_looked_at() -> None:
    """Who was an admin by a group that gives no role any more is none after the next look."""
    both = frozenset({ADMINS})
    sync = syncing(DirectoryRules(creates=Creates.SYNC, roles=BY_GROUP, groups={"Team": both}))
    for name in ("ada", "bob"):
        sync.here.directory.add(name, ADMINS)
    await sync.here.house.add("boss", role=Role.ADMIN)
    await sync.run()
    other = DirectoryRules(
        creates=Creates.SYNC, roles={Role.ADMIN: frozenset({STAFF})}, groups={"Team": both}
    )
    sync.here.house.services = sync.here.house.under(ruled(directories={DIRECTORY: other}))

    done = await sync.run()

    assert done.outcome.is_whole
    assert (await sync.here.account("ada")).role is Role.USER


async def test_a_password_that_must_be_changed_ends_sessions() -> None:
    """A help desk gave it, so somebody else may have known the one before."""
    sync = syncing(MAKING)
    sync.here.directory.add("ada")
    set_password_at(sync, T1)
    token = (await sync.here.enter("ada")).token
    await sync.run()
    lived = await sync.here.lives(token)
    set_password_at(sync, MUST_BE_CHANGED)
    await sync.run()

    assert lived
    assert not await sync.here.lives(token)


async def test_an_older_password_is_no_news() -> None:
    """A controller that lags behind tells of it, and another one of the newer one again."""
    sync = syncing(MAKING)
    sync.here.directory.add("ada")
    set_password_at(sync, T1)
    token = (await sync.here.enter("ada")).token
    for at in (T1 - timedelta(days=1), T1):
        set_password_at(sync, at)
        await sync.run()

    assert await sync.here.lives(token)


async def test_a_reset_right_after_a_change_through_us_is_noticed() -> None:
    """When the new one was set is asked for at once, so that a later one is another."""
    sync = syncing(MAKING)
    sync.here.directory.add("ada")
    token = (await sync.here.enter("ada")).token
    caller = await sync.here.house.services.authenticate.token(token)
    assert caller is not None
    entry = sync.here.directory.entry("ada")
    await sync.here.house.services.passwords.change(
        caller.actor(HERE), current=entry.password, new="a thief's own", documented=1
    )
    lived = await sync.here.lives(token)
    sync.here.house.clock.advance(timedelta(minutes=1))
    set_password_at(sync, sync.here.house.clock.now())
    await sync.run()

    assert lived
    assert not await sync.here.lives(token)


async def test_who_comes_during_a_look_at_everybody_is_not_gone() -> None:
    """Each who seems to have left is asked for once more."""
    sync = syncing(MAKING)
    sync.here.directory.add("ada")
    await sync.run()
    sync.here.directory.add("eve")
    token = (await sync.here.enter("eve")).token
    hidden = sync.here.directory.entry("eve").person.guid

    class LateReading(FakeReading):
        async def people(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as its base
            async for some in super().people():
                yield _without(some, hidden)

    sync.here.directories.reading = LateReading
    await sync.run(whole=True)

    assert await sync.here.lives(token)


def _without(people: Sequence[Person], guid: str) -> list[Person]:
    return [one for one in people if one.guid != guid]
