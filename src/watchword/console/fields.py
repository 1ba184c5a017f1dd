"""What can be typed on these pages: how it is asked for, and what must be right about it."""

from collections.abc import Mapping
from dataclasses import replace

from watchword.console.words import Labels
from watchword.core.policy.refusals import Refusal
from watchword.http.forms import Parameters
from watchword.http.pages import Field

USERNAME, FIRST_NAME, LAST_NAME = "username", "first-name", "last-name"
PASSWORD, AGAIN = "password", "password-again"

SET_PASSWORD = (PASSWORD, AGAIN)
MAKE_ACCOUNT = (USERNAME, PASSWORD, AGAIN, FIRST_NAME, LAST_NAME)

WRONG_BY = {
    Refusal.NAME_SHORT: USERNAME,
    Refusal.NAME_INVALID: USERNAME,
    Refusal.NAME_TAKEN: USERNAME,
    Refusal.PASSWORD_SHORT: PASSWORD,
    Refusal.PASSWORD_LONG: PASSWORD,
    Refusal.PASSWORD_COMMON: PASSWORD,
    Refusal.PASSWORD_REUSED: PASSWORD,
}
"""The field beside which a refusal is told."""

Typed = Mapping[str, str]


def read_typed(names: tuple[str, ...], read: Parameters) -> Typed:
    """Return what was typed into these fields, empty where nothing was."""
    return {name: read.get(name) or "" for name in names}


def find_errors(typed: Typed, labels: Labels) -> dict[str, str]:
    """Return what is wrong without anybody being asked, by the name of the field."""
    errors = {}
    if not typed.get(USERNAME, "x").strip():
        errors[USERNAME] = labels.username_missing
    if not typed.get(PASSWORD, "x"):
        errors[PASSWORD] = labels.password_missing
    elif typed.get(PASSWORD) != typed.get(AGAIN):
        errors[AGAIN] = labels.again_differs
    return errors


def make_fields(
    names: tuple[str, ...],
    labels: Labels,
    *,
    length_min: int,
    typed: Typed,
    errors: Mapping[str, str],
) -> tuple[Field, ...]:
    """Return the fields of a page. A password never comes back in an answer."""
    hint = labels.password_hint.format(number=length_min)
    known = {
        USERNAME: Field(name=USERNAME, label=labels.username, autocomplete="username"),
        PASSWORD: _password(PASSWORD, labels.password, hint),
        AGAIN: _password(AGAIN, labels.again),
        FIRST_NAME: _name(FIRST_NAME, labels.first_name, "given-name", labels.optional),
        LAST_NAME: _name(LAST_NAME, labels.last_name, "family-name", labels.optional),
    }
    return tuple(_filled(known[name], typed, errors) for name in names)


def _password(name: str, label: str, hint: str = "") -> Field:
    return Field(name=name, label=label, kind="password", hint=hint, autocomplete="new-password")


def _name(name: str, label: str, autocomplete: str, optional: str) -> Field:
    return Field(
        name=name, label=label, autocomplete=autocomplete, capitals="words", optional=optional
    )


def _filled(field: Field, typed: Typed, errors: Mapping[str, str]) -> Field:
    value = "" if field.kind == "password" else typed.get(field.name, "")
    return replace(field, value=value, error=errors.get(field.name, ""))
