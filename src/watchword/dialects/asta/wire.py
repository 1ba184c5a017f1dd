"""Asta's JSON, both ways, and the numbers on its page. No rule of ours lives here."""

import re
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from watchword.core.accounts.model import Account
from watchword.core.kernel.ids import AccountId
from watchword.core.services.sessiondoor import SignedIn

NAME_MIN = 2
"""The least length of a name that somebody registers."""

PASSWORD_MIN = 4
"""The least length of a password; it counts under the preset `documented`."""

NOBODY = AccountId("")
"""The id of no account."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

RoleName = Literal["admin", "user"]


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a log-in."""

    username: str
    password: str


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """The body that makes an account; only an admin may choose another role."""

    username: str
    password: str
    role: str = "user"


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True):
    """The body with which somebody changes their own password."""

    current_password: str
    new_password: str


class PasswordReset(msgspec.Struct, frozen=True, kw_only=True):
    """The body with which an admin sets a password."""

    new_password: str


class UserChange(msgspec.Struct, frozen=True, kw_only=True):
    """The body with which an admin changes role or state; what is null stays."""

    role: str | None = None
    active: bool | None = None


class User(msgspec.Struct, frozen=True, kw_only=True):
    """An account as everybody sees it."""

    id: str
    username: str
    role: RoleName


class ListedUser(User, frozen=True, kw_only=True):
    """An account as an admin sees it; the time is ISO 8601 in UTC, with microseconds."""

    created_at: str


class ChangedUser(ListedUser, frozen=True, kw_only=True):
    """An account whose role or state an admin has set."""

    active: bool


class LogIn(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a log-in; it says when the password expires, where one ever does."""

    access_token: str
    user: User
    password_expires_at: str | msgspec.UnsetType = msgspec.UNSET


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a registration; it opens no session."""

    user: User


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an admin who made an account."""

    user: ListedUser


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an admin who set a role or a state."""

    user: ChangedUser


class UserList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of accounts, oldest first."""

    users: list[ListedUser]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It is done."""

    ok: Literal[True] = True


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The server answers."""

    status: Literal["ok"] = "ok"
    app: str
    version: str


class ErrorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Why not, for a person."""

    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with a body, as FastAPI says it."""

    type: str
    loc: tuple[str | int, ...]
    msg: str
    input: Any
    ctx: dict[str, str] | None = None


class InvalidBody(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is wrong with a body."""

    detail: list[Problem]


def read_id(text: str) -> AccountId:
    """Return the id in a path. What is no UUID in its usual spelling is nobody's."""
    return AccountId(text) if _ID.fullmatch(text) else NOBODY


def write_log_in(outcome: SignedIn) -> LogIn:
    ends_at = outcome.password_ends_at
    return LogIn(
        access_token=outcome.token,
        user=write_user(outcome.account),
        password_expires_at=_write_moment(ends_at) if ends_at else msgspec.UNSET,
    )


def write_user(account: Account) -> User:
    return User(id=account.id, username=account.name, role=account.role.value)


def write_listed(account: Account) -> ListedUser:
    return ListedUser(
        id=account.id,
        username=account.name,
        role=account.role.value,
        created_at=_write_moment(account.created_at),
    )


def write_changed(account: Account) -> ChangedUser:
    return ChangedUser(
        id=account.id,
        username=account.name,
        role=account.role.value,
        created_at=_write_moment(account.created_at),
        active=account.is_active,
    )


def _write_moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
