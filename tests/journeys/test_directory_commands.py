"""What an operator is told of a real directory: whether it works, who is there, and why not."""

import pytest

from journeys.directory import CORP, WRONG, Corp, command, settings_of
from parts.domain import Domain
from parts.server import Store

pytestmark = pytest.mark.slow


def test_a_directory_is_tried_step_by_step(corp: Corp) -> None:
    """All is well, controller, certificate, service account and groups; it needs no server."""
    told = corp.told_by("directory", "test", CORP)

    assert told["ok"] is True
    assert len(told["findings"]) > 3
    assert corp.domain.service.password not in str(told)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"bind_password": WRONG}, "52e"),
        ({"urls": "ldaps://127.0.0.1:1"}, "127.0.0.1:1"),
        ({"ca_file": ""}, "certificate"),
        ({"base": "OU=Nowhere,DC=ad,DC=test"}, "OU=Nowhere"),
        ({"allowed_groups": "S-1-5-21-1-2-3-4"}, "S-1-5-21-1-2-3-4"),
    ],
    ids=["password", "nobody there", "authority", "base", "group"],
)
def test_what_is_wrong_is_said(
    domain: Domain, sqlite_store: Store, more: dict[str, str], word: str
) -> None:
    """Each mistake in the settings is named, and no password is."""
    # A name of its own, since three wrong passwords lock the service account of all tests.
    service = domain.new_person() if "bind_password" in more else domain.service
    settings = settings_of(domain, **{"bind_user": service.upn, **more})

    ran = command(sqlite_store, settings, "directory", "test")

    assert ran.returncode == 1, ran
    assert word in ran.stdout, ran.stdout
    assert service.password not in ran.stdout + ran.stderr
    assert WRONG not in ran.stdout + ran.stderr


def test_people_are_found_by_the_beginning_of_a_name(corp: Corp) -> None:
    """And nobody is found by what would be a filter if it were not taken for a name."""
    person = corp.domain.new_person("sought-for", sn="Quill")

    by_login, by_name, by_filter = (
        corp.told_by("directory", "search", text)["people"]
        for text in ("sought", "Quil", "*)(cn=sought-for")
    )

    assert [one["login"] for one in by_login] == [one["login"] for one in by_name] == [person.name]
    assert by_filter == []


def test_why_somebody_is_what_they_are(corp: Corp) -> None:
    """Their groups however deep, and what follows: role, groups of ours, and why they are out."""
    boss = corp.domain.new_person(groups=["Bosses", "Deep1"])
    corp.enter(boss.name)
    out = corp.domain.new_person()
    corp.domain.disable(out.name)

    of_boss, of_out = (
        corp.told_by("directory", "explain", name)["explanation"]
        for name in (boss.down_level, out.upn)
    )

    dns = {group["dn"].partition(",")[0] for group in of_boss["groups"]}
    assert dns >= {"CN=Bosses", "CN=Domain Users", *(f"CN=Deep{level}" for level in range(1, 11))}
    assert (of_boss["role"], of_boss["groups_here"]) == ("admin", ["divers"])
    assert (of_boss["may_come_in"], of_boss["account"]["name"]) == (True, boss.name)
    assert (of_out["may_come_in"], of_out["closed"], of_out["account"]) == (False, "disabled", None)
