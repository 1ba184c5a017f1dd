"""Registering people of a directory, and keeping their accounts up."""

from dataclasses import replace

import pytest

from fakes_directory import DIRECTORY
from unit.core.conftest import HERE, MONTH, OPERATOR, ruled
from unit.core.staff import ADMINS, BY_GROUP, EVERYBODY, STAFF, Staffed, staffed
from watchword.core.accounts.model import Account, Role
from watchword.core.directory.model import Closed
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.ids import ApiKeyId
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.apikeys import KeyWish, ShownKey
from watchword.core.services.directoryaccounts import Explanation, Unseen
from watchword.core.services.directoryrules import Creates, DirectoryRules


async def register(here: Staffed, typed: str, **how: object) -> object:
    return await here.house.services.directory_accounts.register(OPERATOR, typed, **how)  # type: ignore[arg-type]  # as a test likes


async def explain(here: Staffed, typed: str) -> Explanation:
    explained = await here.house.services.directory_accounts.explain(typed)
    assert isinstance(explained, Explanation), explained
    return explained


async def test_an_admin_registers_somebody() -> None:
    """Filled from the directory; a second time it is taken."""
    here = staffed()
    here.directory.add("ada", first_name="Ada")

    made = await register(here, "CORP\\ada", role="admin")

    assert isinstance(made, Account)
    assert (made.name, made.first_name, made.role) == ("ada", "Ada", Role.ADMIN)
    assert (await here.enter("ada")).account.role is Role.ADMIN
    assert await register(here, "ada") == Refused(Refusal.NAME_TAKEN)


@pytest.mark.parametrize(
    ("typed", "how", "reason"),
    [
        ("nobody", {}, Refusal.NOT_FOUND),
        ("ada", {"domain": "nowhere"}, Refusal.DIRECTORY_UNKNOWN),
        ("ada", {"role": "king"}, Refusal.ROLE_UNKNOWN),
        ("bob", {}, Refusal.NOT_ADMITTED),
        ("off", {}, Refusal.DISABLED),
        ("late", {}, Refusal.ACCOUNT_EXPIRED),
        ("local", {}, Refusal.NAME_HELD),
        ("root", {"role": "user"}, Refusal.DIRECTORY_KEEPS),
    ],
)
async def test_why_somebody_is_not_registered(
    typed: str, how: dict[str, str], reason: Refusal
) -> None:
    """Each reason by itself."""
    here = staffed(DirectoryRules(allowed=frozenset({STAFF}), roles=BY_GROUP))
    here.directory.add("ada", STAFF)
    here.directory.add("bob", EVERYBODY)
    here.directory.add("off", STAFF, closed=Closed.DISABLED)
    here.directory.add("late", STAFF, closed=Closed.EXPIRED)
    here.directory.add("local", STAFF)
    here.directory.add("root", STAFF, ADMINS)
    await here.house.add("local")

    assert await register(here, typed, **how) == Refused(reason)


async def test_only_an_admin_registers_and_no_key_makes_an_admin() -> None:
    """By the role that is asked for, and by the groups as well."""
    here = staffed(DirectoryRules(roles=BY_GROUP))
    here.directory.add("ada")
    here.directory.add("root", ADMINS)
    await here.house.add("boss", role=Role.ADMIN)
    boss = await here.house.actor("boss")
    key = replace(boss, session_id=None, key_id=ApiKeyId("k1"))
    registers = here.house.services.directory_accounts.register

    assert await registers(key, "root") == Refused(Refusal.KEY_SCOPE)
    assert isinstance(await registers(key, "ada"), Account)
    stranger = Actor(name="x", is_admin=False, origin=HERE)
    assert await registers(stranger, "root") == Refused(Refusal.NOT_ADMIN)


async def test_without_a_service_account_nobody_can_be_looked_up() -> None:
    """It says so, instead of saying that there is no such user."""
    here = staffed(looks=False)
    here.directory.add("ada")

    assert await register(here, "ada") == Refused(Refusal.DIRECTORY_BLIND)


async def test_an_address_that_is_somebody_elses_is_not_confirmed() -> None:
    """The account is made all the same."""
    here = staffed(DirectoryRules(trusts_mail=True))
    await here.house.add("local", email="shared@corp.example")
    here.directory.add("ada", email="shared@corp.example")
    here.directory.add("bob", email="no address at all")

    ada, bob = (await here.enter("ada")).account, (await here.enter("bob")).account

    assert (ada.email, ada.email_confirmed_at) == ("shared@corp.example", None)
    assert bob.email is None


async def test_a_rename_to_a_name_that_is_taken_keeps_the_old_one() -> None:
    """Nobody is locked out by it, and nobody's account is taken."""
    here = staffed()
    here.directory.add("ada")
    await here.enter("ada")
    await here.house.add("countess")
    here.directory.change("ada", login="countess", name="countess", last_name="L")

    account = (await here.enter("corp\\countess")).account

    assert (account.name, account.last_name) == ("ada", "L")


