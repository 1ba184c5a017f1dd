"""`watchword mail`, on a real store. The letters are invitations, written from here too."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from cli.shell import Shell, program

ADDRESS = "ada@example.org"
KEYS = {
    "id",
    "kind",
    "to",
    "standing",
    "tries",
    "reason",
    "created_at",
    "next_at",
    "settled_at",
}
WORDS = {"subject", "text", "html"}
ESCAPE = "\x1b"


def invites(shell: Shell, *addresses: str) -> list[dict[str, Any]]:
    """Write letters to these, and return them in this order."""
    for address in addresses:
        shell.ask("account", "invite", address)
    return letters(shell)[: len(addresses)][::-1]


def letters(shell: Shell, *words: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = shell.ask("mail", "list", *words)["letters"]
    return listed


def ends(shell: Shell, letter: dict[str, Any], standing: str, *, keeps: bool, reason: str) -> None:
    """Settle a letter as the server would have; a day ago."""
    sealed = "sealed" if keeps else "''"
    shell.sets(
        f"UPDATE letters SET standing = '{standing}', reason = {reason}, sealed = {sealed},"  # noqa: S608 - words of this test
        f" settled_at = created_at WHERE id = '{letter['id']}'"
    )


def test_a_letter_is_listed(each_shell: Shell) -> None:
    """As what to whom, and that it waits; its words are not there."""
    each_shell.ask("migrate")

    (letter,) = invites(each_shell, ADDRESS)
    ran = each_shell.run("mail", "list")

    assert set(letter) == KEYS
    assert (letter["kind"], letter["to"], letter["standing"]) == ("invitation", ADDRESS, "waiting")
    assert (letter["tries"], letter["reason"], letter["settled_at"]) == (0, "", None)
    assert letter["next_at"] == letter["created_at"]
    assert f"{letter['id'][:8]}  invitation  {ADDRESS}" in ran.out


def test_the_newest_letter_has_a_name_of_its_own(each_shell: Shell) -> None:
    """So a new user gets to the code without looking for an id."""
    each_shell.ask("migrate")
    first, second = invites(each_shell, "bob@example.org", ADDRESS)

    shown = each_shell.ask("mail", "show", "latest")["letter"]
    by_id = each_shell.ask("mail", "show", first["id"])["letter"]

    assert set(shown) == KEYS | WORDS
    assert {key: shown[key] for key in KEYS} == second
    assert by_id["id"] == first["id"]
    assert shown["subject"]
    assert shown["text"] != by_id["text"]


def test_people_read_the_letter_as_its_reader_does(shell: Shell) -> None:
    """Above it stands to whom it goes and what became of it."""
    shell.ask("migrate")
    (letter,) = invites(shell, ADDRESS)
    words = shell.ask("mail", "show", "latest")["letter"]

    lines = shell.run("mail", "show", "LATEST".lower()).out.splitlines()
    head, _, body = "\n".join(lines).partition("\n\n")

    assert head.splitlines()[:4] == [
        f"To:          {ADDRESS}",
        f"Subject:     {words['subject']}",
        "Kind:        invitation",
        f"Id:          {letter['id']}",
    ]
    assert "Standing:    waiting" in head
    assert "Settled" not in head
    assert body == words["text"].strip().replace("\N{NO-BREAK SPACE}", " ")


def test_html_stands_alone(shell: Shell) -> None:
    """So that it can be written to a file and looked at."""
    shell.ask("migrate")
    invites(shell, ADDRESS)
    words = shell.ask("mail", "show", "latest")["letter"]

    ran = shell.run("mail", "show", "latest", "--html")

    assert unescape(ran.out).strip() == unescape(words["html"]).strip()
    assert ran.out.lower().startswith("<!doctype html>")
    assert ran.err == ""


def test_letters_are_chosen_by_standing(shell: Shell) -> None:
    """Each standing by itself; who writes nonsense is told what there is."""
    shell.ask("migrate")
    names = ("waiting", "sent", "refused", "stale")
    for name, letter in zip(
        names, invites(shell, *(f"{one}@example.org" for one in names)), strict=True
    ):
        if name != "waiting":
            ends(shell, letter, name, keeps=False, reason="''")

    found = {name: [one["to"] for one in letters(shell, "--standing", name)] for name in names}
    wrong = shell.run("mail", "list", "--standing", "lost", "--json")

    assert found == {name: [f"{name}@example.org"] for name in names}
    assert (wrong.code, wrong.error["code"]) == (2, "usage")
    assert "'stale'" in wrong.error["message"]


def test_only_a_letter_that_waits_has_a_next_try(shell: Shell) -> None:
    """What is settled says when it was."""
    shell.ask("migrate")
    (letter,) = invites(shell, ADDRESS)
    ends(shell, letter, "sent", keeps=False, reason="''")

    (sent,) = letters(shell)

    assert (sent["next_at"], sent["settled_at"]) == (None, letter["created_at"])


def test_a_long_list_goes_on(shell: Shell) -> None:
    """Newest first, and the cursor gives the older ones."""
    shell.ask("migrate")
    wrote = [
        one["id"] for one in invites(shell, *(f"n{number}@example.org" for number in range(3)))
    ]

    first = shell.ask("mail", "list", "--limit", "2")
    rest = shell.ask("mail", "list", "--after", first["next"])

    assert [one["id"] for one in first["letters"]] == [wrote[2], wrote[1]]
    assert [one["id"] for one in rest["letters"]] == [wrote[0]]
    assert rest["next"] is None


def test_an_empty_list_says_so(shell: Shell) -> None:
    """For people a sentence, for programs an empty array; and there is no newest letter."""
    shell.ask("migrate")

    every, some = shell.run("mail", "list"), shell.run("mail", "list", "--standing", "refused")
    latest = shell.run("mail", "show", "latest", "--json")

    assert every.out == "There are no letters.\n"
    assert some.out == "There are no refused letters.\n"
    assert shell.ask("mail", "list") == {"letters": [], "next": None}
    assert (latest.code, latest.error["code"]) == (1, "not_found")


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [("abcd", 1, "not_found"), ("00000000", 1, "not_found"), ("abc", 2, "usage"), ("", 2, "usage")],
)
def test_a_letter_that_is_not_there_is_not_found(
    shell: Shell, name: str, code: int, word: str
) -> None:
    """Less than four characters would name one by accident."""
    shell.ask("migrate")
    invites(shell, ADDRESS)
    shell.sets("UPDATE letters SET id = '12345678-0000-4000-8000-000000000000'")

    for verb in ("show", "retry"):
        ran = shell.run("mail", verb, name, "--json")
        assert (ran.code, ran.error["code"]) == (code, word)


def test_the_beginning_of_an_id_is_enough(shell: Shell) -> None:
    """In any case, as long as it is one letter's."""
    shell.ask("migrate")
    for place, letter in enumerate(invites(shell, ADDRESS, "bob@example.org")):
        shell.sets(f"UPDATE letters SET id = 'abcdef-{place}' WHERE id = '{letter['id']}'")  # noqa: S608 - words of this test

    found = shell.run("mail", "retry", "ABCDEF-1", "--json")
    both = shell.run("mail", "retry", "abcd", "--json")

    assert [one["id"] for one in found.document["retried"]] == ["abcdef-1"]
    assert (both.code, both.error["code"]) == (1, "ambiguous")


