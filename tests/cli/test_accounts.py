"""`watchword account`, on a real store."""

import pytest

from cli.shell import PASSWORD, Shell
from watchword.cli.answers import visible

KEYS = {
    "id",
    "name",
    "role",
    "state",
    "source",
    "email",
    "email_confirmed_at",
    "first_name",
    "last_name",
    "created_at",
    "updated_at",
}


def test_a_made_account_can_log_in(each_shell: Shell) -> None:
    """Who was made at the command line logs in by name and by the address that was vouched for."""
    made = each_shell.has("Ada", "--role", "admin", "--email", "ada@example.org")

    assert set(made) == KEYS
    assert (made["name"], made["role"], made["state"]) == ("Ada", "admin", "active")
    assert each_shell.signs_in("ada")
    assert each_shell.signs_in("ada@example.org")


def test_a_store_that_was_made_is_told(shell: Shell) -> None:
    """The first account makes the store where somebody stands, who may have meant another."""
    words = ("account", "create", "ada", "--password-stdin")

    first = shell.run(*words, typed=PASSWORD)
    second = shell.run("account", "create", "bea", "--password-stdin", typed=PASSWORD)

    assert f"a new one is at {shell.folder / 'watchword.db'} now" in first.err
    assert second.err == ""


def test_a_list_goes_on_where_it_ended(each_shell: Shell) -> None:
    """Accounts come oldest first, and the cursor gives the rest."""
    for name in ("ada", "bea", "cyd"):
        each_shell.has(name)

    first = each_shell.ask("account", "list", "--limit", "2")
    rest = each_shell.ask("account", "list", "--after", first["next"])

    assert [one["name"] for one in first["accounts"]] == ["ada", "bea"]
    assert [one["name"] for one in rest["accounts"]] == ["cyd"]
    assert rest["next"] is None


def test_a_search_goes_on_where_it_ended(each_shell: Shell) -> None:
    """A prefix lists in the order of names, whatever their case; its cursor gives the rest."""
    for name in ("adz", "Ada", "bea", "ADB"):
        each_shell.has(name)

    first = each_shell.ask("account", "list", "--prefix", "aD", "--limit", "2")
    rest = each_shell.ask("account", "list", "--prefix", "aD", "--after", first["next"])

    assert [one["name"] for one in first["accounts"]] == ["Ada", "ADB"]
    assert [one["name"] for one in rest["accounts"]] == ["adz"]
    assert rest["next"] is None
    assert each_shell.ask("account", "list", "--prefix", "a%")["accounts"] == []


def test_accounts_are_counted(each_shell: Shell) -> None:
    """Those that are there now."""
    for name in ("ada", "bea", "cyd"):
        each_shell.has(name)
    each_shell.ask("account", "delete", "bea", "--yes")

    assert each_shell.ask("account", "count") == {"accounts": 2}


def test_people_get_a_table(shell: Shell) -> None:
    """Without --json the list is a table, and says how it goes on."""
    shell.has("ada", "--role", "admin")
    shell.has("bea")

    ran = shell.run("account", "list", "--limit", "1")

    assert ran.code == 0
    assert ran.out.splitlines()[0].split()[:3] == ["name", "role", "state"]
    assert ran.out.splitlines()[1].split()[:3] == ["ada", "admin", "active"]
    assert "repeat with --after" in ran.out
    assert [line.split()[0] for line in ran.out.splitlines()] == ["name", "ada", "There"]


def test_a_name_cannot_steer_the_terminal(shell: Shell) -> None:
    """What people chose is printed so that no markup works; an escape is no part of a name."""
    refused = shell.run("account", "create", "bob", "--first-name", "\x1b[31mred")
    shell.has("ada", "--first-name", "red [bold]x[/bold]")

    ran = shell.run("account", "show", "ada")

    assert refused.code != 0
    assert "\x1b" not in refused.out + refused.err
    assert "red [bold]x[/bold]" in ran.out


