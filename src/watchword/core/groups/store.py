"""What the core asks of whoever keeps groups."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from watchword.core.groups.model import Group, Membership
from watchword.core.kernel.ids import AccountId, GroupId
from watchword.core.kernel.page import Page


class GroupStore(Protocol):
    """Keeps groups and memberships. Names are unique by their canonical key."""

    async def by_id(self, group_id: GroupId) -> Group | None: ...

    async def by_name(self, key: str) -> Group | None:
        """Return the group whose name has this canonical key."""

    async def page(self, *, after: str | None = None, limit: int) -> Page[Group]:
        """Return groups, oldest first."""

    async def of(self, account_id: AccountId) -> tuple[Membership, ...]:
        """Return what an account is, and where: by name of group, then by role."""

    async def of_many(
        self, account_ids: Sequence[AccountId]
    ) -> Mapping[AccountId, tuple[Membership, ...]]:
        """Return the same for each of up to ACCOUNTS_AT_ONCE accounts; nothing for a stranger."""

    async def password_days(self) -> frozenset[int]:
        """Return the days after which passwords expire in any group; 0, which is never, is none."""

    async def members(
        self, group: Group, *, after: str | None = None, limit: int
    ) -> Page[Membership]:
        """Return a group's memberships, by account id, then by role."""

    def add(self, group: Group) -> None:
        """Record a new group. At commit: ConflictError("name") if the name is taken."""

    def update(self, group: Group) -> None:
        """Record all fields of a group. At commit: NotFoundError, ConflictError("name")."""

    def delete(self, group_id: GroupId) -> None:
        """Record the end of a group and its memberships. At commit: NotFoundError if it is gone."""

    def put_member(self, membership: Membership, *, most: int) -> None:
        """Record a membership; having it already is no error.

        At commit: NotFoundError if group or account is gone, ConflictError("groups") if
        the account would have more than `most` memberships, however many come at once.
        """

    def remove_member(
        self, group_id: GroupId, account_id: AccountId, *, role: str | None = None
    ) -> None:
        """Record the end of one role in the group, or of all. At commit: NotFoundError if none."""
