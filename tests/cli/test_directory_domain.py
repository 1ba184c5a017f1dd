"""`watchword directory` with a real controller: from its test to who has left."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.shell import Ran, Shell
from parts.domain import BASE_DN, DNS_DOMAIN, NETBIOS, Domain

pytest.importorskip("ldap", reason="python-ldap is missing: make setup-directory")
pytestmark = pytest.mark.slow

OU = "OU=Cli"


def table(domain: Domain, **more: object) -> str:
    """Return settings of a directory whose users are those of our own unit."""
    keys = {
        "urls": [domain.ldaps_url],
        "domain": DNS_DOMAIN,
        "netbios": NETBIOS,
        "base": f"{OU},{BASE_DN}",
        "bind_user": domain.service.upn,
        "bind_password": domain.service.password,
        "ca_file": str(domain.ca_file),
        "timeout_s": 30,
        "create": "sync",
        "groups": {},
        **more,
    }
    groups = keys.pop("groups")
    assert isinstance(groups, dict)
    keys |= {f'groups."{name}"': sources for name, sources in groups.items()}
    # The texts and lists of JSON are those of TOML.
    return "\n".join(
        ["[directories.corp]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
    )


class Place:
    """A command line with a directory, and who is in it."""

    def __init__(self, shell: Shell, file: Path, domain: Domain) -> None:
        self.shell = shell
        self.domain = domain
        self._file = file

    def has(self, **more: object) -> None:
        self._file.write_text(table(self.domain, **more))

    def run(self, *words: str) -> Ran:
        return self.shell.run("--config", str(self._file), "directory", *words)

    def ask(self, *words: str) -> Any:  # noqa: ANN401 - what JSON holds
        ran = self.run(*words, "--json")
        assert ran.code == 0, ran.err or ran.out
        return ran.document

    def sync(self, *words: str) -> dict[str, Any]:
        """Synchronise, and return the counts that are not nothing."""
        result = self.ask("sync", *words)["job"]["result"]
        return {name: value for name, value in result.items() if value and name != "seen"}

    def states(self) -> dict[str, str]:
        accounts = self.shell.ask("account", "list")["accounts"]
        return {one["name"]: one["state"] for one in accounts}


@pytest.fixture(scope="module")
def crowd(domain: Domain) -> Domain:
    """Five persons in a unit of our own, one of them in a group that makes admins."""
    domain.new_ou(OU)
    people = [domain.new_person(f"cli-{name}", ou=OU).name for name in ("ada", "bob", "eve")]
    domain.new_crowd(6, prefix="cli-crowd", ou=OU)
    domain.new_group("Cli Admins", people[0])
    domain.new_group("Cli Outer")
    domain.add_members("Cli Outer", "Cli Admins")
    return domain


@pytest.fixture
def place(shell: Shell, tmp_path: Path, crowd: Domain) -> Place:
    shell.ask("migrate")
    place = Place(shell, tmp_path / "settings.toml", crowd)
    place.has()
    return place


def test_all_that_is_needed_is_tried(place: Place) -> None:
    """Step by step, with the groups of the settings; what is wrong makes it exit 1."""
    sid = place.domain.group("Cli Admins").sid
    place.has(allowed_groups=[sid])
    good = place.ask("test")
    place.has(allowed_groups=["S-1-5-21-1-2-3-4"], bind_password="not this one")
    bad = place.run("test", "corp")

    steps = [one["step"] for one in good["findings"]]
    assert good["ok"]
    assert f"group {sid}" in steps
    assert bad.code == 1
    assert "fail" in bad.out
    assert "not this one" not in bad.out + bad.err


def test_people_are_found_by_the_beginning_of_a_name(place: Place) -> None:
    """Those of the base alone, and no more than are asked for."""
    some, one = place.ask("search", "cli-"), place.run("search", "CLI-AD")
    few = place.ask("search", "cli-", "--limit", "2")
    nobody = place.run("search", "alice")

    assert len(some["people"]) == 9
    assert "cli-ada@ad.test" in one.out
    assert len(few["people"]) == 2
    assert "2 are shown" in few["warnings"][0]
    assert nobody.out == "Nobody is called so.\n"


def test_from_the_first_synchronisation_to_who_has_left(place: Place) -> None:
    """Tried, done, looked at; changed, closed, stopped, answered."""
    domain, sid = place.domain, place.domain.group("Cli Outer").sid
    place.has(groups={"Admins there": [sid]})
    place.shell.has("cli-eve")
    tried, before = place.sync("--dry-run"), place.states()
    first, again = place.sync("corp"), place.sync("corp")
    told = place.ask("explain", "ADTEST\\cli-ada")["explanation"]
    held = place.ask("explain", "cli-eve", "--domain", "ADTEST")["explanation"]
    domain.disable("cli-bob")
    domain.rename("cli-ada", "cli-countess")
    renamed = place.ask("explain", "cli-ada")["explanation"]
    changed = place.sync("corp")
    domain.delete(*(f"cli-crowd{number:05}" for number in range(4)))
    stopped = place.run("sync", "corp")
    spared = place.states()
    answer = stopped.out.partition("say so: `watchword directory ")[2].partition("`")[0]
    answered = place.sync(*answer.split()[1:])
    gone = place.run("explain", "cli-crowd00001")
    domain.enable("cli-bob")

    assert (tried["made"], tried["refused"], before) == (8, 1, {"cli-eve": "active"})
    assert first == {"made": 8, "refused": 1, "looked_at": {"corp": "everybody"}}
    assert again == {"looked_at": {"corp": "changes"}}
    assert told["groups_here"] == ["Admins there"]
    assert [one["used_for"] for one in told["groups"] if one["sid"] == sid] == [
        ["groups.Admins there"]
    ]
    assert (held["refusal"], held["may_come_in"]) == ("name_held", False)
    assert (changed["changed"], changed["closed"]) == (1, 1)
    assert (renamed["person"]["login"], renamed["account"]["name"]) == ("cli-countess", "cli-ada")
    assert "cli-countess" in spared
    assert (stopped.code, "closed" in spared) == (1, False)
    assert "cli-bob" in {name for name, state in spared.items() if state == "disabled"}
    assert answered["closed"] == 4
    assert "State there:   gone" in gone.out
    assert sum(state == "disabled" for state in place.states().values()) == 5
