"""Links that were mailed to somebody, one for each purpose, and what is typed on their pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from journeys.astera import ASK_CHANGE, CHANGE, CONFIRM, FORGOT, INVITE, REGISTER
from journeys.mailing import Link, Mailing
from journeys.people import ADMIN, PASSWORD
from parts.peer import Answer
from parts.smtp import Received
from watchword.core.tickets.model import Purpose

NEW_PASSWORD = "nine geese in a pond"

_numbers = count(1)


@dataclass(frozen=True)
class Errand:
    """A letter, who has it, and what they type beside pressing its button."""

    house: Mailing
    purpose: Purpose
    name: str
    letter: Received
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def link(self) -> Link:
        return Link(self.letter.link)

    @property
    def to(self) -> str:
        [to] = self.letter.recipients
        return to

    def press(self, *headers: str, **typed: str) -> Answer:
        """Press the button when all is typed as it should be, or so."""
        form = {"ticket": self.link.secret, **self.typed, **typed}
        return self.house.press(self.link.path, *headers, **form)

    def look(self) -> Answer:
        return self.house.ask("GET", self.link.target)


def errand(house: Mailing, purpose: Purpose) -> Errand:
    """Have somebody new do what makes a letter of this purpose come."""
    name = f"guest{next(_numbers)}"
    old, new = f"{name}@old.example", f"{name}@new.example"
    if purpose is Purpose.JOIN:
        asked = house.ask("POST", INVITE, {"email": old}, token=house.log_in(ADMIN))
        typed = {"username": name, **_twice(NEW_PASSWORD)}
        assert asked.status == 200, asked
        return Errand(house, purpose, name, house.letter(old), typed)
    register(house, name, old)
    if purpose is Purpose.CONFIRM:
        return Errand(house, purpose, name, house.letter(old))
    confirm(house, old)
    if purpose is Purpose.RESET:
        asked = house.ask("POST", FORGOT, {"email": old})
        assert asked.status == 200, asked
        return Errand(house, purpose, name, house.letter(old), _twice(NEW_PASSWORD))
    ask_for_change(house, name, new)
    letter = house.letter(new)
    house.letter(old)  # the notice
    if purpose is Purpose.CHANGE:
        return Errand(house, purpose, name, letter)
    changed = house.ask("POST", CHANGE, {"newEmail": new, "token": letter.code})
    assert changed.status == 200, changed
    return Errand(house, purpose, name, house.letter(old))


def register(house: Mailing, name: str, email: str) -> None:
    body = {"user": name, "password": PASSWORD, "email": email}
    made = house.ask("POST", REGISTER, body)
    assert made.status == 200, made


def confirm(house: Mailing, email: str) -> None:
    """Type the code of the next letter to an address."""
    body = {"email": email, "code": house.letter(email).code}
    confirmed = house.ask("POST", CONFIRM, body)
    assert confirmed.status == 200, confirmed


def ask_for_change(house: Mailing, name: str, email: str) -> None:
    asked = house.ask("POST", ASK_CHANGE, {"newEmail": email}, token=house.log_in(name))
    assert asked.status == 200, asked


def _twice(password: str) -> dict[str, str]:
    return {"password": password, "password_again": password}
