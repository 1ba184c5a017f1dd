"""What `watchword directory explain` says of people in every state."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from unit.core.conftest import OPERATOR
from unit.core.staff import ADMINS, EVERYBODY, STAFF, Staffed, staffed
from unit.core.syncing import Syncing
from watchword.app.directories import directory_rules
from watchword.cli.answers import Answer
from watchword.cli.directoryexplain import explained
from watchword.core.directory.model import Closed, Verdict
from watchword.core.policy.refusals import Refused
from watchword.settings.load import load
from watchword.settings.model import Settings


def chosen(**more: Any) -> Settings:  # noqa: ANN401 - what stands in a table of the settings
    table = {
        "urls": ["ldaps://dc.corp.example"],
        "domain": "corp.example",
        "netbios": "CORP",
        "bind_user": "us@corp.example",
        "bind_password": "ours",
        "allowed_groups": [f"{STAFF},DC=example", ADMINS],
        "roles": {"admin": [ADMINS]},
        "groups": {"Team": [f"{STAFF},DC=example"]},
        **more,
    }
    return load(environ={}, overrides={"directories": {"corp": table}})


@dataclass
class Desk:
    """A house with a directory, of whose people somebody asks."""

    settings: Settings = field(default_factory=chosen)

    def __post_init__(self) -> None:
        self.here: Staffed = staffed(directory_rules(self.settings)["corp"])

    async def told(self, typed: str, **named: str) -> Answer:
        services = self.here.house.services
        found = await services.directory_accounts.explain(typed, **named)
        assert not isinstance(found, Refused), found
        return await explained(services, self.settings, found)


IN_STAFF = f"{STAFF},DC=example"


def lines(answer: Answer) -> dict[str, str]:
    """Return the page for people, by what each line is about."""
    assert isinstance(answer.text, str)
    pairs = [one.partition(":") for one in answer.text.splitlines() if not one.startswith(" ")]
    return {head: text.strip() for head, _, text in pairs}


def document(answer: Answer) -> Any:  # noqa: ANN401 - what JSON holds
    return answer.document["explanation"]


async def test_who_is_well() -> None:
    """Who they are there, as what they come in here, and where to look if they are refused."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF, ADMINS, email="ada@corp.example")
    desk.here.directory.entry("ada").others = (EVERYBODY,)
    await desk.here.enter("ada")

    answer = await desk.told("ada", domain="CORP")

    page, told = lines(answer), document(answer)
    assert page["Login"] == "ada"
    assert (page["State there"], page["May come in"]) == ("enabled", "yes")
    assert (page["Role"], page["Groups here"]) == ("admin, by groups", "Team")
    assert page["Account here"].startswith("ada (admin, active), ")
    assert "watchword audit list --account ada" in page["What to do"]
    assert f"  {IN_STAFF} (S-1-5-21-1-2-3-" in str(answer.text)
    assert "  <- allowed_groups, groups.Team\n" in str(answer.text)
    assert "  <- allowed_groups, roles.admin\n" in str(answer.text)
    assert [(one["sid"], one["used_for"]) for one in told["groups"]][1:] == [
        (ADMINS, ["allowed_groups", "roles.admin"]),
        (EVERYBODY, []),
    ]
    assert (told["may_come_in"], told["closed"], told["role"]) == (True, None, "admin")
    assert told["account"]["name"] == "ada"
    assert told["person"]["email"] == "ada@corp.example"


async def test_the_last_refusal_is_told_with_its_code() -> None:
    """Somebody is locked there, which no look at their entry says."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF)
    await desk.here.enter("ada")
    desk.here.directory.change("ada", verdict=Verdict.LOCKED)
    await desk.here.try_to("ada")

    answer = await desk.told("ada")

    assert lines(answer)["Last refused"].endswith(" UTC, wrong_credentials 775")
    assert document(answer)["last_refused"]["reason"] == "wrong_credentials 775"


@pytest.mark.parametrize(
    ("closed", "state", "advice"),
    [
        (Closed.DISABLED, "no: disabled", "Enable the user in the directory"),
        (Closed.EXPIRED, "no: expired", "accountExpires"),
    ],
)
async def test_who_is_closed_there(closed: Closed, state: str, advice: str) -> None:
    """The account is open until the next look; what to do stands there first."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF)
    desk.here.directory.add("new", IN_STAFF, closed=closed)
    await desk.here.enter("ada")
    desk.here.directory.change("ada", closed=closed)

    ada, new = await desk.told("ada"), await desk.told("new")

    assert lines(ada)["May come in"] == lines(new)["May come in"] == state
    assert advice in lines(ada)["What to do"]
    assert "`watchword directory sync corp` does it now" in lines(ada)["What to do"]
    assert "does it now" not in lines(new)["What to do"]
    assert document(ada)["closed"] == closed.value


async def test_who_is_in_no_group_that_may_come_in() -> None:
    """It names the key of the settings; all their groups are listed."""
    desk = Desk()
    desk.here.directory.add("ada", EVERYBODY)

    answer = await desk.told("ada")

    assert lines(answer)["May come in"] == "no: in no group that may come in"
    assert "directories.corp.allowed_groups" in lines(answer)["What to do"]
    assert document(answer)["refusal"] == "not_admitted"
    assert EVERYBODY in str(answer.text)


