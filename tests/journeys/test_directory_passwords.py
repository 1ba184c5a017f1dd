"""A password of Active Directory is changed there, by whoever knows it, in every dialect."""

import pytest

from journeys.directory import CHANGE_PASSWORD, WRONG, Corp, code_of
from parts.domain import PASSWORD, Person
from parts.peer import Answer

pytestmark = pytest.mark.slow

NEW = "N3w-Passw0rd?"
TOO_SIMPLE = "short"
OWN, BY_NAME = "/api/auth/change-password", "/user/password"


def change(corp: Corp, token: str, old: str = PASSWORD, new: str = NEW) -> Answer:
    body = {"oldPassword": old, "newPassword": new}
    return corp.ask("POST", CHANGE_PASSWORD, body, token=token)


def change_of(corp: Corp, name: str, old: str = PASSWORD, new: str = NEW) -> Answer:
    body = {"user": name, "oldPassword": old, "newPassword": new}
    return corp.ask("POST", CHANGE_PASSWORD, body)


def change_by_precrime(corp: Corp, name: str, old: str = PASSWORD, new: str = NEW) -> Answer:
    body = {"username": name, "old": old, "new": new, "confirm": new}
    return corp.ask("POST", BY_NAME, body)


def change_by_asta(corp: Corp, token: str, old: str = PASSWORD, new: str = NEW) -> Answer:
    body = {"current_password": old, "new_password": new}
    return corp.ask("POST", OWN, body, token=token)


def opens(corp: Corp, person: Person) -> tuple[int, int]:
    """Return what comes of the old password, and of the new one."""
    return corp.try_enter(person.name).status, corp.try_enter(person.name, NEW).status


def test_who_is_logged_in_changes_it(corp: Corp) -> None:
    """The session that asks lives on, any other ends, and the old password is no good anywhere."""
    person = corp.domain.new_person()
    one, other = (corp.enter(person.name)["token"] for _ in range(2))

    wrong = change(corp, one, WRONG)
    changed = change(corp, one)

    assert code_of(wrong) == (403, "wrong_password")
    assert changed.status == 200
    assert (corp.me(one).status, corp.me(other).status) == (200, 401)
    assert opens(corp, person) == (401, 200)
    assert corp.me(one).status == 200


def test_asta_changes_it_too(corp: Corp) -> None:
    """With the password of the directory, and not one of ours."""
    person = corp.domain.new_person()
    token = corp.enter(person.name)["token"]

    statuses = [change_by_asta(corp, token, WRONG).status, change_by_asta(corp, token).status]

    assert statuses == [401, 200]
    assert opens(corp, person) == (401, 200)


@pytest.mark.parametrize("state", ["expired", "must change", "well"])
def test_who_cannot_log_in_changes_it_by_name(corp: Corp, state: str) -> None:
    """An expired password, or one that is to be changed first, is the way to a new one."""
    people = [corp.domain.new_person() for _ in range(2)]
    for one in people:
        if state == "expired":
            corp.domain.expire_password(one.name)
        elif state == "must change":
            corp.domain.must_change_password(one.name)

    wrong = [change_of(corp, people[0].name, WRONG), change_by_precrime(corp, people[1].upn, WRONG)]
    changed = [change_of(corp, people[0].down_level), change_by_precrime(corp, people[1].name)]

    assert [answer.status for answer in wrong] == [401, 401]
    assert [answer.status for answer in changed] == [200, 200], changed
    assert [opens(corp, one) for one in people] == [(401, 200)] * 2


def test_what_the_directory_does_not_take_is_told(corp: Corp) -> None:
    """Its rules, one that was used before, and a person who may not change theirs."""
    person, fixed = corp.domain.new_person(), corp.domain.new_person()
    corp.domain.forbid_password_change(fixed.name)
    token = corp.enter(person.name)["token"]

    simple = [
        change(corp, token, new=TOO_SIMPLE),
        change_of(corp, person.name, new=TOO_SIMPLE),
        change_by_precrime(corp, person.name, new=TOO_SIMPLE),
        change_by_asta(corp, token, new=TOO_SIMPLE),
    ]
    used = change(corp, token, new=PASSWORD)
    forbidden = change_of(corp, fixed.name)
    guessed = change_of(corp, fixed.name, WRONG, TOO_SIMPLE)

    assert [answer.status for answer in simple] == [400] * 4
    assert code_of(simple[0]) == code_of(used) == (400, "password_rejected")
    assert code_of(forbidden) == (403, "directory_keeps")
    assert code_of(guessed) == (401, "wrong_credentials")
    assert corp.try_enter(person.name).status == 200


def test_who_is_closed_gets_no_new_password(corp: Corp) -> None:
    """Disabled in the directory: the truth after the right password, and nothing is changed."""
    person = corp.domain.new_person()
    corp.domain.disable(person.name)

    right, wrong = change_of(corp, person.name), change_of(corp, person.name, WRONG)
    corp.domain.enable(person.name)

    assert right.status == 403
    assert wrong.status == 401
    assert opens(corp, person) == (200, 401)


def test_an_admin_here_sets_no_password_there(corp: Corp) -> None:
    """It is the directory's, and there is none here that could be set instead."""
    person = corp.domain.new_person()
    account = corp.enter(person.name)["user"]["id"]
    body = {"new_password": NEW}

    answer = corp.ask("PUT", f"/api/auth/users/{account}/reset-password", body, token=corp.admin())

    assert answer.status == 403
    assert opens(corp, person) == (200, 401)
