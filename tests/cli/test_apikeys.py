"""`watchword apikey`, on a real store."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.shell import Ran, Shell, program
from watchword.core.apikeys.model import hint_of, is_key

KEYS = {
    "id",
    "account_id",
    "account_name",
    "name",
    "hint",
    "scopes",
    "per_minute",
    "created_at",
    "last_used_at",
    "expires_at",
    "expired",
}
LIST = ("apikey", "list")


def makes(shell: Shell, account: str, name: str, *words: str) -> tuple[dict[str, Any], str]:
    """Make a key; return what is told of it, and its text."""
    document = shell.ask("apikey", "create", account, "--name", name, *words)
    return document["api_key"], document["key"]


def after(span: timedelta, text: str | None) -> bool:
    """Say whether a time of an answer is so long from now, give or take two minutes.

    One minute may have been cut off, since uses are told to the minute.
    """
    assert text is not None
    return abs(datetime.fromisoformat(text) - datetime.now(UTC) - span) < timedelta(minutes=2)


def test_a_made_key_opens(each_shell: Shell) -> None:
    """It belongs to the account, identifies it and no more, and never expires."""
    ada = each_shell.has("Ada")

    told, key = makes(each_shell, "ada", "nightly")

    assert set(told) == KEYS
    assert (told["account_id"], told["account_name"], told["name"]) == (ada["id"], "Ada", "nightly")
    assert (told["scopes"], told["expires_at"], told["expired"]) == (["identify"], None, False)
    assert (told["hint"], told["last_used_at"]) == (hint_of(key), None)
    assert each_shell.uses(key) == "Ada"


def test_the_key_stands_alone_on_stdout(shell: Shell) -> None:
    """So a shell can take it into a variable; what it may do is told on stderr."""
    shell.has("ada")

    ran = shell.run("apikey", "create", "ada", "--name", "x", "--expires", "2101-01-31")
    [listed] = shell.ask(*LIST)["api_keys"]

    assert ran.code == 0
    assert is_key(ran.out.removesuffix("\n"))
    assert listed["id"] in ran.err
    assert "identify, expires 2101-01-31 00:00 UTC" in ran.err
    assert ran.out.strip() not in ran.err


def test_a_key_is_made_as_it_is_wished(each_shell: Shell) -> None:
    """Several scopes, an end, a rate."""
    each_shell.has("ada")

    told, _ = makes(
        each_shell,
        "ada",
        "sync",
        *("--scope", "revocations:read", "--scope", "accounts:read"),
        *("--expires", "90d", "--per-minute", "600"),
    )

    assert told["scopes"] == ["accounts:read", "revocations:read"]
    assert after(timedelta(days=90), told["expires_at"])
    assert told["per_minute"] == 600


def test_an_unknown_scope_is_told_the_known_ones(shell: Shell) -> None:
    """It cannot be meant: exit 2."""
    shell.has("ada")

    ran = shell.run("apikey", "create", "ada", "--name", "x", "--scope", "everything", "--json")

    assert (ran.code, ran.error["code"]) == (2, "usage")
    for scope in ("identify", "accounts:read", "accounts:write", "revocations:read", "jobs:run"):
        assert scope in ran.error["message"]


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("nobody", "--name", "x"), 1, "not_found"),
        (("cyd", "--name", "x"), 1, "disabled"),
        (("ada", "--name", ""), 1, "key_name_invalid"),
        (("ada", "--name", "x" * 101), 1, "key_name_invalid"),
        (("ada", "--name", "b\tell"), 1, "key_name_invalid"),
        (("ada",), 2, "usage"),
        (("ada", "--name", "x", "--expires", "yesterday"), 2, "usage"),
        (("ada", "--name", "x", "--expires", "2001-01-01"), 2, "usage"),
        (("ada", "--name", "x", "--per-minute", "-1"), 2, "usage"),
        (("ada", "--name", "x", "--per-minute", "100001"), 2, "usage"),
    ],
)
def test_what_cannot_be_made_is_refused(
    shell: Shell, words: tuple[str, ...], exit_code: int, code: str
) -> None:
    """Nothing is made then."""
    shell.has("ada")
    shell.has("cyd")
    shell.ask("account", "disable", "cyd")

    ran = shell.run("apikey", "create", *words, "--json")

    assert (ran.code, ran.out, ran.error["code"]) == (exit_code, "", code)
    assert shell.ask(*LIST)["api_keys"] == []


def test_an_account_has_so_many_keys(shell: Shell) -> None:
    """The limit is a setting, and the refusal says it; a key that ends makes room."""
    shell.has("ada")
    config = shell.folder / "watchword.toml"
    config.write_text("[api_keys]\nper_account_max = 2\n")
    words = ("apikey", "create", "ada", "--config", str(config), "--name")
    first = shell.ask(*words, "one")["api_key"]
    shell.ask(*words, "two")

    full = shell.run(*words, "three", "--json")
    shell.ask("apikey", "revoke", first["id"])

    assert (full.error["code"], full.error["number"]) == ("key_limit", 2)
    assert shell.run(*words, "three").code == 0


def test_a_full_account_rotates_without_an_overlap(shell: Shell) -> None:
    """Two keys that work at once would be one too many; one that takes the other's place is not."""
    shell.has("ada")
    config = shell.folder / "watchword.toml"
    config.write_text("[api_keys]\nper_account_max = 1\n")
    told, _ = makes(shell, "ada", "only")
    words = ("apikey", "rotate", told["id"], "--config", str(config), "--json")

    full = shell.run(*words)
    done = shell.run(*words, "--overlap", "0")

    assert (full.code, full.error["code"]) == (1, "key_limit")
    assert shell.uses(done.document["key"]) == "ada"


