"""While a directory is away or slow: who gets in, whose sessions rest, and who notices nothing."""

import asyncio
from datetime import timedelta

import pytest

from unit.core.conftest import GOOD, ruled
from unit.core.staff import staffed
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.directoryrules import DirectoryRules, Offline
from watchword.core.services.sessiondoor import SignedIn

WRONG = Refused(Refusal.WRONG_CREDENTIALS)
AWAY = timedelta(seconds=1)
CACHING = DirectoryRules(offline=Offline.CACHE, cached_for=timedelta(days=7))


async def test_a_directory_that_is_away_costs_nobody_a_guess() -> None:
    """It is said at once, and the log-in works as soon as it is back."""
    here = staffed()
    here.directory.add("ada")
    await here.enter("ada")
    await here.house.add("local")
    here.directory.away = AWAY
    for _ in range(20):
        with pytest.raises(UnavailableError):
            await here.try_to("ada")
    assert isinstance(await here.try_to("local", GOOD), SignedIn)
    here.directory.away = None

    assert isinstance(await here.try_to("ada"), SignedIn)


async def test_a_cached_password_opens_only_where_it_is_asked_for() -> None:
    """By our own hash, within its age, and not once the account is closed."""
    here = staffed(CACHING)
    here.directory.add("ada")
    here.directory.add("eve")
    await here.enter("ada")
    here.directory.away = AWAY
    right = await here.try_to("ada")
    wrong = await here.try_to("ada", "a guess")
    with pytest.raises(UnavailableError):
        await here.try_to("eve")
    here.house.clock.advance(timedelta(days=7, seconds=1))

    assert isinstance(right, SignedIn)
    assert wrong == WRONG
    with pytest.raises(UnavailableError):
        await here.try_to("ada")


async def test_no_password_is_cached_without_being_asked_for() -> None:
    """The default keeps nothing."""
    here = staffed()
    here.directory.add("ada")
    await here.enter("ada")

    assert (await here.link("ada")).cached == ""
    assert (await here.link("ada")).cached_at is None


async def test_a_new_password_there_is_the_cached_one_from_its_first_use() -> None:
    """The old one opens nothing any more."""
    here = staffed(CACHING)
    here.directory.add("ada")
    await here.enter("ada")
    here.directory.entry("ada").password = "another"
    await here.enter("ada", "another")
    here.directory.away = AWAY

    assert await here.try_to("ada") == WRONG
    assert isinstance(await here.try_to("ada", "another"), SignedIn)


@pytest.mark.parametrize("offline", list(Offline))
async def test_sessions_rest_while_nobody_can_say_who_has_left(offline: Offline) -> None:
    """After a grace, and only where the rules are strict; local sessions never do."""
    here = staffed(DirectoryRules(offline=offline, grace=timedelta(minutes=1)))
    here.directory.add("ada")
    token = (await here.enter("ada")).token
    await here.house.add("local")
    local = (await here.house.sign_in("local")).token
    here.directory.away = timedelta(minutes=1)
    in_grace = await here.lives(token)
    here.directory.away = timedelta(minutes=1, seconds=1)

    assert in_grace
    assert await here.lives(local)
    if offline is Offline.REFUSE:
        with pytest.raises(UnavailableError):
            await here.lives(token)
        here.directory.away = None
    assert await here.lives(token)


async def test_keys_of_a_directorys_people_rest_as_well() -> None:
    """A key is as good as its account."""
    here = staffed()
    here.directory.add("ada")
    await here.enter("ada")
    made = await here.house.make_key("ada")
    await here.house.key_holder(made.text)
    here.directory.away = timedelta(hours=1)

    with pytest.raises(UnavailableError):
        await here.house.key_holder(made.text)


async def test_nobody_waits_for_a_hash_behind_a_slow_directory() -> None:
    """Who waits for a directory holds none of the places of local log-ins."""
    here = staffed()
    here.directory.add("ada")
    await here.house.add("local")
    waiting, arrived = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        arrived.set()
        await waiting.wait()

    here.directories.meanwhile = hold
    slow = asyncio.create_task(here.try_to("ada"))
    await arrived.wait()
    local = await here.try_to("local", GOOD)
    held = here.directories.held
    waiting.set()

    assert isinstance(local, SignedIn)
    assert held == 1
    assert isinstance(await slow, SignedIn)


async def test_a_busy_directory_is_no_absent_one() -> None:
    """Else whoever has left since would come in by a cached password."""
    here = staffed(CACHING)
    here.directory.add("ada")
    await here.enter("ada")

    async def refuse() -> None:
        raise UnavailableError

    here.directories.meanwhile = refuse
    with pytest.raises(UnavailableError):
        await here.try_to("ada")


async def test_a_directory_that_the_settings_name_no_more_knows_nobody() -> None:
    """Nobody could say that its people have left, so their tokens and keys open nothing."""
    here = staffed()
    here.directory.add("ada")
    token = (await here.enter("ada")).token
    made = await here.house.make_key("ada")
    here.directories.known.clear()
    here.house.services = here.house.under(ruled())

    assert not await here.lives(token)
    assert await here.house.services.check_key.caller(made.text) is None
    assert await here.try_to("ada") == WRONG
