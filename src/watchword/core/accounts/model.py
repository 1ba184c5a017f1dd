"""An account, its names, and the changes it allows."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from watchword.core.kernel.ids import AccountId


class Role(StrEnum):
    """What an account may do. Admins administer accounts; users look after themselves."""

    ADMIN = "admin"
    USER = "user"


class State(StrEnum):
    """Whether an account may be used."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Source(StrEnum):
    """Where an account is kept up."""

    LOCAL = "local"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person or machine that can sign in.

    `name` is kept as typed; `core.accounts.names.canonical` gives the key by which it
    is found. `email` identifies the account only once `email_confirmed_at` is set.
    `directory` names the directory that knows the password, where `source` is DIRECTORY.
    """

    id: AccountId
    name: str
    created_at: datetime
    updated_at: datetime
    role: Role = Role.USER
    state: State = State.ACTIVE
    source: Source = Source.LOCAL
    directory: str = ""
    email: str | None = None
    email_confirmed_at: datetime | None = None
    first_name: str = ""
    last_name: str = ""

    @property
    def is_active(self) -> bool:
        return self.state is State.ACTIVE

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def keeps_the_house(self) -> bool:
        """Say whether this is an enabled admin; the last of these must stay one."""
        return self.is_admin and self.is_active

    def with_role(self, role: Role, at: datetime) -> "Account":
        return self if role is self.role else replace(self, role=role, updated_at=at)

    def with_email(self, email: str, at: datetime) -> "Account":
        """Return the account with this address, which its owner has just proved to read."""
        return replace(self, email=email, email_confirmed_at=at, updated_at=at)

    def with_state(self, state: State, at: datetime) -> "Account":
        return self if state is self.state else replace(self, state=state, updated_at=at)
