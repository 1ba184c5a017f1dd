"""`watchword group`, on a real store."""

import pytest

from cli.shell import Shell, at_terminal

KEYS = {"id", "name", "password_days", "password_history", "created_at"}


def policy(group: dict[str, object]) -> tuple[object, object]:
    return group["password_days"], group["password_history"]


def test_a_group_is_made_and_found(each_shell: Shell) -> None:
    """By name in any case and by id; what it does not say, the settings say."""
    each_shell.ask("migrate")

    made = each_shell.ask("group", "create", "Sales", "--password-days", "90")["group"]
    found = [
        each_shell.ask("group", "show", name)["group"] for name in ("Sales", "sALES", made["id"])
    ]

    assert set(made) == KEYS
    assert (made["name"], *policy(made)) == ("Sales", 90, None)
    assert found == [made | {"members": []}] * 3


def test_groups_are_listed_oldest_first(each_shell: Shell) -> None:
    """And the cursor gives the rest."""
    each_shell.ask("migrate")
    for name in ("Sales", "Admins", "Guests"):
        each_shell.ask("group", "create", name)

    first = each_shell.ask("group", "list", "--limit", "2")
    rest = each_shell.ask("group", "list", "--after", first["next"])

    assert [one["name"] for one in first["groups"]] == ["Sales", "Admins"]
    assert [one["name"] for one in rest["groups"]] == ["Guests"]
    assert rest["next"] is None


def test_people_read_what_holds_for_members(shell: Shell) -> None:
    """Zero days are told as what they mean."""
    shell.ask("migrate")
    shell.ask("group", "create", "Sales", "--password-days", "0", "--password-history", "0")
    shell.ask("group", "create", "Admins", "--password-days", "90")

    lines = shell.run("group", "list").out.splitlines()

    assert lines[1].startswith("Sales   never expire   0 ")
    assert lines[2].startswith("Admins  90             inherit ")


def test_a_change_leaves_the_rest(each_shell: Shell) -> None:
    """Name and policy change one by one; a group keeps its id and its members."""
    each_shell.has("ada")
    made = each_shell.ask(
        "group", "create", "Sales", "--password-days", "90", "--password-history", "5"
    )["group"]
    each_shell.ask("group", "add", "Sales", "ada")

    renamed = each_shell.ask("group", "change", "sales", "--name", "Trade")["group"]
    never = each_shell.ask("group", "change", "Trade", "--password-days", "0")["group"]
    inherits = each_shell.ask("group", "change", "Trade", "--password-history", "inherit")["group"]

    assert renamed == made | {"name": "Trade"}
    assert (policy(never), policy(inherits)) == ((0, 5), (0, None))
    assert len(each_shell.ask("group", "show", made["id"])["group"]["members"]) == 1


def test_members_have_roles(each_shell: Shell) -> None:
    """An account can be several things in a group; being one of them twice is once."""
    ada, bea = each_shell.has("ada"), each_shell.has("bea")
    each_shell.ask("group", "create", "Sales")

    added = each_shell.ask("group", "add", "Sales", "Ada")["member"]
    for role in ("lead", "lead"):
        each_shell.ask("group", "add", "Sales", "ada", "--role", role)
    each_shell.ask("group", "add", "Sales", "bea")
    members = each_shell.ask("group", "show", "Sales")["group"]["members"]

    assert added == {"account_id": ada["id"], "account_name": "ada", "role": "member"}
    assert sorted((one["account_name"], one["role"]) for one in members) == [
        ("ada", "lead"),
        ("ada", "member"),
        ("bea", "member"),
    ]
    assert {one["account_id"] for one in members} == {ada["id"], bea["id"]}


def test_members_come_in_pages(shell: Shell) -> None:
    """A big group is read to its end."""
    for name in ("ada", "bea", "cyd"):
        shell.has(name)
    shell.ask("group", "create", "Sales")
    for name in ("ada", "bea", "cyd"):
        shell.ask("group", "add", "Sales", name)

    first = shell.ask("group", "show", "Sales", "--limit", "2")
    rest = shell.ask("group", "show", "Sales", "--after", first["next"])
    names = [one["account_name"] for one in first["group"]["members"] + rest["group"]["members"]]

    assert sorted(names) == ["ada", "bea", "cyd"]
    assert rest["next"] is None
    assert "repeat with --after" in shell.run("group", "show", "Sales", "--limit", "2").out


def test_a_member_leaves_with_one_role_or_all(each_shell: Shell) -> None:
    """What is left is still there."""
    each_shell.has("ada")
    each_shell.ask("group", "create", "Sales")
    for role in ("lead", "scout", "clerk"):
        each_shell.ask("group", "add", "Sales", "ada", "--role", role)

    one = each_shell.ask("group", "remove", "Sales", "ada", "--role", "lead")["removed"]
    left = each_shell.ask("account", "show", "ada")["account"]["groups"]
    others = each_shell.ask("group", "remove", "Sales", "ada")["removed"]
    gone = each_shell.run("group", "remove", "Sales", "ada", "--json")

    assert [it["role"] for it in one] == ["lead"]
    assert [it["role"] for it in left] == [it["role"] for it in others] == ["clerk", "scout"]
    assert (gone.code, gone.error["code"]) == (1, "not_found")
    assert "ada is not in Sales" in gone.error["message"]