async def test_a_name_that_no_account_can_have_makes_none() -> None:
    """It is said so, and nothing breaks."""
    here = staffed()
    here.directory.add("ada")
    here.directory.change("ada", name="a\x00b")

    assert await register(here, "ada") == Refused(Refusal.NAME_INVALID)


async def test_what_the_directory_closed_is_not_opened_here() -> None:
    """The next synchronisation would close it again."""
    here = staffed()
    here.directory.add("ada")
    account = (await here.enter("ada")).account
    here.directory.change("ada", closed=Closed.DISABLED)
    here.house.negotiation.tickets[b"ada"] = here.directory.ticket_of("ada")
    signin = here.house.services.directory_signin
    await signin.with_ticket(b"ada", origin=HERE, terms=MONTH)
    change = here.house.services.accounts.change

    assert await change(OPERATOR, account.id, active=True) == Refused(Refusal.DIRECTORY_KEEPS)
    here.directory.change("ada", closed=Closed.OPEN)
    assert (await here.enter("ada")).account.is_active


async def test_explaining_says_who_somebody_is_and_what_follows() -> None:
    """Their groups, their role here, and their account."""
    rules = DirectoryRules(
        allowed=frozenset({STAFF}), roles=BY_GROUP, groups={"Team": frozenset({STAFF})}
    )
    here = staffed(rules)
    here.directory.add("ada", STAFF, ADMINS)
    here.directory.add("bob")
    here.directory.add("local", STAFF)
    await here.enter("ada")
    await here.house.add("local")

    ada, bob = await explain(here, "ada"), await explain(here, "bob")

    assert (ada.closed, ada.role, ada.groups) == (Closed.OPEN, Role.ADMIN, ("Team",))
    assert {one.named for one in ada.belongings} == {STAFF, ADMINS}
    assert ada.known is not None
    assert ada.known.account.name == "ada"
    assert (bob.closed, bob.known, bob.refusal) == (
        Closed.NOT_ADMITTED,
        None,
        Refusal.NOT_ADMITTED,
    )
    assert (await explain(here, "local")).refusal is Refusal.NAME_HELD


async def test_who_was_renamed_is_found_by_the_names_they_had() -> None:
    """There and here; who was removed there has an account all the same."""
    here = staffed()
    for name in ("ada", "bob", "eve"):
        here.directory.add(name)
        await here.enter(name)
    here.directory.change("ada", login="countess", name="countess", upn="countess@corp.example")
    here.directory.change("eve", name="evelyn")
    here.directory.remove("bob")
    await here.enter("eve")
    accounts = here.house.services.directory_accounts

    by_old_login, by_account = await explain(here, "ada"), await explain(here, "evelyn")
    bob, nobody = await accounts.explain("corp\\bob"), await accounts.explain("nobody")
    here.directory.looks = False
    blind = await accounts.explain("bob")

    assert (by_old_login.person.login, by_account.person.login) == ("countess", "eve")
    assert by_old_login.known is not None
    assert isinstance(bob, Unseen)
    assert (bob.account.name, bob.link.closed) == ("bob", Closed.OPEN)
    assert nobody == Refused(Refusal.NOT_FOUND)
    assert blind == Refused(Refusal.DIRECTORY_BLIND)


async def test_explaining_changes_nothing() -> None:
    """No account is made, and no group."""
    here = staffed(DirectoryRules(groups={"Team": frozenset({STAFF})}))
    here.directory.add("ada", STAFF)
    await explain(here, "ada")

    assert await here.house.services.accounts.find("ada") is None
    assert await here.house.services.groups.find("Team") is None


async def test_other_rules_count_from_the_next_log_in() -> None:
    """The settings changed: who was admitted by a group that is not named any more is not."""
    here = staffed(DirectoryRules(allowed=frozenset({STAFF}), creates=Creates.LOGIN))
    here.directory.add("ada", STAFF)
    token = (await here.enter("ada")).token
    other = DirectoryRules(allowed=frozenset({EVERYBODY}))
    here.house.services = here.house.under(ruled(directories={DIRECTORY: other}))

    assert await here.try_to("ada") == Refused(Refusal.NOT_ADMITTED)
    assert not await here.lives(token)


async def test_a_key_of_a_directorys_user_dies_with_the_account() -> None:
    """As a session does."""
    here = staffed()
    here.directory.add("ada")
    account = (await here.enter("ada")).account
    made = await here.house.services.api_keys.make_for(OPERATOR, account.id, KeyWish(name="cron"))
    assert isinstance(made, ShownKey)
    await here.house.services.accounts.change(OPERATOR, account.id, active=False)

    assert await here.house.services.check_key.caller(made.text) is None


async def test_a_name_that_is_too_long_to_be_typed_finds_nobody() -> None:
    """Active Directory allows 1,024 characters; the account is made all the same."""
    here = staffed()
    here.directory.add("ada")
    here.directory.change("ada", upn=f"{'a' * 1000}@corp.example")

    await here.enter("ada")

    assert (await here.link("ada")).upn_key == ""
