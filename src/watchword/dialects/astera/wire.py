"""Astera's JSON, both ways, and the numbers on its page. No rule of ours lives here.

Members are in camelCase and read in any letter case. What may be left out may be null as well.
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from watchword.core.accounts import model as accounts
from watchword.core.services.authenticate import Caller
from watchword.core.services.sessiondoor import SignedIn
from watchword.core.tickets.model import Ticket

PASSWORD_MIN = 1
"""The page names no least length of a password; it counts under the preset `documented`."""

RoleName = Literal["admin", "user"]

Flag = bool | Literal[0, 1, "0", "1", "true", "false", "True", "False"]
"""A yes or no in all its spellings: the page has two, and .NET writes texts with capitals."""

_YES = frozenset({"1", "true"})


def read_flag(value: object) -> bool | None:
    """Return what a yes or no says, None if it is neither."""
    try:
        flag: Flag = msgspec.convert(value, Flag)
    except msgspec.ValidationError:
        return None
    return str(flag).lower() in _YES


class _Read(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What every body is."""


class Credentials(_Read, frozen=True, kw_only=True):
    """The body of a log-in."""

    user: str
    password: str
    remember_me: Flag | None = None

    @property
    def is_remembered(self) -> bool:
        return bool(read_flag(self.remember_me))


class DirectoryCredentials(Credentials, frozen=True, kw_only=True):
    """The body of a log-in with a directory's password.

    `domain` is the old short name of one, or its DNS name, for a user without one in it.
    """

    domain: str | None = None


class Remembering(_Read, frozen=True, kw_only=True):
    """The body of a log-in with a ticket; there may be none."""

    remember_me: Flag | None = None

    @property
    def is_remembered(self) -> bool:
        return bool(read_flag(self.remember_me))


class Typed(_Read, frozen=True, kw_only=True):
    """What of a log-in somebody typed, whatever it is; neither of them is with a ticket."""

    user: object = None
    password: object = None

    @property
    def is_something(self) -> bool:
        return self.user is not None or self.password is not None


class DirectoryUser(_Read, frozen=True, kw_only=True):
    """The body that makes an account for somebody of a directory."""

    user: str
    domain: str | None = None
    role: str | None = None


class NewUser(_Read, frozen=True, kw_only=True):
    """The body that makes an account; only an admin may choose another role than `user`.

    `invitation` is what an invitation's letter says: its code, or the end of its link.
    """

    user: str
    password: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    role: str | None = None
    invitation: str | None = None


class Whom(_Read, frozen=True, kw_only=True):
    """A body that names an account, by its address or by its user; an empty text names none."""

    email: str | None = None
    user: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one for one in (self.email, self.user) if one)


class ResetToken(Whom, frozen=True, kw_only=True):
    """The body that asks whether a token would reset a password."""

    token: str


class PasswordReset(ResetToken, frozen=True, kw_only=True):
    """The body that resets a password."""

    password: str


class EmailWish(_Read, frozen=True, kw_only=True):
    """The body that asks for another address; the password is needed if the log-in is not new."""

    new_email: str
    password: str | None = None


class EmailToken(_Read, frozen=True, kw_only=True):
    """The body that shows what the letter to the new address said."""

    new_email: str
    token: str


class UndoToken(_Read, frozen=True, kw_only=True):
    """The body that takes a change of address back."""

    token: str


class PasswordChange(_Read, frozen=True, kw_only=True):
    """The body with which somebody changes their own password; `user` stands in for a token."""

    old_password: str
    new_password: str
    user: str | None = None


class EmailCode(_Read, frozen=True, kw_only=True):
    """The body that confirms an address."""

    email: str
    code: str


class Guest(_Read, frozen=True, kw_only=True):
    """The body that invites somebody."""

    email: str
    role: str | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An account as its owner sees it. The time is ISO 8601, in UTC.

    `directory` names the one that keeps the password and all the rest, if there is one.
    """

    id: str
    user: str
    email: str | None
    email_confirmed: bool
    first_name: str
    last_name: str
    role: RoleName
    directory: str | msgspec.UnsetType = msgspec.UNSET
    created: str


class LogIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a log-in, with the token in two members: nobody says which is the original's.

    It says when the password expires, where one ever does.
    """

    token: str
    access_token: str = msgspec.field(name="access_token")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the word of RFC 6750
    expires_in: int
    expires: str
    password_expires: str | msgspec.UnsetType = msgspec.UNSET
    user: Account


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Whose credential this is, and until when it is good; null is for ever."""

    access: Literal[True] = True
    user: str
    role: RoleName
    expires: str | None


class Valid(msgspec.Struct, frozen=True, kw_only=True):
    """The token would be taken."""

    valid: Literal[True] = True


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """The invitation that is on its way."""

    email: str
    role: RoleName
    expires: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, for a person."""

    message: str


class BodyError(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a body; `pointer` leads to it (RFC 6901)."""

    detail: str
    pointer: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why not (RFC 9457). `title` is the status's own phrase, so `type` is not sent.

    `code` tells programs apart what has the same status, where there is more to tell.
    """

    title: str
    status: int
    detail: str = ""
    code: str = ""
    errors: tuple[BodyError, ...] = ()


def write_account(account: accounts.Account) -> Account:
    return Account(
        id=account.id,
        user=account.name,
        email=account.email,
        email_confirmed=account.email_confirmed_at is not None,
        first_name=account.first_name,
        last_name=account.last_name,
        role=account.role.value,
        directory=account.directory or msgspec.UNSET,
        created=moment(account.created_at),
    )


def write_log_in(signed_in: SignedIn) -> LogIn:
    ends_at = signed_in.password_ends_at
    left = signed_in.expires_at - signed_in.issued_at
    return LogIn(
        token=signed_in.token,
        access_token=signed_in.token,
        expires_in=int(left.total_seconds()),
        expires=moment(signed_in.expires_at),
        password_expires=moment(ends_at) if ends_at else msgspec.UNSET,
        user=write_account(signed_in.account),
    )


def write_access(caller: Caller) -> Access:
    credential = caller.token or caller.key
    ends_at = credential.expires_at if credential else None
    return Access(
        user=caller.account.name,
        role=caller.account.role.value,
        expires=moment(ends_at) if ends_at else None,
    )


def write_invited(ticket: Ticket) -> Invited:
    return Invited(
        email=ticket.address,
        role=accounts.Role(ticket.detail).value,
        expires=moment(ticket.expires_at),
    )


def moment(at: datetime) -> str:
    """Return a time as every answer has it."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
