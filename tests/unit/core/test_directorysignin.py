"""Signing in by a directory: who is asked, who gets in, and what is told to whom."""

import asyncio
from datetime import timedelta

import pytest

from unit.core.conftest import GOOD, OPERATOR
from unit.core.staff import ADMINS, BY_GROUP, EVERYBODY, STAFF, staffed
from watchword.core.accounts.model import Role, Source
from watchword.core.audit.model import Action
from watchword.core.directory.model import Verdict
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.directoryrules import Creates, DirectoryRules, Offline
from watchword.core.services.sessiondoor import SignedIn
from watchword.core.services.signup import Wish

WRONG = Refused(Refusal.WRONG_CREDENTIALS)
AWAY = timedelta(seconds=1)
CACHING = DirectoryRules(offline=Offline.CACHE, cached_for=timedelta(days=7))


async def test_the_first_log_in_makes_an_account() -> None:
    """With the name, the address and the names that the directory tells."""
    here = staffed()
    person = here.directory.add("ada", email="ada@corp.example", first_name="Ada", last_name="L")

    signed_in = await here.enter("ada")

    account = signed_in.account
    assert (account.name, account.role, account.source) == ("ada", Role.USER, Source.DIRECTORY)
    assert (account.email, account.email_confirmed_at) == ("ada@corp.example", None)
    assert (account.first_name, account.last_name) == ("Ada", "L")
    assert (await here.link("ada")).guid == person.guid
    assert await here.lives(signed_in.token)


@pytest.mark.parametrize("typed", ["ada", " ADA ", "corp\\ada", "ada@corp.example"])
async def test_every_spelling_of_a_name_is_one_account(typed: str) -> None:
    """The second log-in finds the account of the first."""
    here = staffed()
    here.directory.add("ada")
    first = await here.enter("ada")

    again = await here.enter(typed)

    assert again.account.id == first.account.id


async def test_a_local_password_goes_to_no_directory() -> None:
    """Somebody of the same name there is asked for by the domain, and takes nothing over."""
    here = staffed()
    here.directory.add("ada")
    await here.house.add("ada")

    assert await here.try_to("ada") == WRONG
    assert here.directories.asked == []
    assert await here.try_to("corp\\ada", GOOD) == WRONG
    assert await here.try_to("corp\\ada") == Refused(Refusal.NAME_HELD)
    assert (await here.account("ada")).source is Source.LOCAL


async def test_what_a_stranger_hears_is_always_the_same() -> None:
    """Unknown, locked, disabled: with a wrong password all are alike, with a right one not."""
    here = staffed()
    for verdict in Verdict:
        here.directory.add(verdict.value, verdict=verdict)

    wrong = {await here.try_to(one.value, "a guess") for one in Verdict}
    unknown = await here.try_to("nobody")
    right = {verdict: await here.try_to(verdict.value) for verdict in Verdict}

    assert wrong == {WRONG}
    assert unknown == WRONG
    assert isinstance(right.pop(Verdict.RIGHT), SignedIn)
    assert right == {
        Verdict.WRONG: WRONG,
        Verdict.LOCKED: WRONG,
        Verdict.HOURS: Refused(Refusal.LOGON_HOURS),
        Verdict.PASSWORD_EXPIRED: Refused(Refusal.PASSWORD_EXPIRED),
        Verdict.MUST_CHANGE: Refused(Refusal.PASSWORD_MUST_CHANGE),
        Verdict.DISABLED: Refused(Refusal.DISABLED),
        Verdict.EXPIRED: Refused(Refusal.ACCOUNT_EXPIRED),
    }


async def test_the_audit_trail_has_the_code_and_no_name() -> None:
    """Who looks for the cause finds it; a typed name is nowhere."""
    here = staffed()
    here.directory.add("ada", verdict=Verdict.LOCKED)
    await here.try_to("ada")
    await here.try_to("nobody")

    page = await here.house.services.audit.page(limit=10)
    details = [one.detail for one in page.items]
    assert sorted(details) == ["wrong_credentials 525", "wrong_credentials 775"]
    assert not any("ada" in one.subject or "nobody" in one.subject for one in page.items)