async def test_whose_name_another_account_has() -> None:
    """Nobody's account is taken over, and it says which one is in the way."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF)
    await desk.here.house.add("ada")

    answer = await desk.told("corp\\ada")

    assert lines(answer)["May come in"] == "no: another account here has the name"
    assert lines(answer)["Account here"] == "none"
    assert "`watchword account show ada`" in lines(answer)["What to do"]
    assert document(answer)["refusal"] == "name_held"


async def test_a_name_that_no_account_can_have() -> None:
    """The key of the settings that gives it is named; nothing in it steers the terminal."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF)
    desk.here.directory.change("ada", name="a\x1b[2Jda", dn="CN=a\x1b[2Jda")

    answer = await desk.told("ada")

    assert lines(answer)["May come in"] == "no: no account can have the name"
    assert "directories.corp.attributes.name" in lines(answer)["What to do"]
    assert "\x1b" not in str(answer.text)


@pytest.mark.parametrize(
    ("create", "may", "advice"),
    [
        ("never", "no: nobody has registered them", "registerAD"),
        ("login", "yes", "Their first log-in makes the account."),
        ("sync", "yes", "watchword directory sync corp"),
    ],
)
async def test_who_has_no_account_yet(create: str, may: str, advice: str) -> None:
    """What makes one depends on the settings."""
    desk = Desk(chosen(create=create))
    desk.here.directory.add("ada", IN_STAFF)

    answer = await desk.told("ada")

    assert lines(answer)["May come in"] == may
    assert advice in lines(answer)["What to do"]
    assert document(answer)["account"] is None


async def test_who_an_administrator_here_disabled() -> None:
    """The directory does not open it; a command does."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF)
    account = (await desk.here.enter("ada")).account
    await desk.here.house.services.accounts.change(OPERATOR, account.id, active=False)

    answer = await desk.told("ada")

    assert lines(answer)["May come in"] == "no: the account here is closed"
    assert lines(answer)["Account here"].startswith("ada (user, disabled here), ")
    assert "`watchword account enable ada`" in lines(answer)["What to do"]


async def test_who_is_let_in_again() -> None:
    """The directory has the account closed, and nothing stands in the way any more."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF)
    await desk.here.enter("ada")
    desk.here.directory.change("ada", groups=frozenset())
    await desk.here.try_to("ada")
    closed = await desk.told("ada")
    desk.here.directory.change("ada", groups=frozenset({IN_STAFF}))

    answer = await desk.told("ada")

    by_directory = "ada (user, disabled by the directory (in no group that may come in)), "
    assert lines(closed)["Account here"].startswith(by_directory)
    assert "does it now" not in lines(closed)["What to do"]
    assert lines(answer)["What to do"].startswith("The next log-in or synchronisation opens")
    assert document(answer)["closed_by_directory"] == "not-admitted"


async def test_whose_groups_give_another_role_by_now() -> None:
    """It comes with the next log-in or synchronisation."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF)
    await desk.here.enter("ada")
    desk.here.directory.regroup("ada", ADMINS)

    answer = await desk.told("ada")

    assert lines(answer)["Role"] == "admin, by groups"
    assert lines(answer)["Account here"].startswith("ada (user, active), ")
    assert lines(answer)["What to do"].endswith("gives the account its role.")


async def test_a_role_that_no_group_gives() -> None:
    """Then admins here give it, and the directory changes none."""
    desk = Desk(chosen(roles={}))
    desk.here.directory.add("ada", IN_STAFF)

    assert lines(await desk.told("ada"))["Role"] == "left to admins here: no group gives one"


async def test_who_is_not_shown_any_more() -> None:
    """Before the next look and after it: the account is there, and what happens to it is told."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF)
    desk.here.directory.add("bob", IN_STAFF)
    await desk.here.enter("ada")
    await desk.here.enter("bob")
    desk.here.directory.change("bob", closed=Closed.DISABLED)
    await Syncing(desk.here).run()
    for name in ("ada", "bob"):
        desk.here.directory.remove(name)

    ada, bob = await desk.told("ada"), await desk.told("CORP\\bob")

    assert lines(ada)["State there"] == "gone"
    assert lines(ada)["DN"].endswith(", when last heard")
    assert "`watchword directory sync corp` does it now" in lines(ada)["What to do"]
    assert "the account is closed" in lines(bob)["What to do"]
    assert document(bob)["closed_by_directory"] == "disabled"
    assert (document(ada)["person"], document(ada)["may_come_in"]) == (None, False)


async def test_both_documents_have_the_same_keys() -> None:
    """A script needs no second way for who is gone."""
    desk = Desk()
    desk.here.directory.add("ada", IN_STAFF)
    await desk.here.enter("ada")
    there = document(await desk.told("ada"))
    desk.here.directory.remove("ada")

    assert list(document(await desk.told("ada"))) == list(there)
