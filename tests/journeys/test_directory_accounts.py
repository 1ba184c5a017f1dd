"""Accounts of Active Directory beside local ones of the same name, and by whom they are made."""

from dataclasses import dataclass

import pytest

from journeys import keys
from journeys.directory import LOG_INS, REGISTER_AD, WRONG, Corp, code_of, shown
from journeys.people import PASSWORD as OWN_PASSWORD
from journeys.people import REGISTER
from parts.peer import Answer

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Registrar:
    """Somebody who registers people of the directory."""

    corp: Corp
    token: str | None = None
    key: str = ""

    def register(self, name: str, **more: str) -> Answer:
        key = [f"X-Authorization: {self.key}"] if self.key else []
        return self.corp.ask("POST", REGISTER_AD, {"user": name, **more}, *key, token=self.token)


def test_a_local_account_is_never_taken_over(corp: Corp) -> None:
    """Somebody of the directory has its name and knows the right password, and is refused."""
    person = corp.domain.new_person()
    made = corp.ask("POST", REGISTER, {"username": person.name, "password": OWN_PASSWORD})
    before = corp.account(person.name)

    held = [corp.try_enter(name) for name in (person.name, person.down_level, person.upn)]
    wrong = corp.try_enter(person.name, WRONG)
    theirs = [corp.try_door(call, person.name).status for call in LOG_INS if call != "loginAD"]
    registered = Registrar(corp, corp.admin()).register(person.name)

    after = corp.account(person.name)
    assert made.status == 200
    assert {code_of(answer) for answer in held} == {(409, "name_held")}
    assert code_of(wrong) == (401, "wrong_credentials")
    assert theirs == [401, 401, 401]
    assert code_of(registered) == (409, "name_held")
    assert after == before
    assert (after["source"], after["state"]) == ("local", "active")
    assert corp.try_log_in(person.name, OWN_PASSWORD).status == 200


def test_who_comes_later_by_the_same_name_is_somebody_else(corp: Corp) -> None:
    """The account of who left is not theirs; they get their own when an admin has deleted it."""
    name = "namesake"
    corp.domain.new_person(name)
    first = corp.enter(name)
    corp.domain.delete(name)
    corp.domain.new_person(name)

    before, wrong = corp.try_enter(name), corp.try_enter(name, WRONG)
    corp.sync()
    after, old = corp.try_enter(name), corp.account(name)
    removed = corp.ask("DELETE", f"/api/auth/users/{old['id']}", token=corp.admin())
    second = corp.enter(name)

    assert code_of(before) == code_of(after) == (409, "name_held")
    assert code_of(wrong) == (401, "wrong_credentials")
    assert (old["id"], old["state"]) == (first["user"]["id"], "disabled")
    assert removed.status == 200
    assert second["user"]["id"] != old["id"]
    assert corp.me(first["token"]).status == 401


def test_no_local_password_opens_the_directory(corp: Corp) -> None:
    """LoginAD never looks at one; the answer is that to anybody who guesses."""
    made = corp.ask("POST", REGISTER, {"username": "only-here", "password": OWN_PASSWORD})

    answers = [corp.try_enter(name, OWN_PASSWORD) for name in ("only-here", "nobody-at-all")]

    assert made.status == 200
    assert shown(answers[0]) == shown(answers[1])
    assert code_of(answers[0]) == (401, "wrong_credentials")
    assert corp.try_log_in("only-here", OWN_PASSWORD).status == 200


def test_an_admin_registers_somebody_before_they_come(corp: Corp) -> None:
    """The account is filled from the directory; the first log-in finds it, and it is made once."""
    person = corp.domain.new_person(groups=["Bosses"], givenName="Ada", sn="Lovelace")
    admin = Registrar(corp, corp.admin())

    made, again = admin.register(person.down_level), admin.register(person.name)
    own = corp.enter(person.name)["user"]

    assert made.status == 200
    assert made.document == own
    assert {**own, "id": "", "created": ""} == {
        "id": "",
        "user": person.name,
        "email": f"{person.name}@ad.test",
        "emailConfirmed": False,
        "firstName": "Ada",
        "lastName": "Lovelace",
        "role": "admin",
        "directory": "corp",
        "created": "",
    }
    assert code_of(again) == (409, "name_taken")


def test_who_may_register_people_of_the_directory(corp: Corp) -> None:
    """Nobody without a token, no user, no key without the scope, and no key makes an admin."""
    people = [corp.domain.new_person() for _ in range(3)]
    boss = corp.domain.new_person(groups=["Bosses"])
    nobody, user = Registrar(corp), Registrar(corp, corp.enter(people[0].name)["token"])
    plain = Registrar(corp, key=keys.create(corp.store).text)
    clerk = Registrar(corp, key=keys.create(corp.store, "--scope", "accounts:write").text)

    refused = [one.register(people[1].name) for one in (nobody, user, plain)]
    made, of_boss = clerk.register(people[2].name), clerk.register(boss.name)

    assert [answer.status for answer in refused] == [401, 403, 403]
    assert code_of(refused[1]) == (403, "not_admin")
    assert (made.status, made.document["user"]) == (200, people[2].name)
    assert code_of(of_boss) == (403, "key_scope")


def test_whom_nobody_can_register(corp: Corp) -> None:
    """Who is not there, is closed there, is of no directory, or is to be what they are not."""
    person, closed = corp.domain.new_person(), corp.domain.new_person()
    corp.domain.disable(closed.name)
    admin = Registrar(corp, corp.admin())

    told = [
        code_of(admin.register(name))
        for name in ("nobody-at-all", closed.name, "ELSEWHERE\\ada", "*", f"{person.name})(cn=*")
    ]
    raised = admin.register(person.name, role="admin")

    assert told == [
        (404, "not_found"),
        (403, "disabled"),
        (422, "directory_unknown"),
        (404, "not_found"),
        (404, "not_found"),
    ]
    assert code_of(raised) == (403, "directory_keeps")