@pytest.mark.parametrize(
    ("standing", "said"),
    [("sent", "not kept any more"), ("stale", "what it offers had ended")],
)
def test_a_text_that_is_not_kept_is_told(shell: Shell, standing: str, said: str) -> None:
    """Who looks for a letter in vain is told why; the rest of it is there."""
    shell.ask("migrate")
    (letter,) = invites(shell, ADDRESS)
    ends(shell, letter, standing, keeps=False, reason="'250 taken'")

    document = shell.ask("mail", "show", "latest")["letter"]
    page = shell.run("mail", "show", "latest")
    html = shell.run("mail", "show", "latest", "--html", "--json")

    assert {document[name] for name in WORDS} == {None}
    assert page.code == 0
    assert "Server said: 250 taken\n\n" in page.out
    assert said in page.out
    assert (html.code, html.error["code"]) == (1, "not_kept")


def test_a_lost_master_key_is_told(shell: Shell) -> None:
    """The text is there and cannot be opened, which is another thing to do something about."""
    shell.ask("migrate")
    invites(shell, ADDRESS)
    (shell.folder / "master.key").write_text("A" * 43 + "\n")

    page = shell.run("mail", "show", "latest")

    assert page.code == 0
    assert "master key" in page.out
    assert shell.ask("mail", "show", "latest")["letter"]["text"] is None