async def test_guesses_are_limited_before_the_directory_is_asked() -> None:
    """Forty at once are worth five, so that nobody is locked out there by a stranger here."""
    here = staffed()
    here.directory.add("ada")

    outcomes = await asyncio.gather(*[here.try_to("ada", "a guess") for _ in range(40)])

    assert outcomes.count(WRONG) == 5
    assert len(here.directories.asked) == 5
    assert await here.try_to("corp\\ada") == Refused(Refusal.THROTTLED, retry_after=1)


async def test_an_empty_password_is_wrong() -> None:
    """A directory may take it for a log-in by nobody."""
    here = staffed()
    here.directory.add("ada")

    assert await here.try_to("ada", "") == WRONG
    assert here.directories.asked == []


async def test_only_who_is_in_an_allowed_group_gets_in() -> None:
    """Who has the right password and is in none hears so."""
    here = staffed(DirectoryRules(allowed=frozenset({STAFF})))
    here.directory.add("ada", STAFF)
    here.directory.add("bob", EVERYBODY)

    assert isinstance(await here.try_to("ada"), SignedIn)
    assert await here.try_to("bob", "a guess") == WRONG
    assert await here.try_to("bob") == Refused(Refusal.NOT_ADMITTED)
    assert await here.house.services.accounts.find("bob") is None


async def test_no_account_is_made_where_the_rules_say_never() -> None:
    """Only who was registered comes in."""
    here = staffed(DirectoryRules(creates=Creates.NEVER))
    here.directory.add("ada")
    refused = await here.try_to("ada")
    made = await here.house.services.directory_accounts.register(OPERATOR, "ada")

    assert refused == Refused(Refusal.NOT_ADMITTED)
    assert not isinstance(made, Refused)
    assert isinstance(await here.try_to("ada"), SignedIn)


async def test_a_role_is_what_the_groups_give_at_each_log_in() -> None:
    """Won and lost; the last admin stays one."""
    here = staffed(DirectoryRules(roles=BY_GROUP))
    here.directory.add("ada", ADMINS)
    here.directory.add("bob", ADMINS)
    roles = [(await here.enter(name)).account.role for name in ("ada", "bob")]
    here.directory.regroup("ada")
    here.directory.regroup("bob")
    lost = (await here.enter("ada")).account.role
    await here.enter("bob")
    kept = (await here.account("bob")).role

    assert roles == [Role.ADMIN, Role.ADMIN]
    assert (lost, kept) == (Role.USER, Role.ADMIN)


async def test_groups_of_ours_follow_those_of_the_directory() -> None:
    """Memberships that an administrator gave in other groups stay."""
    here = staffed(DirectoryRules(groups={"Everybody": frozenset({STAFF, EVERYBODY})}))
    here.directory.add("ada", STAFF)
    joined = (await here.enter("ada")).memberships
    here.directory.regroup("ada")
    left = (await here.enter("ada")).memberships

    assert [one.group.name for one in joined] == ["Everybody"]
    assert left == ()


async def test_a_rename_keeps_the_account() -> None:
    """People are known by what never changes; the new name opens, the old is free."""
    here = staffed()
    here.directory.add("ada")
    before = (await here.enter("ada")).account
    here.directory.change("ada", login="countess", name="countess", upn="countess@corp.example")

    after = (await here.enter("countess")).account

    assert (after.id, after.name) == (before.id, "countess")
    assert await here.try_to("ada") == WRONG


async def test_another_person_of_the_same_name_gets_nobodys_account() -> None:
    """Who left is somebody else, whatever the next one is called."""
    here = staffed()
    here.directory.add("ada")
    before = (await here.enter("ada")).account
    here.directory.remove("ada")
    here.directory.add("ada", password="the next")

    assert await here.try_to("ada") == WRONG
    assert await here.try_to("ada", "the next") == Refused(Refusal.NAME_HELD)
    assert await here.try_to("corp\\ada", "the next") == Refused(Refusal.NAME_HELD)
    assert (await here.account("ada")).id == before.id


