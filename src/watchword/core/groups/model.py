"""A group, and what an account is in it."""

from dataclasses import dataclass
from datetime import datetime

from watchword.core.kernel.ids import AccountId, GroupId

MEMBER = "member"
"""The role of who was put into a group without one."""

GROUPS_OF_ONE_MAX = 200
"""No account has more roles over all its groups together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A company, a team, a department: accounts that belong together.

    `password_days` and `password_history` say for its members what else the policy of
    the whole server says; None leaves it to that. 0 days is: passwords never expire.
    """

    id: GroupId
    name: str
    created_at: datetime
    password_days: int | None = None
    password_history: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """An account has a role in a group; it may have several, each a membership."""

    group: Group
    account_id: AccountId
    role: str = MEMBER