def test_keys_are_listed_oldest_first(each_shell: Shell) -> None:
    """Everybody's, or one account's; the cursor gives the rest of either."""
    each_shell.has("ada")
    each_shell.has("bea")
    for account, name in (("ada", "one"), ("bea", "two"), ("ada", "three")):
        makes(each_shell, account, name)

    everybody = each_shell.ask(*LIST)
    only_ada = each_shell.ask(*LIST, "ada", "--limit", "1")
    rest = each_shell.ask(*LIST, "ada", "--after", only_ada["next"])

    assert [one["name"] for one in everybody["api_keys"]] == ["one", "two", "three"]
    assert everybody["next"] is None
    assert all(set(one) == KEYS for one in everybody["api_keys"])
    assert [one["name"] for one in only_ada["api_keys"] + rest["api_keys"]] == ["one", "three"]
    assert rest["next"] is None


def test_the_list_shows_no_key(shell: Shell) -> None:
    """Neither people nor programs see more than how it ends, and no digest of it."""
    shell.has("ada")
    told, key = makes(shell, "ada", "nightly")

    table, document = shell.run(*LIST).out, shell.run(*LIST, "--json").out

    for text in (table, document):
        assert key[3:-4] not in text
    assert key[-4:] in table
    assert table.splitlines()[1].split()[:3] == [told["id"][:8], "ada", "nightly"]


def test_the_list_says_when_a_key_was_used(each_shell: Shell) -> None:
    """To the minute, and never is said too."""
    each_shell.has("ada")
    _, key = makes(each_shell, "ada", "nightly")
    before = each_shell.run(*LIST).out
    each_shell.uses(key)

    [listed] = each_shell.ask(*LIST)["api_keys"]
    table = each_shell.run(*LIST).out

    assert before.splitlines()[1].split()[-2:] == ["never", "never"]
    assert after(timedelta(0), listed["last_used_at"])
    assert listed["last_used_at"].endswith(":00.000000+00:00")
    assert listed["last_used_at"][:16].replace("T", " ") in table


def test_an_expired_key_is_marked(shell: Shell) -> None:
    """It stays in the list, so that somebody can see why it works no more."""
    shell.has("ada")
    told, key = makes(shell, "ada", "nightly", "--expires", "1m")
    shell.sets("UPDATE api_keys SET expires_at = expires_at - 3600000000")

    [listed] = shell.ask(*LIST)["api_keys"]
    rotated = shell.run("apikey", "rotate", told["id"], "--json")

    assert listed["expired"] is True
    assert "(expired)" in shell.run(*LIST).out
    assert (rotated.code, rotated.error["code"]) == (1, "expired")
    assert shell.ask("account", "show", "ada")["account"]["live_api_keys"] == 0
    assert shell.uses(key) is None


def test_a_key_ends_by_the_beginning_of_its_id(each_shell: Shell) -> None:
    """It is dead at once, the other one lives."""
    each_shell.has("ada")
    told, key = makes(each_shell, "ada", "one")
    _, other = makes(each_shell, "ada", "two")

    ended = each_shell.ask("apikey", "revoke", told["id"][:8].upper())["revoked"]

    assert [one["id"] for one in ended] == [told["id"]]
    assert each_shell.uses(key) is None
    assert each_shell.uses(other) == "ada"


def test_all_keys_of_an_account_end(each_shell: Shell) -> None:
    """Those of others stay."""
    each_shell.has("ada")
    each_shell.has("bea")
    keys = [makes(each_shell, name, "x")[1] for name in ("ada", "ada", "bea")]

    ended = each_shell.ask("apikey", "revoke", "--account", "Ada")["revoked"]

    assert len(ended) == 2
    assert [each_shell.uses(key) for key in keys] == [None, None, "bea"]


