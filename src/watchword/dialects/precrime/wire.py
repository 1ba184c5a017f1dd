"""Precrime's JSON, both ways, and the numbers on its page. No rule of ours lives here.

What `/user/*` answers is in PascalCase, what `/authheader/*` answers in camelCase.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from watchword.core.groups.model import Group, Membership
from watchword.core.services.apikeys import ShownKey
from watchword.core.services.sessiondoor import SignedIn
from watchword.core.services.tokens import Issued

PASSWORD_MIN = 1
"""The page names no least length of a password; it counts under the preset `documented`."""

NEVER = "0001-01-01T00:00:00"
"""No date, as .NET writes it."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a log-in."""

    username: str
    password: str


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True):
    """The body with which somebody changes a password, with or without a token."""

    username: str
    old: str
    new: str
    confirm: str


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """The body that makes an API key."""

    name: str


class KeyNamed(msgspec.Struct, frozen=True, kw_only=True):
    """The body that names an API key, by the key itself or by its id."""

    text: str


class Company(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A group, in the words of this API."""

    id: str
    name: str


class Role(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What an account is in a group."""

    id: str
    name: str


class Authorization(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One group, with everything that the account is in it."""

    company: Company
    roles: list[Role]


class LogIn(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The answer to a log-in. Times are UTC, without a zone and without fractions."""

    id: str
    created: str
    username: str
    email: str
    firstname: str
    lastname: str
    token: str
    password_expiration: str
    active: bool
    authorizations: list[Authorization]


class Renewed(LogIn, frozen=True, kw_only=True):
    """The answer to a renewal: a log-in's, and the token once more as OAuth says it."""

    access_token: str = msgspec.field(name="access_token")
    expires_in: int = msgspec.field(name="expires_in")
    token_type: Literal["bearer"] = msgspec.field(name="token_type", default="bearer")


class Exchanged(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A token of the lifetime that was asked for."""

    token: str


class AuthHeader(msgspec.Struct, frozen=True, kw_only=True):
    """An API key; `token` is its text."""

    id: str
    name: str
    token: str
    created: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or why not, for a person."""

    message: str


def write_log_in(signed_in: SignedIn) -> LogIn:
    account = signed_in.account
    return LogIn(
        id=account.id,
        created=_moment(account.created_at),
        username=account.name,
        email=account.email or "",
        firstname=account.first_name,
        lastname=account.last_name,
        token=signed_in.token,
        password_expiration=_moment(signed_in.password_ends_at),
        active=account.is_active,
        authorizations=_authorizations(signed_in.memberships),
    )


def write_renewed(signed_in: SignedIn) -> Renewed:
    left = signed_in.expires_at - signed_in.issued_at
    return Renewed(
        **msgspec.structs.asdict(write_log_in(signed_in)),
        access_token=signed_in.token,
        expires_in=int(left.total_seconds()),
    )


def write_exchanged(issued: Issued) -> Exchanged:
    return Exchanged(token=issued.token)


def write_key(shown: ShownKey) -> AuthHeader:
    return AuthHeader(
        id=shown.key.id,
        name=shown.key.name,
        token=shown.text,
        created=_moment(shown.key.created_at),
    )


def _authorizations(memberships: Sequence[Membership]) -> list[Authorization]:
    # They come by group already, so each group is one run.
    runs = groupby(memberships, key=lambda one: one.group)
    return [
        Authorization(
            company=Company(id=group.id, name=group.name),
            roles=[_role(group, one.role) for one in some],
        )
        for group, some in runs
    ]


def _role(group: Group, name: str) -> Role:
    # We keep no ids of roles: this one is the same each time, and another in each group.
    return Role(id=str(uuid5(UUID(group.id), name)), name=name)


def _moment(at: datetime | None) -> str:
    if at is None:
        return NEVER
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
