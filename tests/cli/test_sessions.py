"""`watchword session`, on a real store."""

from cli.shell import Shell
from watchword.core.sessions.model import Kind

KEYS = {
    *("label", "account_id", "account_name", "dialect", "kind", "client", "address"),
    *("created_at", "last_used_at", "expires_at"),
}


def test_sessions_are_listed_newest_first(each_shell: Shell) -> None:
    """Everybody's, or one account's, under labels."""
    each_shell.has("ada")
    each_shell.has("bea")
    for name in ("ada", "bea", "ada"):
        each_shell.signs_in(name)

    everybody = each_shell.ask("session", "list")["sessions"]
    only_ada = each_shell.ask("session", "list", "ada")

    assert [one["account_name"] for one in everybody] == ["ada", "bea", "ada"]
    assert [one["account_name"] for one in only_ada["sessions"]] == ["ada", "ada"]
    assert only_ada["next"] is None
    assert all(set(one) == KEYS for one in everybody)
    assert everybody[0]["address"] == "192.0.2.7"


def test_the_list_says_what_uses_a_session(each_shell: Shell) -> None:
    """What the program calls itself, what kind of session it asked for, and its last use."""
    each_shell.has("ada")
    each_shell.signs_in("ada")
    used = each_shell.signs_in("ada", client="desk 7", kind=Kind.COOKIE) or ""
    each_shell.holds(used)

    browser, program = each_shell.ask("session", "list")["sessions"]
    shown = each_shell.run("session", "list").out

    assert (browser["kind"], browser["client"]) == ("cookie", "desk 7")
    assert browser["last_used_at"] >= browser["created_at"]
    assert (program["kind"], program["client"], program["last_used_at"]) == ("bearer", "", None)
    assert all(word in shown for word in ("desk 7", "cookie", "bearer", "last used (UTC)"))


def test_a_session_ends_by_the_beginning_of_its_label(each_shell: Shell) -> None:
    """Its token is dead, the other one lives."""
    each_shell.has("ada")
    token = each_shell.signs_in("ada") or ""
    [session] = each_shell.ask("session", "list")["sessions"]
    other = each_shell.signs_in("ada") or ""

    ended = each_shell.ask("session", "end", session["label"][:8].upper())["ended"]

    assert ended == [session]
    assert each_shell.holds(token) is None
    assert each_shell.holds(other) == "ada"


def test_all_sessions_of_an_account_end(each_shell: Shell) -> None:
    """Those of others stay."""
    each_shell.has("ada")
    each_shell.has("bea")
    tokens = [each_shell.signs_in(name) or "" for name in ("ada", "ada", "bea")]

    ended = each_shell.ask("session", "end", "--account", "Ada")["ended"]

    assert len(ended) == 2
    assert [each_shell.holds(token) for token in tokens] == [None, None, "bea"]


def test_a_label_that_nobody_has_is_not_found(shell: Shell) -> None:
    """So is one that has ended already."""
    shell.has("ada")

    ran = shell.run("session", "end", "0000000000000000", "--json")

    assert (ran.code, ran.error["code"]) == (1, "not_found")


def test_what_is_not_meant_ends_nothing(shell: Shell) -> None:
    """No label, a label and an account, or too little of a label: exit 2."""
    shell.has("ada")
    shell.signs_in("ada")

    codes = [
        shell.run("session", "end", *words).code
        for words in ((), ("abcd", "--account", "ada"), ("abc",), ("",))
    ]

    assert codes == [2, 2, 2, 2]
    assert len(shell.ask("session", "list")["sessions"]) == 1


def test_the_list_shows_nothing_that_opens(shell: Shell) -> None:
    """The session's id, which stands in its token, is in no answer and no audit event."""
    shell.has("ada")
    token = shell.signs_in("ada") or ""
    [label] = [one["label"] for one in shell.ask("session", "list")["sessions"]]

    shell.run("session", "end", label)
    printed = shell.run("audit", "list", "--json").out
    [event] = shell.ask("audit", "list", "--action", "session.end")["events"]

    assert token not in printed
    assert event["detail"] == label


def test_nobody_logged_in_is_said(shell: Shell) -> None:
    """An empty list is a sentence for people and an empty array for programs."""
    shell.has("ada")

    ran = shell.run("session", "list")

    assert ran.out == "Nobody is logged in.\n"
    assert shell.ask("session", "list") == {"sessions": [], "next": None}