def test_what_is_not_meant_ends_nothing(shell: Shell) -> None:
    """No id, an id and an account, or too little of an id: exit 2."""
    shell.has("ada")
    told, _ = makes(shell, "ada", "one")

    codes = [
        shell.run("apikey", "revoke", *words).code
        for words in ((), (told["id"], "--account", "ada"), (told["id"][:3],), ("",))
    ]

    assert codes == [2, 2, 2, 2]
    assert len(shell.ask(*LIST)["api_keys"]) == 1


@pytest.mark.parametrize("verb", ["revoke", "rotate"])
def test_an_id_that_no_key_has_is_not_found(shell: Shell, verb: str) -> None:
    """So is one that has ended already."""
    shell.has("ada")
    told, _ = makes(shell, "ada", "one")
    shell.ask("apikey", "revoke", told["id"])

    ran = shell.run("apikey", verb, told["id"], "--json")

    assert (ran.code, ran.error["code"]) == (1, "not_found")
    assert "API key" in ran.error["message"]


def test_a_beginning_that_several_have_is_not_enough(shell: Shell) -> None:
    """Nothing is ended by accident."""
    shell.has("ada")
    for name in ("one", "two"):
        makes(shell, "ada", name)
    shell.sets("UPDATE api_keys SET id = 'abcd' || substr(id, 5)")

    ran = shell.run("apikey", "revoke", "abcd", "--json")

    assert (ran.code, ran.error["code"]) == (1, "ambiguous")
    assert len(shell.ask(*LIST)["api_keys"]) == 2


def test_a_successor_takes_over(each_shell: Shell) -> None:
    """It is like the old one, and both work until the overlap is over."""
    each_shell.has("ada")
    old, old_key = makes(
        each_shell, "ada", "sync", *("--scope", "accounts:read", "--per-minute", "60")
    )

    document = each_shell.ask("apikey", "rotate", old["id"][:8])
    new, new_key = document["api_key"], document["key"]
    listed = {one["id"]: one for one in each_shell.ask(*LIST)["api_keys"]}

    same = ("account_id", "name", "scopes", "per_minute", "expires_at")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert set(listed) == {old["id"], new["id"]}
    assert after(timedelta(hours=24), listed[old["id"]]["expires_at"])
    assert each_shell.uses(old_key) == each_shell.uses(new_key) == "ada"


def test_without_an_overlap_the_old_key_is_dead(each_shell: Shell) -> None:
    """With the same answer."""
    each_shell.has("ada")
    old, old_key = makes(each_shell, "ada", "sync")

    ran = each_shell.run("apikey", "rotate", old["id"], "--overlap", "0")
    new_key = ran.out.strip()

    assert ran.code == 0
    assert "is dead" in ran.err
    assert is_key(new_key)
    assert each_shell.uses(old_key) is None
    assert each_shell.uses(new_key) == "ada"


def test_a_wrong_overlap_changes_nothing(shell: Shell) -> None:
    """It cannot be meant: exit 2."""
    shell.has("ada")
    told, _ = makes(shell, "ada", "sync")

    ran = shell.run("apikey", "rotate", told["id"], "--overlap", "soon")

    assert ran.code == 2
    assert [one["id"] for one in shell.ask(*LIST)["api_keys"]] == [told["id"]]


def test_what_was_done_to_keys_is_recorded(shell: Shell) -> None:
    """Of the account, with the id of the key, and never its text."""
    ada = shell.has("ada")
    told, key = makes(shell, "ada", "sync")
    new = shell.ask("apikey", "rotate", told["id"], "--overlap", "0")
    shell.ask("apikey", "revoke", new["api_key"]["id"])

    events = shell.ask("audit", "list", "--account", "ada", "--limit", "3")["events"]

    assert [(one["action"], one["detail"]) for one in events] == [
        ("api-key.delete", new["api_key"]["id"]),
        ("api-key.rotate", told["id"]),
        ("api-key.create", told["id"]),
    ]
    assert {one["subject"] for one in events} == {ada["id"]}
    assert key not in str(events)


def test_a_running_program_prints_the_key_alone(shell: Shell) -> None:
    """As a pipe gets it."""
    shell.has("ada")

    ran: Ran = program(*shell.where, "apikey", "create", "ada", "--name", "x")

    assert ran.code == 0
    assert re.fullmatch(r"ww_[0-9A-Za-z]{49}\n", ran.out)


def test_an_empty_list_says_so(shell: Shell) -> None:
    """For people a sentence, for programs an empty array."""
    shell.has("ada")

    ran = shell.run(*LIST)

    assert ran.out == "There are no API keys.\n"
    assert shell.ask(*LIST) == {"api_keys": [], "next": None}
