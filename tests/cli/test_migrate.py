"""`watchword migrate`, and `watchword dialects`."""

from cli.shell import Shell


def test_migrate_makes_a_store_and_does_nothing_twice(each_shell: Shell) -> None:
    """The first time everything is applied, the second time nothing."""
    first = each_shell.ask("migrate")["applied"]
    second = each_shell.ask("migrate")["applied"]
    check = each_shell.ask("migrate", "--check")["pending"]

    assert first
    assert first == sorted(first)
    assert (second, check) == ([], [])


def test_check_tells_of_what_is_pending(shell: Shell) -> None:
    """An empty database lacks everything: exit 1, and nothing is applied."""
    shell.folder.mkdir(mode=0o700)
    (shell.folder / "watchword.db").touch(mode=0o600)

    ran = shell.run("migrate", "--check", "--json")
    again = shell.run("migrate", "--check")

    assert ran.code == 1
    assert ran.document["pending"]
    assert again.code == 1
    assert "`watchword migrate` applies them" in again.out


def test_dialects_are_listed_with_their_paths(shell: Shell) -> None:
    """No store is needed to know which APIs can be spoken."""
    document = shell.ask("dialects")
    [asta] = [one for one in document["dialects"] if one["name"] == "asta"]

    assert asta["enabled"] is True
    assert "/api/auth" in asta["paths"]
    assert not shell.folder.exists()
    assert "asta" in shell.run("dialects").out
