"""Changing a password that a directory keeps: where it happens, and who hears what."""

from datetime import timedelta

import pytest

from fakes_directory import PASSWORD
from unit.core.conftest import HERE, OPERATOR
from unit.core.staff import Staffed, staffed
from watchword.core.audit.model import Action
from watchword.core.directory.model import Closed, Verdict
from watchword.core.kernel.errors import UnavailableError
from watchword.core.outbox.model import LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.directoryrules import DirectoryRules, Offline
from watchword.core.services.sessiondoor import SignedIn

NEW = "another password"
WRONG = Refused(Refusal.WRONG_CREDENTIALS)


async def change(here: Staffed, name: str, current: str = PASSWORD, new: str = NEW) -> object:
    """Change a password by name, as somebody does whose password has expired."""
    return await here.house.services.passwords.change_by_name(
        name, current=current, new=new, documented=1, origin=HERE
    )


@pytest.mark.parametrize("verdict", [Verdict.PASSWORD_EXPIRED, Verdict.MUST_CHANGE])
async def test_who_must_change_can(verdict: Verdict) -> None:
    """By name and the password they have, before they were ever here; then they get in."""
    here = staffed()
    here.directory.add("ada", verdict=verdict)

    assert await change(here, "ada", "a guess") == WRONG
    assert await change(here, "ada") is None
    assert here.directory.entry("ada").password == NEW
    assert isinstance(await here.try_to("ada", NEW), SignedIn)


async def test_a_changed_password_ends_other_sessions() -> None:
    """The one that asks lives on, the owner is told, and the trail has it."""
    here = staffed(DirectoryRules(trusts_mail=True))
    here.directory.add("ada", email="ada@corp.example")
    other = (await here.enter("ada")).token
    own = (await here.enter("ada")).token
    caller = await here.house.services.authenticate.token(own)
    assert caller is not None

    refused = await here.house.services.passwords.change(
        caller.actor(HERE), current=PASSWORD, new=NEW, documented=1
    )

    assert refused is None
    assert (await here.lives(own), await here.lives(other)) == (True, False)
    assert (await here.house.letter(LetterKind.PASSWORD_CHANGED)).to == "ada@corp.example"
    page = await here.house.services.audit.page(limit=1)
    assert [one.action for one in page.items] == [Action.PASSWORD_CHANGE_OK]


async def test_the_directorys_rules_count_and_not_ours() -> None:
    """What it does not allow is refused to who knows the current one, and is no guess."""
    here = staffed()
    here.directory.add("ada")
    here.directory.rejected = {NEW}
    for _ in range(10):
        assert await change(here, "ada") == Refused(Refusal.PASSWORD_REJECTED)

    assert await change(here, "ada", new="x") is None


@pytest.mark.parametrize("new", ["", "nul\0", "\ud800"])
async def test_a_new_password_that_is_none_hides_no_guess(new: str) -> None:
    """Only who knows the current one hears that it is refused; a guess stays one."""
    here = staffed()
    here.directory.add("ada")

    known = await change(here, "ada", new=new)
    guesses = [await change(here, "ada", "a guess", new) for _ in range(6)]

    assert known == Refused(Refusal.PASSWORD_REJECTED)
    assert guesses == [WRONG] * 5 + [Refused(Refusal.THROTTLED, retry_after=1)]


@pytest.mark.parametrize("closed", [Closed.DISABLED, Closed.EXPIRED])
async def test_who_is_closed_there_changes_nothing(closed: Closed) -> None:
    """It is told to who knows the password alone."""
    here = staffed()
    here.directory.add("ada", closed=closed)

    assert await change(here, "ada", "a guess", "") == WRONG
    assert await change(here, "ada") == Refused(Refusal.DIRECTORY_KEEPS)


async def test_a_password_that_may_not_be_changed_is_told_to_its_owner() -> None:
    """To a stranger it is a wrong password."""
    here = staffed()
    here.directory.add("ada")
    here.directory.entry("ada").fixed = True

    assert await change(here, "ada", "a guess") == WRONG
    assert await change(here, "ada") == Refused(Refusal.DIRECTORY_KEEPS)


async def test_guesses_by_change_are_guesses() -> None:
    """Five free, for names that nobody has as well; then all wait.

    The new password does not count: one that the rules do not allow proves no current one.
    """
    here = staffed()
    here.directory.add("ada")
    here.directory.add("bob")
    here.directory.rejected = {"rejected"}
    for name, new in (("ada", NEW), ("nobody", NEW), ("bob", "rejected"), ("no-one", "")):
        guesses = [await change(here, name, "a guess", new) for _ in range(6)]
        assert guesses == [WRONG] * 5 + [Refused(Refusal.THROTTLED, retry_after=1)]


async def test_an_account_that_is_closed_here_changes_nothing_there() -> None:
    """Its owner hears that it is closed, a stranger that the password is wrong."""
    here = staffed()
    here.directory.add("ada")
    account = (await here.enter("ada")).account
    await here.house.services.accounts.change(OPERATOR, account.id, active=False)

    assert await change(here, "ada", "a guess") == WRONG
    assert await change(here, "ada") == Refused(Refusal.DISABLED)
    assert here.directory.entry("ada").password == PASSWORD


async def test_a_directory_that_is_away_costs_no_guess() -> None:
    """It is said as it is."""
    here = staffed()
    here.directory.add("ada")
    here.directory.away = timedelta(seconds=1)
    for _ in range(10):
        with pytest.raises(UnavailableError):
            await change(here, "ada")
    here.directory.away = None

    assert await change(here, "ada") is None


async def test_a_change_forgets_the_cached_password() -> None:
    """The old one opens nothing while the directory is away."""
    here = staffed(DirectoryRules(offline=Offline.CACHE))
    here.directory.add("ada")
    await here.enter("ada")
    await change(here, "ada")

    assert (await here.link("ada")).cached == ""


async def test_nothing_here_sets_a_directorys_password() -> None:
    """No admin, and no letter; who asks for a letter hears what everybody hears."""
    here = staffed(DirectoryRules(trusts_mail=True))
    here.directory.add("ada", email="ada@corp.example")
    account = (await here.enter("ada")).account
    services = here.house.services

    reset = await services.passwords.reset(OPERATOR, account.id, new=NEW, documented=1)
    asked = await services.recovery.ask("ada@corp.example", origin=HERE)

    assert reset == Refused(Refusal.DIRECTORY_KEEPS)
    assert asked is None
    assert await here.house.post() == []


async def test_an_address_is_changed_where_it_is_kept() -> None:
    """A synchronisation would take it back anyway."""
    here = staffed()
    here.directory.add("ada")
    caller = await here.house.services.authenticate.token((await here.enter("ada")).token)
    assert caller is not None

    refused = await here.house.services.email_change.ask(
        caller.actor(HERE), "new@elsewhere.example", password=PASSWORD
    )

    assert refused == Refused(Refusal.DIRECTORY_KEEPS)


async def test_a_password_is_proved_in_the_directory() -> None:
    """Where a caller has to show that it is them."""
    here = staffed()
    here.directory.add("ada")
    caller = await here.house.services.authenticate.token((await here.enter("ada")).token)
    assert caller is not None
    prove = here.house.services.passwords.prove

    assert await prove(caller.actor(HERE), "a guess") == Refused(Refusal.WRONG_PASSWORD)
    assert await prove(caller.actor(HERE), PASSWORD) is None
