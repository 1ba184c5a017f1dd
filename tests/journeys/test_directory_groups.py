"""Groups of Active Directory become groups and roles here; renames and moves change no account."""

import pytest

from journeys.directory import Corp
from journeys.people import PASSWORD as OWN_PASSWORD
from journeys.people import REGISTER
from parts.domain import ELSEWHERE

pytestmark = pytest.mark.slow


def groups(corp: Corp, token: str) -> list[str]:
    """Return the groups that a token's account is in now."""
    answer = corp.ask("GET", "/services/profile", token=token)
    assert answer.status == 200, answer
    found: list[str] = answer.document["groups"]
    return found


def role(corp: Corp, token: str) -> str:
    answer = corp.me(token)
    assert answer.status == 200, answer
    found: str = answer.document["role"]
    return found


def test_groups_count_however_somebody_is_in_them(corp: Corp) -> None:
    """Ten deep and round a circle, as the primary group; of two with one name only one counts."""
    names = ("deep", "primary", "nora", "sven", "alice")

    seen = {name: groups(corp, corp.enter(name)["token"]) for name in names}

    assert seen == {
        "deep": ["divers"],
        "primary": ["users"],
        "nora": ["northerners"],
        "sven": [],
        "alice": [],
    }


def test_a_group_that_is_named_by_its_sid_is_no_other_of_its_name(corp: Corp) -> None:
    """There are two called Crew, and the settings name one of them by SID."""
    ours, others = (corp.domain.new_person(groups=[crew]) for crew in ("Crew North", "Crew South"))

    seen = [groups(corp, corp.enter(one.name)["token"]) for one in (ours, others)]

    assert seen == [["crew"], []]


def test_a_role_goes_with_its_group_at_the_next_log_in(corp: Corp) -> None:
    """Tokens that were given out before carry the new role too, in every dialect."""
    person = corp.domain.new_person(groups=["Bosses"])
    first = corp.enter(person.name)["token"]
    before = role(corp, first)
    corp.domain.remove_members("Bosses", person.name)
    still = role(corp, first)

    second = corp.try_door("precrime", person.name).document["Token"]

    assert (before, still) == ("admin", "admin")
    assert (role(corp, first), role(corp, second)) == ("user", "user")


def test_a_role_goes_with_its_group_at_the_next_synchronisation(corp: Corp) -> None:
    """The same where nobody logs in; and who comes into a group is in it from then on."""
    person = corp.domain.new_person(groups=["Bosses", "Deep1"])
    token = corp.enter(person.name)["token"]
    before = role(corp, token), groups(corp, token)
    corp.domain.remove_members("Bosses", person.name)
    corp.domain.remove_members("Deep1", person.name)
    corp.domain.add_members("Crew North", person.name)

    corp.sync()

    assert before == ("admin", ["divers"])
    assert (role(corp, token), groups(corp, token)) == ("user", ["crew"])


def test_a_group_within_a_group_counts_at_the_next_synchronisation(corp: Corp) -> None:
    """Nothing changes of the person or of the group in the settings but what is in between."""
    person = corp.domain.new_person()
    team = corp.domain.new_group(f"Team of {person.name}", person.name)
    token = corp.enter(person.name)["token"]
    corp.sync()
    before = groups(corp, token)
    corp.domain.add_members("Deep3", team.name)
    corp.sync()
    inside = groups(corp, token)
    corp.domain.remove_members("Deep3", team.name)

    corp.sync()

    assert (before, inside, groups(corp, token)) == ([], ["divers"], [])


def test_a_rename_and_a_move_keep_the_account(corp: Corp) -> None:
    """It is another name there and here, and another place; the account and its tokens live on."""
    person = corp.domain.new_person()
    old = f"once-{person.name}"
    corp.domain.rename(person.name, old)
    first = corp.enter(old)
    corp.domain.rename(old, person.name)
    corp.domain.move(person.name, ELSEWHERE)

    second, gone = corp.enter(person.name), corp.try_enter(old)

    assert first["user"] | {"user": person.name} == second["user"]
    assert gone.status == 401
    assert corp.me(first["token"]).document["username"] == person.name


def test_a_rename_is_seen_by_a_synchronisation_too(corp: Corp) -> None:
    """Nobody logs in, and the account has the new name and the new address all the same."""
    person = corp.domain.new_person()
    first = corp.enter(person.name)
    new = f"new-{person.name}"
    corp.domain.rename(person.name, new)
    corp.domain.replace(new, mail=f"{new}@ad.test")
    corp.domain.move(new, ELSEWHERE)

    corp.sync()

    known = corp.account(new)
    assert (known["id"], known["email"]) == (first["user"]["id"], f"{new}@ad.test")
    assert corp.me(first["token"]).document["username"] == new


def test_a_rename_takes_no_name_of_somebody_else(corp: Corp) -> None:
    """An account here has the name: the person keeps their old one, and gets in by the domain."""
    person, taken = corp.domain.new_person(), "first-come"
    held = corp.ask("POST", REGISTER, {"username": taken, "password": OWN_PASSWORD})
    first = corp.enter(person.name)
    corp.domain.rename(person.name, taken)

    second = corp.enter(f"ADTEST\\{taken}")

    assert held.status == 200
    assert second["user"] == first["user"]
    assert corp.try_log_in(taken, OWN_PASSWORD).status == 200