def test_no_escape_sequence_is_printed() -> None:
    """Names of other origin, from before the rule or from a directory, are defused when shown."""
    shown = visible("\x1b[31mred\u202e")

    assert shown == "\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"


def test_an_account_is_found_by_name_address_and_id(shell: Shell) -> None:
    """All three name the same account, in any case."""
    made = shell.has("Ada", "--email", "ada@example.org")

    found = [
        shell.ask("account", "show", name)["account"]["id"]
        for name in ("ADA", "Ada@Example.org", made["id"])
    ]

    assert found == [made["id"]] * 3


def test_show_tells_of_sessions_and_the_last_log_in(shell: Shell) -> None:
    """The document has the account, how often it is logged in, and since when."""
    shell.has("ada")
    before = shell.ask("account", "show", "ada")["account"]
    shell.signs_in("ada")

    after = shell.ask("account", "show", "ada")["account"]

    assert (before["live_sessions"], before["last_signin_at"]) == (0, None)
    assert after["live_sessions"] == 1
    assert after["last_signin_at"].endswith("+00:00")
    assert set(after) == KEYS | {"live_sessions", "live_api_keys", "last_signin_at", "groups"}


def test_show_tells_of_groups_and_keys(each_shell: Shell) -> None:
    """How many API keys work for the account, and what it is where."""
    each_shell.has("ada")
    before = each_shell.ask("account", "show", "ada")["account"]
    sales = each_shell.ask("group", "create", "Sales")["group"]
    each_shell.ask("group", "add", "Sales", "ada", "--role", "lead")
    for name in ("one", "two"):
        each_shell.ask("apikey", "create", "ada", "--name", name)

    after = each_shell.ask("account", "show", "ada")["account"]
    table = each_shell.run("account", "show", "ada").out

    assert (before["live_api_keys"], before["groups"]) == (0, [])
    assert after["live_api_keys"] == 2
    assert after["groups"] == [{"id": sales["id"], "name": "Sales", "role": "lead"}]
    assert "Sales (lead)" in table


def test_disabling_ends_what_was_open(each_shell: Shell) -> None:
    """A disabled account's token is dead and its log-in refused, until it is enabled."""
    each_shell.has("boss", "--role", "admin")
    each_shell.has("ada")
    token = each_shell.signs_in("ada") or ""

    disabled = each_shell.ask("account", "disable", "ada")["account"]
    refused = each_shell.signs_in("ada")
    each_shell.ask("account", "enable", "ada")

    assert disabled["state"] == "disabled"
    assert each_shell.holds(token) is None
    assert refused is None
    assert each_shell.signs_in("ada")


def test_a_role_changes(each_shell: Shell) -> None:
    """The role of an account is what was asked for; an unknown one is not understood."""
    each_shell.has("ada")

    changed = each_shell.ask("account", "role", "ada", "admin")["account"]
    unknown = each_shell.run("account", "role", "ada", "king")

    assert changed["role"] == "admin"
    assert unknown.code == 2


@pytest.mark.parametrize(
    "words", [("disable", "ada"), ("role", "ada", "user"), ("delete", "ada", "--yes")]
)
def test_the_last_admin_goes_only_by_force(each_shell: Shell, words: tuple[str, ...]) -> None:
    """Without --force it is refused, with it done, and the warning says what it means."""
    each_shell.has("ada", "--role", "admin")

    refused = each_shell.run("account", *words, "--json")
    forced = each_shell.run("account", *words, "--force")

    assert (refused.code, refused.error["code"]) == (1, "last_admin")
    assert "--force" in refused.error["message"]
    assert forced.code == 0
    assert forced.err.startswith("Warning: no enabled admin is left")


def test_force_that_was_not_needed_warns_of_nothing(shell: Shell) -> None:
    """Another admin is there, so nothing is lost."""
    shell.has("ada", "--role", "admin")
    shell.has("bea", "--role", "admin")

    document = shell.ask("account", "disable", "ada", "--force")

    assert set(document) == {"account"}


