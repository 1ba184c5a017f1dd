"""What is read of several nouns in one look, since each look costs a request its time."""

from dataclasses import dataclass

from watchword.core.accounts.model import Account
from watchword.core.apikeys.model import ApiKey
from watchword.core.credentials.model import PasswordCredential
from watchword.core.groups.model import Membership
from watchword.core.sessions.model import Session


@dataclass(frozen=True, slots=True)
class Bearer:
    """A live session and its account, read together."""

    account: Account
    session: Session


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """An API key and its account, read together."""

    account: Account
    key: ApiKey


@dataclass(frozen=True, slots=True)
class Claimed:
    """An account that somebody says is theirs, and all that a log-in looks at, read together."""

    account: Account
    credential: PasswordCredential | None
    memberships: tuple[Membership, ...]
    session_count: int
