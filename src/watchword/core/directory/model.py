"""A person as a directory tells of them, and the link between that person and an account."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from watchword.core.kernel.ids import AccountId

MUST_BE_CHANGED = datetime(1970, 1, 1, tzinfo=UTC)
"""When a password was set that must be changed first of all: a help desk gave it."""


class Verdict(StrEnum):
    """What a directory says about a name and a password.

    All but WRONG and LOCKED are told by Active Directory only after the right password.
    LOCKED it tells anybody who tries, so that a stranger must not hear it from us.
    """

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    HOURS = "hours"
    PASSWORD_EXPIRED = "password-expired"
    MUST_CHANGE = "must-change"
    DISABLED = "disabled"
    EXPIRED = "expired"


class Closed(StrEnum):
    """Why a directory has an account here closed. OPEN: it has not."""

    OPEN = ""
    DISABLED = "disabled"
    EXPIRED = "expired"
    GONE = "gone"
    NOT_ADMITTED = "not-admitted"


class PasswordChange(StrEnum):
    """What became of a change of password in a directory.

    REJECTED: its rules do not allow the new one. FORBIDDEN: this person may not change
    theirs, or the directory cannot be asked to. WRONG: the current one was not that.
    """

    DONE = "done"
    WRONG = "wrong"
    REJECTED = "rejected"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom to look for in which directory: by objectGUID or `sid` if that is known, else by name.

    `login` is a sAMAccountName, or a user principal name if there is an @ in it. Where there
    is an id it may be an old one, and of somebody else by now. `guid` goes before `sid`.
    """

    directory: str
    login: str
    guid: str = ""
    sid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user of a directory, as it is there now.

    `guid` is the objectGUID in its usual spelling and stays whatever is renamed. `login` is
    the sAMAccountName, `upn` the user principal name; `name`, `email`, `first_name` and
    `last_name` come from the attributes that the settings name. `groups` are those of the
    groups named in the settings, as they are spelt there, that the person is in: directly,
    through other groups, or as their primary group. `closed` is DISABLED or EXPIRED where
    the directory lets nobody in with this user. `password_at` is when the password was set,
    MUST_BE_CHANGED where it is one to be changed, None where that is not shown.
    """

    directory: str
    guid: str
    dn: str
    login: str
    name: str
    upn: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    groups: frozenset[str] = frozenset()
    closed: Closed = Closed.OPEN
    password_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of asking for a name and a password; `person` is there if it was RIGHT.

    `code` is the directory's own, such as 52e, for whoever looks for the cause.
    """

    verdict: Verdict
    person: Person | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An account here is a person there.

    `login_key` and `upn_key` are canonical keys of the names there. `groups` are those that
    the person was in when the directory was last heard, and `closed` is why it has the
    account closed; what an administrator here disabled is not told here. `cached` is a hash
    of the password under our own parameters, only where the settings ask for it, made at
    `cached_at`.
    """

    account_id: AccountId
    directory: str
    guid: str
    dn: str
    login: str
    login_key: str
    upn_key: str = ""
    groups: frozenset[str] = frozenset()
    closed: Closed = Closed.OPEN
    password_at: datetime | None = None
    cached: str = field(default="", repr=False)
    cached_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far the last synchronisation of a directory came.

    `cursor` is a text of the directory's own, from which the next one goes on; `whole_at`
    is when everybody was last looked at.
    """

    directory: str
    cursor: str
    synced_at: datetime
    whole_at: datetime