def test_nothing_that_a_mail_server_says_steers_the_terminal(shell: Shell) -> None:
    """Its answer is a stranger's text; programs get it in ASCII."""
    shell.ask("migrate")
    (letter,) = invites(shell, ADDRESS)
    ends(
        shell,
        letter,
        "refused",
        keeps=True,
        reason="'550 ' || char(27) || '[2Jgone' || char(10) || char(8238)",
    )

    runs = [shell.run("mail", *words) for words in (("list",), ("show", "latest"))]
    raw = shell.run("mail", "list", "--json").out

    for ran in runs:
        assert "550 \N{REPLACEMENT CHARACTER}[2Jgone" in ran.out
        assert not {ESCAPE, "\u202e"} & set(ran.out)
    assert ESCAPE not in raw
    assert letters(shell)[0]["reason"] == "550 \x1b[2Jgone\n\u202e"


def test_a_letter_can_wait_again(each_shell: Shell) -> None:
    """From now on, whether it was waiting for its next try or was refused."""
    each_shell.ask("migrate")
    (letter,) = invites(each_shell, ADDRESS)

    retried = each_shell.ask("mail", "retry", "latest")["retried"]
    (after,) = letters(each_shell)

    assert retried == [letter]
    assert after["next_at"] > letter["next_at"]
    assert datetime.now(UTC) - datetime.fromisoformat(after["next_at"]) < timedelta(minutes=1)


def test_a_refused_letter_can_wait_again(shell: Shell) -> None:
    """It is said to whom it goes, and that a server must run."""
    shell.ask("migrate")
    (letter,) = invites(shell, ADDRESS)
    ends(shell, letter, "refused", keeps=True, reason="'550 relay denied'")

    ran = shell.run("mail", "retry", letter["id"][:8])
    (after,) = letters(shell)

    assert ran.out == f"The letter to {ADDRESS} waits again. A running server sends it at once.\n"
    assert (after["standing"], after["settled_at"]) == ("waiting", None)


@pytest.mark.parametrize(
    ("standing", "code"), [("sent", "sent"), ("refused", "not_kept"), ("stale", "not_kept")]
)
def test_what_cannot_be_sent_again_is_refused(shell: Shell, standing: str, code: str) -> None:
    """A letter that went out, and one whose words are gone."""
    shell.ask("migrate")
    (letter,) = invites(shell, ADDRESS)
    ends(shell, letter, standing, keeps=standing == "sent", reason="''")

    ran = shell.run("mail", "retry", letter["id"], "--json")

    assert (ran.code, ran.error["code"]) == (1, code)
    assert letters(shell)[0]["standing"] == standing


def test_all_that_were_refused_can_wait_again(shell: Shell) -> None:
    """After a wrong setting: none is forgotten, and nothing else is touched."""
    shell.ask("migrate")
    wrote = invites(shell, *(f"n{number}@example.org" for number in range(5)))
    for letter in wrote[:2]:
        ends(shell, letter, "refused", keeps=True, reason="'550 relay denied'")
    ends(shell, wrote[2], "refused", keeps=False, reason="''")
    ends(shell, wrote[3], "sent", keeps=True, reason="''")

    retried = shell.ask("mail", "retry", "--refused")["retried"]
    again = shell.run("mail", "retry", "--refused")

    assert {one["id"] for one in retried} == {one["id"] for one in wrote[:2]}
    assert [one["standing"] for one in letters(shell)] == [
        *("waiting", "sent", "refused", "waiting", "waiting"),
    ]
    assert (again.code, again.out) == (0, "Letters that wait again: 0.\n")


@pytest.mark.parametrize("words", [(), ("latest", "--refused")])
def test_one_letter_or_all_refused_ones(shell: Shell, words: tuple[str, ...]) -> None:
    """Not neither, and not both: exit 2."""
    shell.ask("migrate")

    ran = shell.run("mail", "retry", *words, "--json")

    assert (ran.code, ran.error["code"]) == (2, "usage")


def test_a_letter_can_be_piped(shell: Shell) -> None:
    """The program itself prints what is not ASCII as it is."""
    shell.ask("migrate")
    invites(shell, "grete@bücher.example")

    ran = program("mail", "show", "latest", *shell.where)

    assert ran.code == 0
    assert ran.out.startswith("To:          grete@bücher.example\n")
