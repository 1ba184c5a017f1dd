"""People of directories in words: who they are there, what follows here, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchword.cli.answers import visible
from watchword.core.directory.model import Closed, Person
from watchword.core.directory.port import Finding
from watchword.core.policy.refusals import Refusal

if TYPE_CHECKING:
    from watchword.core.accounts.model import Account
    from watchword.core.services.directoryaccounts import Explanation, Unseen
    from watchword.core.services.directoryplan import Known
    from watchword.settings.directories import DirectorySettings

STATES = {
    Closed.OPEN: "enabled",
    Closed.DISABLED: "disabled",
    Closed.EXPIRED: "expired",
    Closed.GONE: "gone",
    Closed.NOT_ADMITTED: "in no group that may come in",
}
"""How somebody stands in a directory, or why it closed their account."""

_NEXT = {
    Closed.DISABLED: (
        "Enable the user in the directory: the next log-in or synchronisation opens the account."
    ),
    Closed.EXPIRED: (
        "The user has an end in the directory (accountExpires). Give them another: the next log-in"
        " or synchronisation opens the account."
    ),
    Closed.NOT_ADMITTED: (
        "The user is in none of directories.{name}.allowed_groups. Put them into one of these"
        " groups there, or name one of theirs in the settings, by its SID."
    ),
}
_REFUSED = {
    Refusal.NAME_HELD: (
        "An account here is called so already and is not theirs; none is taken over. Look at it:"
        " `watchword account show {account}`. If it should be theirs, delete it"
        " (`watchword account delete {account}`), and the next log-in makes a new one; or let"
        " directories.{name}.attributes.name give other names."
    ),
    Refusal.NAME_INVALID: (
        "What directories.{name}.attributes.name gives cannot be the name of an account: give"
        " another attribute, or mend it in the directory."
    ),
}
_OBSTACLES = {
    Refusal.NAME_HELD: "another account here has the name",
    Refusal.NAME_INVALID: "no account can have the name",
}
_MAKES = {
    "never": (
        "An admin registers them (POST /api/account/registerAD), for directories.{name}.create is"
        " `never`."
    ),
    "login": "Their first log-in makes the account.",
    "sync": (
        "The next synchronisation makes the account, or their first log-in:"
        " `watchword directory sync {name}`."
    ),
}
_DISABLED_HERE = (
    "An administrator here disabled the account, and the directory does not open it again:"
    " `watchword account enable {account}` does."
)
_OPENS = (
    "The next log-in or synchronisation opens the account again: `watchword directory sync {name}`."
)
_CLOSES = (
    "The next synchronisation closes the account, and ends its sessions:"
    " `watchword directory sync {name}` does it now."
)
_CHANGES = "The next log-in or synchronisation gives the account its role."
_FINE = (
    "Nothing stands in the way here. If they are refused, the password is wrong or the directory"
    " does not let them in now: `watchword audit list --account {account}` has its code. Guesses"
    " make an account wait: `watchword account unlock {account}` ends that."
)
_UNSEEN = {
    True: (
        "The directory shows no such user any more: they were removed, or are not below `base`,"
        " or `user_filter` leaves them out. The next synchronisation closes the account:"
        " `watchword directory sync {name}` does it now."
    ),
    False: (
        "The directory shows no such user any more, and the account is closed. If they are"
        " restored there, it is opened again."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What is told of one user: `heads` and `groups` to people, `document` to programs."""

    heads: Mapping[str, str]
    groups: Sequence[str] = ()
    advice: str
    document: Mapping[str, object]


def finding_row(directory: str, finding: Finding) -> tuple[str, ...]:
    grade = "ok" if finding.is_good else "fail"
    return grade, directory, finding.title, finding.text


def person_row(person: Person) -> tuple[str, ...]:
    groups = ", ".join(sorted(person.groups))
    name = f"{person.first_name} {person.last_name}".strip()
    state = STATES[person.closed]
    return person.directory, person.login, name, person.email, state, groups, person.dn


def uses(settings: "DirectorySettings", spec: str) -> list[str]:
    """Return what the settings name a group for, as it is written there."""
    if not spec:
        return []
    found = ["allowed_groups"] if spec in settings.allowed_groups else []
    found += [f"roles.{role}" for role, groups in settings.roles.items() if spec in groups]
    return found + [f"groups.{name}" for name, groups in settings.groups.items() if spec in groups]


def page(told: Explained, *, last_refused: str) -> str:
    """Return the page for people."""
    groups = ["Groups there:", *(f"  {visible(one)}" for one in told.groups)] if told.groups else []
    refused = [_head("Last refused", last_refused)] if last_refused else []
    heads = [_head(name, text) for name, text in told.heads.items() if text]
    return "\n".join([*heads, *groups, *refused, _head("What to do", told.advice)])


def _head(name: str, text: str) -> str:
    return f"{name + ':':<15}{visible(text)}"


def entrance(explanation: "Explanation", settings: "DirectorySettings") -> str:
    """Say whether somebody may come in, and if not, why."""
    if explanation.closed is not Closed.OPEN:
        return f"no: {STATES[explanation.closed]}"
    if explanation.known is not None:
        return "yes" if explanation.known.account.is_active else "no: the account here is closed"
    if explanation.refusal is not None:
        return f"no: {_OBSTACLES[explanation.refusal]}"
    return "yes" if settings.create != "never" else "no: nobody has registered them"


def account_words(known: "Known | Unseen | None") -> str:
    """Say which account is somebody's, and in which state."""
    if known is None:
        return "none"
    account, closed = known.account, known.link.closed
    by = f" by the directory ({STATES[closed]})" if closed is not Closed.OPEN else " here"
    state = account.state.value if account.is_active else f"{account.state.value}{by}"
    return f"{account.name} ({account.role}, {state}), {account.id}"


def role_words(explanation: "Explanation") -> str:
    """Say which role the groups give."""
    if explanation.role is None:
        return "left to admins here: no group gives one"
    return f"{explanation.role}, by groups"


def advice_for(explanation: "Explanation", settings: "DirectorySettings") -> str:
    """Say what to do next about somebody."""
    person, known = explanation.person, explanation.known
    account = known.account.name if known else person.name.strip()
    words = _advice(explanation, settings)
    return words.format(name=person.directory, account=account)


def advice_for_unseen(unseen: "Unseen") -> str:
    """Say what to do about the account of somebody who is not shown any more."""
    words = _UNSEEN[unseen.account.is_active]
    return words.format(name=unseen.link.directory)


def _advice(explanation: "Explanation", settings: "DirectorySettings") -> str:
    known, closed = explanation.known, explanation.closed
    if closed is not Closed.OPEN:
        is_open = known is not None and _is_open(known)
        return f"{_NEXT[closed]} {_CLOSES}" if is_open else _NEXT[closed]
    if known is None:
        refusal = explanation.refusal
        return _REFUSED[refusal] if refusal in _REFUSED else _MAKES[settings.create]
    if known.link.closed is not Closed.OPEN:
        return _OPENS
    if not known.account.is_active:
        return _DISABLED_HERE
    return _CHANGES if _has_another_role(explanation, known.account) else _FINE


def _is_open(known: "Known") -> bool:
    return known.account.is_active and known.link.closed is Closed.OPEN


def _has_another_role(explanation: "Explanation", account: "Account") -> bool:
    return explanation.role is not None and explanation.role is not account.role
