"""Groups and their members in memory."""

from collections.abc import Mapping, Sequence

from fakes_rows import MemoryStore, Rows, check_text, page_of
from watchword.core.accounts.names import canonical
from watchword.core.groups.model import Group, Membership
from watchword.core.kernel.errors import ConflictError, NotFoundError
from watchword.core.kernel.ids import AccountId, GroupId
from watchword.core.kernel.page import Page
from watchword.storage.cursor import read_cursor
from watchword.storage.moments import stored


class MemoryGroups(MemoryStore):
    """Implements GroupStore."""

    async def by_id(self, group_id: GroupId) -> Group | None:
        return self.look().groups.get(group_id)

    async def by_name(self, key: str) -> Group | None:
        groups = self.look().groups.values()
        return next((group for group in groups if canonical(group.name) == key), None)

    async def page(self, *, after: str | None = None, limit: int) -> Page[Group]:
        begin = (-1, "") if after is None else read_cursor("groups", after)
        groups = self.look().groups
        places = sorted((stored(group.created_at), group.id) for group in groups.values())
        listed = [(*place, groups[place[1]]) for place in places if place > begin]
        return page_of("groups", listed, limit)

    async def of(self, account_id: AccountId) -> tuple[Membership, ...]:
        rows = self.look()
        found = [
            Membership(group=rows.groups[group_id], account_id=who, role=role)
            for group_id, who, role in rows.members
            if who == account_id
        ]
        return tuple(sorted(found, key=lambda one: (canonical(one.group.name), one.role)))

    async def of_many(
        self, account_ids: Sequence[AccountId]
    ) -> Mapping[AccountId, tuple[Membership, ...]]:
        return {account_id: await self.of(account_id) for account_id in account_ids}

    async def password_days(self) -> frozenset[int]:
        groups = self.look().groups.values()
        return frozenset(group.password_days for group in groups if group.password_days)

    async def members(
        self, group: Group, *, after: str | None = None, limit: int
    ) -> Page[Membership]:
        begin = ("", "") if after is None else _read_place(after)
        places = sorted(
            (who, role) for group_id, who, role in self.look().members if group_id == group.id
        )
        listed = [
            (len(who), who + role, Membership(group=group, account_id=who, role=role))
            for who, role in places
            if (who, role) > begin
        ]
        return page_of("members", listed, limit)

    def add(self, group: Group) -> None:
        def write(rows: Rows) -> None:
            if group.id in rows.groups:
                raise ConflictError
            _check_free(rows, group)
            rows.groups[group.id] = group

        check_text(group.name)
        self.record(write)

    def update(self, group: Group) -> None:
        def write(rows: Rows) -> None:
            if group.id not in rows.groups:
                raise NotFoundError
            _check_free(rows, group)
            rows.groups[group.id] = group

        check_text(group.name)
        self.record(write)

    def delete(self, group_id: GroupId) -> None:
        def write(rows: Rows) -> None:
            if rows.groups.pop(group_id, None) is None:
                raise NotFoundError
            rows.members = {one for one in rows.members if one[0] != group_id}

        self.record(write)

    def put_member(self, membership: Membership, *, most: int) -> None:
        member = (membership.group.id, membership.account_id, membership.role)

        def write(rows: Rows) -> None:
            if member[0] not in rows.groups or member[1] not in rows.accounts:
                raise NotFoundError
            own = {one for one in rows.members if one[1] == member[1]}
            if member not in own and len(own) >= most:
                raise ConflictError("groups")
            rows.members.add(member)

        check_text(membership.role)
        self.record(write)

    def remove_member(
        self, group_id: GroupId, account_id: AccountId, *, role: str | None = None
    ) -> None:
        def write(rows: Rows) -> None:
            gone = {
                one
                for one in rows.members
                if one[:2] == (group_id, account_id) and role in (None, one[2])
            }
            if not gone:
                raise NotFoundError
            rows.members -= gone

        self.record(write)


def _check_free(rows: Rows, group: Group) -> None:
    others = [one for one in rows.groups.values() if one.id != group.id]
    if canonical(group.name) in {canonical(other.name) for other in others}:
        raise ConflictError("name")


def _read_place(after: str) -> tuple[str, str]:
    length, key = read_cursor("members", after)
    return key[:length], key[length:]
