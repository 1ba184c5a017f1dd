"""`watchword audit`, on a real store."""

from cli.shell import Shell

KEYS = {"at", "action", "subject", "actor", "address", "dialect", "detail"}


def test_what_the_operator_did_is_there(each_shell: Shell) -> None:
    """Newest first, by `operator`, from this command line."""
    ada = each_shell.has("ada")
    each_shell.ask("account", "unlock", "ada")

    events = each_shell.ask("audit", "list")["events"]

    assert [one["action"] for one in events] == ["account.unlock", "account.create"]
    assert all(set(one) == KEYS for one in events)
    assert {one["subject"] for one in events} == {ada["id"]}
    assert {(one["actor"], one["dialect"]) for one in events} == {("operator", "cli")}


def test_events_are_chosen_by_account_and_kind(shell: Shell) -> None:
    """Also those of an account that is gone, by its id."""
    shell.has("boss", "--role", "admin")
    ada = shell.has("ada")
    shell.signs_in("ada")
    shell.ask("account", "delete", "ada", "--yes")

    of_ada = shell.ask("audit", "list", "--account", ada["id"])["events"]
    of_boss = shell.ask("audit", "list", "--account", "boss")["events"]
    deletions = shell.ask("audit", "list", "--action", "account.delete")["events"]

    assert [one["action"] for one in of_ada] == [
        "account.delete",
        "session.signin.ok",
        "account.create",
    ]
    assert [one["action"] for one in of_boss] == ["account.create"]
    assert [one["subject"] for one in deletions] == [ada["id"]]


def test_a_long_trail_goes_on(shell: Shell) -> None:
    """The cursor gives the older ones."""
    for name in ("ada", "bea", "cyd"):
        shell.has(name)

    first = shell.ask("audit", "list", "--limit", "2")
    rest = shell.ask("audit", "list", "--after", first["next"])

    assert (len(first["events"]), len(rest["events"])) == (2, 1)
    assert rest["next"] is None


def test_people_read_names(shell: Shell) -> None:
    """The table has names in place of ids."""
    ada = shell.has("ada")

    ran = shell.run("audit", "list")

    assert "account.create  ada" in ran.out
    assert ada["id"] not in ran.out


def test_a_wrong_cursor_account_or_kind_is_refused(shell: Shell) -> None:
    """Each with its own exit code."""
    shell.has("ada")

    cursor = shell.run("audit", "list", "--after", "nonsense", "--json")
    account = shell.run("audit", "list", "--account", "nobody", "--json")
    action = shell.run("audit", "list", "--action", "account.praise", "--json")

    assert (cursor.code, cursor.error["code"], cursor.error["field"]) == (1, "invalid", "after")
    assert "--after" in cursor.error["message"]
    assert (account.code, account.error["code"]) == (1, "not_found")
    assert (action.code, action.error["code"]) == (2, "usage")
