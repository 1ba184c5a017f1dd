"""Synchronising a directory: who gets an account, what changes, and what one look shows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes_directory import PASSWORD
from unit.core.conftest import HERE, OPERATOR
from unit.core.staff import ADMINS, BY_GROUP, EVERYBODY, STAFF
from unit.core.syncing import Syncing, syncing
from watchword.core.accounts.model import Role, Source
from watchword.core.audit.model import Action
from watchword.core.directory.model import Closed
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.refusals import Refusal
from watchword.core.services.directoryreport import Deed
from watchword.core.services.directoryrules import Creates, DirectoryRules
from watchword.core.services.directorysync import TAKEN_AT_ONCE, WHOLE_EVERY

MAKING = DirectoryRules(creates=Creates.SYNC, roles=BY_GROUP, groups={"Team": frozenset({STAFF})})
TRUSTING = DirectoryRules(creates=Creates.SYNC, trusts_mail=True)
LATER = timedelta(minutes=15)


async def staff(sync: Syncing, *names: str) -> None:
    """Let persons be there who have logged in once."""
    for name in names:
        sync.here.directory.add(name)
        await sync.here.enter(name)


async def test_accounts_are_made_of_everybody_who_may_come_in() -> None:
    """Where the rules say so: with role and groups, as a log-in would make them."""
    sync = syncing(replace(MAKING, allowed=frozenset({STAFF, ADMINS})))
    sync.here.directory.add("ada", ADMINS, email="ada@corp.example")
    sync.here.directory.add("bob", STAFF)
    sync.here.directory.add("eve", EVERYBODY)
    sync.here.directory.add("off", STAFF, closed=Closed.DISABLED)

    done = await sync.run()

    ada, bob = await sync.here.account("ada"), await sync.here.account("bob")
    assert done.deeds == [("ada", Deed.MADE, ""), ("bob", Deed.MADE, "")]
    assert (done.outcome.is_whole, done.seen) == (True, 4)
    assert (ada.source, ada.role, ada.email) == (Source.DIRECTORY, Role.ADMIN, "ada@corp.example")
    memberships = await sync.here.house.services.groups.of(bob.id)
    assert [one.group.name for one in memberships] == ["Team"]
    assert (await sync.here.enter("bob")).account == bob


@pytest.mark.parametrize("creates", [Creates.NEVER, Creates.LOGIN])
async def test_no_account_is_made_unless_the_rules_say_so(creates: Creates) -> None:
    """People are looked at, and those who have an account are brought up to date."""
    sync = syncing(DirectoryRules(creates=creates))
    sync.here.directory.add("ada")

    done = await sync.run()

    assert done.counts == {"seen": 1}
    assert await sync.here.house.services.accounts.find("ada") is None


async def test_what_changed_there_changes_here() -> None:
    """Names, address, role and groups; each line says what it was."""
    sync = syncing(MAKING)
    sync.here.directory.add("ada", ADMINS, STAFF)
    sync.here.directory.add("bob", ADMINS)
    sync.here.directory.add("same")
    await sync.run()
    token = (await sync.here.enter("ada")).token
    sync.here.directory.change("ada", last_name="L", email="l@corp.example", groups=frozenset())
    sync.here.directory.change("bob", login="rob", name="rob")
    sync.here.directory.change("same", password_at=sync.here.house.clock.now())

    done = await sync.run(whole=True)

    ada = await sync.here.account("ada")
    assert done.deeds == [
        ("ada", Deed.CHANGED, "role user, email, names, groups"),
        ("rob", Deed.CHANGED, "name, login"),
    ]
    assert (ada.role, ada.last_name, ada.email) == (Role.USER, "L", "l@corp.example")
    assert await sync.here.house.services.groups.of(ada.id) == ()
    caller = await sync.here.house.services.authenticate.token(token)
    assert caller is not None
    assert caller.account.role is Role.USER


async def test_doing_it_twice_changes_nothing_more() -> None:
    """Neither a look at everybody nor one at what changed finds anything to do."""
    sync = syncing(MAKING)
    for name in ("ada", "bob", "eve"):
        sync.here.directory.add(name, STAFF)
    sync.here.directory.add("off", closed=Closed.EXPIRED)
    await sync.run()
    before = sync.here.house.storage.rows

    whole, changes = await sync.run(whole=True), await sync.run(whole=False)

    after = sync.here.house.storage.rows
    assert (whole.counts, changes.counts) == ({"seen": 4}, {})
    assert (after.accounts, after.links) == (before.accounts, before.links)
    assert after.members == before.members


async def test_a_look_at_what_changed_sees_that_alone() -> None:
    """Who is new, who is another, who has left."""
    sync = syncing(MAKING)
    for name in ("ada", "bob", "eve"):
        sync.here.directory.add(name)
    await sync.run()
    sync.here.directory.change("bob", first_name="Bob")
    sync.here.directory.remove("eve")
    sync.here.directory.add("new")

    done = await sync.run()

    assert not done.outcome.is_whole
    assert done.seen == 2
    assert done.deeds == [
        ("bob", Deed.CHANGED, "names"),
        ("eve", Deed.CLOSED, Closed.GONE),
        ("new", Deed.MADE, ""),
    ]


async def test_who_left_is_found_without_a_right_to_see_what_was_deleted() -> None:
    """Then everybody who is there is listed, and whoever is not has left."""
    sync = syncing(sees_gone=False)
    await staff(sync, "ada", "bob")
    await sync.run()
    sync.here.directory.remove("ada")

    done = await sync.run()

    assert not done.outcome.is_whole
    assert done.deeds == [("ada", Deed.CLOSED, Closed.GONE)]


async def test_a_group_that_changed_reaches_its_members() -> None:
    """No entry of theirs changed; and with them come those who have no account yet."""
    sync = syncing(replace(MAKING, allowed=frozenset({STAFF, ADMINS})))
    sync.here.directory.add("ada", ADMINS)
    sync.here.directory.add("boss", ADMINS)
    sync.here.directory.add("bob", STAFF)
    sync.here.directory.add("new")
    await sync.run()
    sync.here.directory.regroup("ada", STAFF)
    sync.here.directory.regroup("bob")
    sync.here.directory.regroup("new", STAFF)

    done = await sync.run(whole=False)

    assert done.deeds == [
        ("ada", Deed.CHANGED, "role user, groups"),
        ("bob", Deed.CLOSED, Closed.NOT_ADMITTED),
        ("new", Deed.MADE, ""),
    ]


async def test_how_often_everybody_is_looked_at() -> None:
    """Once a day, and whenever another controller answers; else at what changed."""
    sync = syncing()
    sync.here.directory.add("ada")
    looks = [(await sync.run()).outcome.is_whole]
    looks.append((await sync.run()).outcome.is_whole)
    sync.here.house.clock.advance(WHOLE_EVERY - LATER)
    looks.append((await sync.run()).outcome.is_whole)
    sync.here.house.clock.advance(LATER)
    looks.append((await sync.run()).outcome.is_whole)
    looks.append((await sync.run()).outcome.is_whole)
    sync.here.directory.controller = "two"
    looks.append((await sync.run(whole=False)).outcome.is_whole)

    assert looks == [True, False, False, True, False, True]


async def test_the_size_is_expected_where_it_is_known() -> None:
    """As many as have an account; of a look at what changed nobody knows."""
    sync = syncing()
    await staff(sync, "ada", "bob")

    told = [(await sync.run()).told.expected, (await sync.run()).told.expected]

    assert told == [[2], [None]]


async def test_large_directories_come_in_portions() -> None:
    """Each is one commit, and others get their turn in between."""
    sync = syncing(MAKING, at_once=450)
    for number in range(1000):
        sync.here.directory.add(f"user{number}")

    done = await sync.run()

    assert done.counts == {"seen": 1000, "made": 1000}
    assert TAKEN_AT_ONCE == 200
    assert done.portions == 3 + 3 + 1
    assert done.told.breaths >= done.portions


async def test_what_was_done_before_it_broke_off_is_kept_and_the_rest_comes_next() -> None:
    """The mark is put at the end alone, so the next look begins where this one did."""
    sync = syncing(MAKING, at_once=2, portions=1)
    for name in ("ada", "bob", "eve"):
        sync.here.directory.add(name)

    with pytest.raises(UnavailableError):
        await sync.run()
    marked, made = await sync.mark(), set(sync.here.house.storage.rows.accounts)
    sync.here.directory.portions = None
    done = await sync.run()

    assert (marked, len(made)) == (None, 2)
    assert done.deeds == [("eve", Deed.MADE, "")]
    assert (await sync.mark() or "").endswith(" one:3")


async def test_nobodys_account_is_taken_over() -> None:
    """A name that a local account has stays its own, and the report says so each time."""
    sync = syncing(MAKING)
    await sync.here.house.add("ada")
    sync.here.directory.add("ada")
    sync.here.directory.add("ADA")
    sync.here.directory.add("bob")

    first, second = await sync.run(), await sync.run(whole=True)

    refused = [("ADA", Deed.REFUSED, Refusal.NAME_HELD), ("ada", Deed.REFUSED, Refusal.NAME_HELD)]
    assert first.deeds == [*refused, ("bob", Deed.MADE, "")]
    assert second.deeds == refused
    assert (await sync.here.account("ada")).source is Source.LOCAL


async def test_what_stands_against_one_costs_the_others_nothing() -> None:
    """Each is stored by itself then: a name that is held, an address, and a text nobody keeps."""
    sync = syncing(TRUSTING)
    await sync.here.house.add("local", email="held@corp.example")
    for name in ("ada", "bob", "eve"):
        sync.here.directory.add(name)
    await sync.run()
    sync.here.directory.change("ada", name="local")
    sync.here.directory.change("bob", dn="CN=b\x00b")
    sync.here.directory.change("eve", first_name="Eve")
    sync.here.directory.add("new", email="held@corp.example")
    sync.here.directory.add("bad\x00", email="bad@corp.example")

    done = await sync.run()

    assert done.deeds == [
        ("ada", Deed.REFUSED, Refusal.NAME_HELD),
        ("bad\x00", Deed.REFUSED, Refusal.NAME_INVALID),
        ("bob", Deed.REFUSED, "unreadable"),
        ("eve", Deed.CHANGED, "names"),
        ("new", Deed.MADE, ""),
    ]
    new = await sync.here.account("new")
    assert done.told.taken_back == 1
    assert (new.email, new.email_confirmed_at) == ("held@corp.example", None)


async def test_a_new_password_there_ends_sessions_here() -> None:
    """Whoever had the old one may hold them. One that was changed through us ends no more."""
    sync = syncing()
    clock = sync.here.house.clock
    for name in ("ada", "bob"):
        sync.here.directory.add(name)
        sync.here.directory.change(name, password_at=clock.now())
    tokens = [(await sync.here.enter(name)).token for name in ("ada", "bob")]
    clock.advance(LATER)
    sync.here.directory.change("ada", password_at=clock.now())
    caller = await sync.here.house.services.authenticate.token(tokens[1])
    assert caller is not None
    refused = await sync.here.house.services.passwords.change(
        caller.actor(HERE), current=PASSWORD, new="another password", documented=1
    )

    done = await sync.run()

    assert refused is None
    assert done.deeds == [("ada", Deed.CHANGED, "password")]
    assert [await sync.here.lives(token) for token in tokens] == [False, True]


async def test_each_synchronisation_is_on_the_audit_trail() -> None:
    """With its directory, and what it did to whom with the same actor."""
    sync = syncing(MAKING)
    sync.here.directory.add("ada")
    await sync.run()

    events = (await sync.here.house.services.audit.page(limit=10)).items
    assert [(one.action, one.actor) for one in events] == [
        (Action.DIRECTORY_SYNC, OPERATOR.name),
        (Action.ACCOUNT_ADMIT, OPERATOR.name),
    ]
    assert events[0].subject == "corp"