async def test_what_an_administrator_here_disabled_stays_so() -> None:
    """However right the password is; and nobody without it learns that there is an account."""
    here = staffed()
    here.directory.add("ada")
    account = (await here.enter("ada")).account
    await here.house.services.accounts.change(OPERATOR, account.id, active=False)

    assert await here.try_to("ada", "a guess") == WRONG
    assert await here.try_to("ada") == Refused(Refusal.DISABLED)


async def test_first_log_ins_at_once_make_one_account() -> None:
    """All of them get in."""
    here = staffed()
    here.directory.add("ada")

    outcomes = await asyncio.gather(*[here.try_to("ada") for _ in range(5)])

    assert len({one.account.id for one in outcomes if isinstance(one, SignedIn)}) == 1
    assert all(isinstance(one, SignedIn) for one in outcomes)


async def test_an_account_that_is_closed_meanwhile_gets_no_session() -> None:
    """The commit decides, not what was seen before."""
    here = staffed()
    here.directory.add("ada")
    account = (await here.enter("ada")).account

    async def close() -> None:
        here.directories.meanwhile = None
        await here.house.services.accounts.change(OPERATOR, account.id, active=False)

    here.directories.meanwhile = close
    assert await here.try_to("ada") == Refused(Refusal.DISABLED)


async def test_the_directorys_own_log_in_looks_at_no_password_here() -> None:
    """A local account is nobody there, and an unknown domain is as a wrong password."""
    here = staffed()
    here.directory.add("ada")
    await here.house.add("local")

    assert isinstance(await here.try_there("ada"), SignedIn)
    assert isinstance(await here.try_there("ada", domain="CORP"), SignedIn)
    assert await here.try_there("local", GOOD) == WRONG
    assert await here.try_there("ada", domain="nowhere") == WRONG


async def test_a_first_log_in_is_on_the_audit_trail() -> None:
    """As what it is: the account was let in, by its owner."""
    here = staffed()
    here.directory.add("ada")
    account = (await here.enter("ada")).account

    page = await here.house.services.audit.page(limit=10)
    assert {(one.action, one.subject, one.actor) for one in page.items} == {
        (Action.ACCOUNT_ADMIT, account.id, account.id),
        (Action.SESSION_SIGNIN_OK, account.id, account.id),
    }


@pytest.mark.parametrize(
    "name",
    ["CORP\\ada", "ada@corp.example", "Ada@CORP.EXAMPLE", "corp\uff3cada", "ada\uff20corp.example"],
)
async def test_nobody_here_may_be_called_as_a_directorys_user(name: str) -> None:
    """Else who types it would be asked for a password by somebody else's account."""
    here = staffed()
    stranger = Wish(name=name, password=GOOD)
    registers = here.house.services.signup.create

    assert await registers(OPERATOR, stranger) == Refused(Refusal.NAME_HELD)
    other = Wish(name="ada@elsewhere.example", password=GOOD)
    assert not isinstance(await registers(OPERATOR, other), Refused)


async def test_names_that_are_swapped_open_to_whom_they_belong_now() -> None:
    """The directory is asked by the name: whose it is now, only it knows."""
    here = staffed()
    for name in ("ada", "bob"):
        here.directory.add(name, password=f"the word of {name}")
        await here.enter(name, f"the word of {name}")
    before = {name: (await here.account(name)).id for name in ("ada", "bob")}
    for name, new in (("ada", "parked"), ("bob", "ada"), ("parked", "bob")):
        here.directory.change(name, login=new, name=new, upn=f"{new}@corp.example")

    entered = (await here.enter("bob", "the word of ada")).account

    assert entered.id == before["ada"]


async def test_guesses_at_two_names_of_one_person_are_counted_together() -> None:
    """Everybody is `login@domain` as well, whatever their user principal name is."""
    here = staffed()
    here.directory.add("ada")
    here.directory.change("ada", upn="countess@corp.example")
    await here.enter("ada")
    guesses = [await here.try_to(name, "a guess") for name in ("ada", "ada@corp.example") * 3]

    assert guesses == [WRONG] * 5 + [Refused(Refusal.THROTTLED, retry_after=1)]