def test_the_warning_is_in_the_document(shell: Shell) -> None:
    """With --json the warning does not disturb: it is part of the answer."""
    shell.has("ada", "--role", "admin")

    ran = shell.run("account", "disable", "ada", "--force", "--json")

    assert ran.err == ""
    assert "no enabled admin is left" in ran.document["warnings"][0]


def test_a_deleted_account_is_gone(each_shell: Shell) -> None:
    """Deleting answers with what was there; then nobody has the name."""
    made = each_shell.has("ada")

    deleted = each_shell.ask("account", "delete", "ada", "--yes")["account"]
    missing = each_shell.run("account", "show", "ada", "--json")

    assert deleted["id"] == made["id"]
    assert (missing.code, missing.error["code"]) == (1, "not_found")


def test_deleting_without_a_terminal_needs_a_yes(shell: Shell) -> None:
    """A script that forgot --yes deletes nothing and is told so."""
    shell.has("ada")

    ran = shell.run("account", "delete", "ada", typed="y\n")

    assert ran.code == 2
    assert "--yes" in ran.err
    assert shell.ask("account", "show", "ada")


def test_a_new_password_ends_the_old_ones_sessions(each_shell: Shell) -> None:
    """After passwd the old password and the old tokens are dead, the new one works."""
    each_shell.has("ada")
    token = each_shell.signs_in("ada") or ""

    ran = each_shell.run("account", "passwd", "ada", "--password-stdin", typed="pear tree lamp 9\n")

    assert ran.code == 0
    assert each_shell.holds(token) is None
    assert each_shell.signs_in("ada") is None
    assert each_shell.signs_in("ada", "pear tree lamp 9")


def test_unlock_ends_the_waits(shell: Shell) -> None:
    """After too many wrong passwords the right one waits; unlocking lets it in."""
    shell.has("ada")
    for _ in range(6):
        shell.signs_in("ada", "wrong")
    locked_out = shell.signs_in("ada")

    ran = shell.run("account", "unlock", "ada")

    assert locked_out is None
    assert ran.code == 0
    assert shell.signs_in("ada")


@pytest.mark.parametrize(
    ("words", "password", "code"),
    [
        (("ADA",), PASSWORD, "name_taken"),
        (("bea", "--email", "ada@example.org"), PASSWORD, "address_taken"),
        (("bea", "--email", "nowhere"), PASSWORD, "address_invalid"),
        (("b\ta",), PASSWORD, "name_invalid"),
        (("bea",), "short", "password_short"),
        (("bea",), "password", "password_common"),
        (("bea",), "Admin123", "password_common"),
        (("bea",), "x" * 1025, "password_long"),
    ],
)
def test_what_cannot_be_made_is_refused(
    shell: Shell, words: tuple[str, ...], password: str, code: str
) -> None:
    """The refusal has a word for scripts, a sentence for people, and exit code 1."""
    shell.has("ada", "--email", "ada@example.org")

    ran = shell.run(
        "account", "create", *words, "--password-stdin", "--json", typed=password + "\n"
    )

    assert (ran.code, ran.out, ran.error["code"]) == (1, "", code)


@pytest.mark.parametrize(
    "words",
    [
        ("show", "nobody"),
        ("disable", "nobody"),
        ("enable", "nobody"),
        ("role", "nobody", "user"),
        ("unlock", "nobody"),
        ("passwd", "nobody", "--password-stdin"),
        ("delete", "nobody", "--yes"),
    ],
)
def test_nobody_is_not_found(shell: Shell, words: tuple[str, ...]) -> None:
    """Each command that names an account says when there is none."""
    shell.has("ada")

    ran = shell.run("account", *words, typed=PASSWORD)

    assert ran.code == 1
    assert ran.err.startswith("Error: There is no such account.")


def test_an_id_means_the_account_that_has_it(shell: Shell) -> None:
    """Somebody who calls themselves by another's id is not taken for them."""
    ada = shell.has("ada")
    shell.has(ada["id"])

    found = shell.ask("account", "show", ada["id"])["account"]

    assert found["name"] == "ada"