def test_a_deleted_group_is_gone_and_its_members_stay(each_shell: Shell) -> None:
    """As accounts, without a trace of the group."""
    each_shell.has("ada")
    made = each_shell.ask("group", "create", "Sales")["group"]
    each_shell.ask("group", "add", "Sales", "ada")

    deleted = each_shell.ask("group", "delete", "Sales", "--yes")["group"]
    missing = each_shell.run("group", "show", "Sales", "--json")

    assert deleted == made
    assert (missing.code, missing.error["code"]) == (1, "not_found")
    assert "group" in missing.error["message"]
    assert each_shell.ask("account", "show", "ada")["account"]["groups"] == []


def test_deleting_without_a_terminal_needs_a_yes(shell: Shell) -> None:
    """A script that forgot --yes deletes nothing and is told so."""
    shell.ask("migrate")
    shell.ask("group", "create", "Sales")

    ran = shell.run("group", "delete", "Sales", typed="y\n")

    assert ran.code == 2
    assert "--yes" in ran.err
    assert shell.ask("group", "show", "Sales")


@pytest.mark.parametrize(("answer", "code", "left"), [("n", 1, 1), ("y", 0, 0)])
def test_deleting_at_a_terminal_asks(shell: Shell, answer: str, code: int, left: int) -> None:
    """Only a yes deletes."""
    shell.ask("migrate")
    shell.ask("group", "create", "Sales")

    ran = at_terminal(
        [*shell.where, "group", "delete", "sales"],
        [("Delete the group Sales for good?", f"{answer}\n")],
    )

    assert ran.code == code
    assert len(shell.ask("group", "list")["groups"]) == left


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("create", "SALES"), 1, "group_name_taken"),
        (("create", ""), 1, "group_name_invalid"),
        (("create", "x" * 101), 1, "group_name_invalid"),
        (("create", "b\tell"), 1, "group_name_invalid"),
        (("create", "x", "--password-days", "3651"), 2, "usage"),
        (("create", "x", "--password-days", "-1"), 2, "usage"),
        (("create", "x", "--password-history", "25"), 2, "usage"),
        (("change", "Sales"), 2, "usage"),
        (("change", "Sales", "--name", "Guests"), 1, "group_name_taken"),
        (("change", "Sales", "--name", " "), 1, "group_name_invalid"),
        (("change", "Sales", "--password-days", "3651"), 2, "usage"),
        (("change", "Sales", "--password-days", "-1"), 2, "usage"),
        (("change", "Sales", "--password-days", "often"), 2, "usage"),
        (("change", "Sales", "--password-history", "25"), 2, "usage"),
        (("change", "Sales", "--password-history", "\N{SUPERSCRIPT TWO}"), 2, "usage"),
        (("change", "Nothing", "--name", "x"), 1, "not_found"),
        (("delete", "Nothing", "--yes"), 1, "not_found"),
        (("add", "Nothing", "ada"), 1, "not_found"),
        (("add", "Sales", "nobody"), 1, "not_found"),
        (("add", "Sales", "ada", "--role", ""), 1, "group_name_invalid"),
        (("add", "Sales", "ada", "--role", "x" * 101), 1, "group_name_invalid"),
        (("remove", "Sales", "nobody"), 1, "not_found"),
    ],
)
def test_what_cannot_be_is_refused(
    shell: Shell, words: tuple[str, ...], exit_code: int, code: str
) -> None:
    """With a word for scripts, and nothing has changed."""
    shell.has("ada")
    for name in ("Sales", "Guests"):
        shell.ask("group", "create", name)
    before = shell.ask("group", "list")

    ran = shell.run("group", *words, "--json")

    assert (ran.code, ran.out, ran.error["code"]) == (exit_code, "", code)
    assert shell.ask("group", "list") == before
    assert shell.ask("account", "show", "ada")["account"]["groups"] == []


def test_what_was_done_to_groups_is_recorded(shell: Shell) -> None:
    """Of the group by its id; of an account who came or went, with the group's."""
    ada = shell.has("ada")
    sales = shell.ask("group", "create", "Sales")["group"]
    shell.ask("group", "change", "Sales", "--password-days", "90")
    shell.ask("group", "add", "Sales", "ada")
    shell.ask("group", "remove", "Sales", "ada")
    shell.ask("group", "delete", "Sales", "--yes")

    events = shell.ask("audit", "list", "--limit", "5")["events"]

    assert [(one["action"], one["subject"], one["detail"]) for one in events] == [
        ("group.delete", sales["id"], ""),
        ("group.remove", ada["id"], sales["id"]),
        ("group.add", ada["id"], sales["id"]),
        ("group.change", sales["id"], ""),
        ("group.create", sales["id"], ""),
    ]


def test_an_empty_list_says_so(shell: Shell) -> None:
    """For people a sentence, for programs an empty array."""
    shell.ask("migrate")

    ran = shell.run("group", "list")

    assert ran.out == "There are no groups.\n"
    assert shell.ask("group", "list") == {"groups": [], "next": None}
