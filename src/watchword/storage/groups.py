"""Groups and their members in SQL."""

from collections.abc import Mapping, Sequence
from functools import partial

from watchword.core.accounts.names import canonical
from watchword.core.groups.model import Group, Membership
from watchword.core.kernel.errors import ConflictError, NotFoundError
from watchword.core.kernel.ids import AccountId, GroupId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.storage import locks
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.moments import moment, stored
from watchword.storage.portions import places, portions
from watchword.storage.statement import Batch, Row, storable

GROUP_COLUMNS = 5

_LISTING = "groups"
_LISTING_OF_MEMBERS = "members"


class SqlGroups:
    """Implements GroupStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def by_id(self, group_id: GroupId) -> Group | None:
        row = await self._engine.fetch_one(
            "SELECT id, name, created_at, password_days, password_history"
            " FROM groups WHERE id = $1",
            group_id,
        )
        return group_of(row) if row else None

    async def by_name(self, key: str) -> Group | None:
        row = await self._engine.fetch_one(
            "SELECT id, name, created_at, password_days, password_history"
            " FROM groups WHERE name_key = $1",
            key,
        )
        return group_of(row) if row else None

    async def page(self, *, after: str | None = None, limit: int) -> Page[Group]:
        most = within_page(limit)
        rows = await self._engine.fetch_all(
            "SELECT id, name, created_at, password_days, password_history"
            " FROM groups WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3",
            *((-1, "") if after is None else read_cursor(_LISTING, after)),
            most + 1,
        )
        items = tuple(group_of(row) for row in rows[:most])
        more = len(rows) > most
        last = write_cursor(_LISTING, stored(items[-1].created_at), items[-1].id) if more else None
        return Page(items, last)

    async def of(self, account_id: AccountId) -> tuple[Membership, ...]:
        rows = await self._engine.fetch_all(
            "SELECT g.id, g.name, g.created_at, g.password_days, g.password_history, m.role"
            " FROM memberships AS m JOIN groups AS g ON g.id = m.group_id"
            " WHERE m.account_id = $1 ORDER BY g.name_key, m.role LIMIT $2",
            account_id,
            PAGE_MAX,
        )
        return tuple(
            Membership(group=group_of(row), account_id=account_id, role=row[5]) for row in rows
        )

    async def of_many(
        self, account_ids: Sequence[AccountId]
    ) -> Mapping[AccountId, tuple[Membership, ...]]:
        found: dict[AccountId, list[Membership]] = {one: [] for one in account_ids}
        for some in portions(sorted(one for one in found if storable((one,)))):
            rows = await self._engine.fetch_all(
                "SELECT g.id, g.name, g.created_at, g.password_days, g.password_history,"  # noqa: S608 - placeholders
                " m.role, m.account_id"
                " FROM memberships AS m JOIN groups AS g ON g.id = m.group_id"
                f" WHERE m.account_id IN ({places(len(some))})",
                *some,
            )
            for row in rows:
                one = Membership(group=group_of(row), account_id=AccountId(row[6]), role=row[5])
                found[one.account_id].append(one)
        return {who: tuple(sorted(those, key=_place)) for who, those in found.items()}

    async def password_days(self) -> frozenset[int]:
        rows = await self._engine.fetch_all(
            "SELECT DISTINCT password_days FROM groups WHERE password_days > 0"
        )
        return frozenset(int(row[0]) for row in rows)

    async def members(
        self, group: Group, *, after: str | None = None, limit: int
    ) -> Page[Membership]:
        most = within_page(limit)
        rows = await self._engine.fetch_all(
            "SELECT account_id, role FROM memberships"
            " WHERE group_id = $1 AND (account_id, role) > ($2, $3)"
            " ORDER BY account_id, role LIMIT $4",
            group.id,
            *(("", "") if after is None else _read_member(after)),
            most + 1,
        )
        items = tuple(
            Membership(group=group, account_id=AccountId(row[0]), role=row[1])
            for row in rows[:most]
        )
        return Page(items, _write_member(items[-1]) if len(rows) > most else None)

    def add(self, group: Group) -> None:
        self._claim_name(group)
        self._batch.record(
            "INSERT INTO groups (id, name, name_key, created_at, password_days, password_history)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            group.id,
            group.name,
            canonical(group.name),
            stored(group.created_at),
            group.password_days,
            group.password_history,
        )

    def update(self, group: Group) -> None:
        self._batch.lock(locks.GROUPS)
        self._batch.record("SELECT id FROM groups WHERE id = $1", group.id, expect=NotFoundError)
        self._claim_name(group)
        self._batch.record(
            "UPDATE groups SET name = $2, name_key = $3, created_at = $4,"
            " password_days = $5, password_history = $6 WHERE id = $1",
            group.id,
            group.name,
            canonical(group.name),
            stored(group.created_at),
            group.password_days,
            group.password_history,
        )

    def delete(self, group_id: GroupId) -> None:
        self._batch.lock(locks.GROUPS)
        self._batch.record(
            "DELETE FROM groups WHERE id = $1 RETURNING id", group_id, expect=NotFoundError
        )

    def put_member(self, membership: Membership, *, most: int) -> None:
        group_id, account_id = membership.group.id, membership.account_id
        self._batch.lock(locks.account(account_id))
        self._batch.record(
            "SELECT 1 FROM groups AS g, accounts AS a WHERE g.id = $1 AND a.id = $2",
            group_id,
            account_id,
            expect=NotFoundError,
        )
        self._batch.record(
            "SELECT 1 WHERE (SELECT COUNT(*) FROM memberships WHERE account_id = $2) < $4"
            " OR EXISTS (SELECT 1 FROM memberships"
            " WHERE group_id = $1 AND account_id = $2 AND role = $3)",
            group_id,
            account_id,
            membership.role,
            most,
            expect=partial(ConflictError, "groups"),
        )
        self._batch.record(
            "INSERT INTO memberships (group_id, account_id, role) VALUES ($1, $2, $3)"
            " ON CONFLICT (group_id, account_id, role) DO NOTHING",
            group_id,
            account_id,
            membership.role,
        )

    def remove_member(
        self, group_id: GroupId, account_id: AccountId, *, role: str | None = None
    ) -> None:
        self._batch.lock(locks.GROUPS)
        if role is None:
            self._batch.record(
                "DELETE FROM memberships WHERE group_id = $1 AND account_id = $2"
                " RETURNING account_id",
                group_id,
                account_id,
                expect=NotFoundError,
            )
        else:
            self._batch.record(
                "DELETE FROM memberships WHERE group_id = $1 AND account_id = $2 AND role = $3"
                " RETURNING account_id",
                group_id,
                account_id,
                role,
                expect=NotFoundError,
            )

    def _claim_name(self, group: Group) -> None:
        self._batch.lock(locks.GROUPS)
        self._batch.record(
            "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM groups WHERE name_key = $1 AND id <> $2)",
            canonical(group.name),
            group.id,
            expect=partial(ConflictError, "name"),
        )


def group_of(row: Row) -> Group:
    """Read a group from the first five columns, in the order of every SELECT here."""
    group_id, name, created_at, password_days, password_history = row[:GROUP_COLUMNS]
    return Group(
        id=GroupId(group_id),
        name=name,
        created_at=moment(created_at),
        password_days=password_days,
        password_history=password_history,
    )


def _place(membership: Membership) -> tuple[str, str]:
    return canonical(membership.group.name), membership.role


def _write_member(last: Membership) -> str:
    # The length tells where the account ends and the role begins.
    return write_cursor(_LISTING_OF_MEMBERS, len(last.account_id), last.account_id + last.role)


def _read_member(after: str) -> tuple[str, str]:
    length, key = read_cursor(_LISTING_OF_MEMBERS, after)
    return key[:length], key[length:]
