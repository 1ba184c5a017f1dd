"""`watchword signing-key`, on a real store."""

from cli.shell import Shell

KEYS = {"id", "algorithm", "state", "created_at", "retired_at", "public"}


def test_rotation_keeps_what_was_signed(each_shell: Shell) -> None:
    """A new key signs, the old one is retired, and an old token is still good."""
    each_shell.has("ada")
    first = each_shell.ask("signing-key", "rotate")["signing_key"]
    token = each_shell.signs_in("ada") or ""

    second = each_shell.ask("signing-key", "rotate")["signing_key"]
    keys = each_shell.ask("signing-key", "list")["signing_keys"]

    assert set(second) == KEYS
    assert [(one["id"], one["state"]) for one in keys] == [
        (second["id"], "signing"),
        (first["id"], "retired"),
    ]
    assert each_shell.holds(token) == "ada"


def test_distrust_voids_what_was_signed(each_shell: Shell) -> None:
    """Only the new key is left, and an old token is dead."""
    each_shell.has("ada")
    each_shell.ask("signing-key", "rotate")
    token = each_shell.signs_in("ada") or ""

    new = each_shell.ask("signing-key", "rotate", "--distrust-old")["signing_key"]
    keys = each_shell.ask("signing-key", "list")["signing_keys"]

    assert [one["id"] for one in keys] == [new["id"]]
    assert each_shell.holds(token) is None


def test_no_private_key_is_printed(shell: Shell) -> None:
    """The public half is a JWK without `d`; the sealed half is nowhere."""
    shell.has("ada")
    shell.ask("signing-key", "rotate")

    [key] = shell.ask("signing-key", "list")["signing_keys"]

    assert key["public"]["kty"] == "OKP"
    assert "d" not in key["public"]


def test_a_store_without_keys_says_so(shell: Shell) -> None:
    """The server makes the first one, so an empty list is no error."""
    shell.ask("migrate")

    ran = shell.run("signing-key", "list")

    assert (ran.code, ran.out) == (
        0,
        "There is no signing key yet; the server makes one when it starts.\n",
    )
