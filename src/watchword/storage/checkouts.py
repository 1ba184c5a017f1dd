"""Check-outs in SQL: the desk that gives assets out, and the list of who has them."""

from datetime import datetime

from watchword.core.checkouts.model import Checkout, Holder
from watchword.core.kernel.errors import NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page
from watchword.storage import locks
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.moments import moment, stored
from watchword.storage.statement import Batch, Row, Statement, Steps, Transaction

_LISTING = "checkouts"
_LISTING_OF_ACCOUNT = "accountcheckouts"

_OF = (
    "SELECT c.asset_id, c.account_id, c.client, c.is_download, c.taken_at, a.name"
    " FROM checkouts AS c JOIN accounts AS a ON a.id = c.account_id WHERE c.asset_id = $1"
)


class SqlCheckoutDesk:
    """Implements CheckoutDesk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def take(
        self, asset_id: str, holder: Holder, *, at: datetime, is_download: bool
    ) -> Checkout:
        keys = frozenset({locks.account(holder.account_id), locks.asset(asset_id)})
        return await self._engine.apply(
            Transaction(lambda: _take(asset_id, holder, at, is_download=is_download), keys)
        )

    async def give_back(self, asset_id: str, holder: Holder | None) -> Checkout | None:
        return await self._engine.apply(
            Transaction(lambda: _give_back(asset_id, holder), frozenset({locks.asset(asset_id)}))
        )


class SqlCheckouts:
    """Implements CheckoutStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def of(self, asset_id: str) -> Checkout | None:
        row = await self._engine.fetch_one(_OF, asset_id)
        return _checkout(row) if row else None

    async def page(
        self, *, account_id: AccountId | None = None, after: str | None = None, limit: int
    ) -> Page[Checkout]:
        most = within_page(limit)
        listing = _LISTING if account_id is None else _LISTING_OF_ACCOUNT
        begin = "" if after is None else read_cursor(listing, after)[1]
        if account_id is None:
            rows = await self._engine.fetch_all(
                "SELECT c.asset_id, c.account_id, c.client, c.is_download, c.taken_at, a.name"
                " FROM checkouts AS c JOIN accounts AS a ON a.id = c.account_id"
                " WHERE c.asset_id > $1 ORDER BY c.asset_id LIMIT $2",
                begin,
                most + 1,
            )
        else:
            rows = await self._engine.fetch_all(
                "SELECT c.asset_id, c.account_id, c.client, c.is_download, c.taken_at, a.name"
                " FROM checkouts AS c JOIN accounts AS a ON a.id = c.account_id"
                " WHERE c.account_id = $1 AND c.asset_id > $2 ORDER BY c.asset_id LIMIT $3",
                account_id,
                begin,
                most + 1,
            )
        items = tuple(_checkout(row) for row in rows[:most])
        last = write_cursor(listing, 0, items[-1].asset_id) if len(rows) > most else None
        return Page(items, last)

    def end_old(self, *, before: datetime, limit: int) -> None:
        self._batch.lock(locks.CHECKOUTS)
        self._batch.record(
            "DELETE FROM checkouts WHERE asset_id IN (SELECT asset_id FROM checkouts"
            " WHERE taken_at < $1 ORDER BY taken_at, asset_id LIMIT $2)",
            stored(before),
            max(0, limit),
        )


def _take(asset_id: str, holder: Holder, at: datetime, *, is_download: bool) -> Steps[Checkout]:
    rows = yield Statement(
        "SELECT name FROM accounts WHERE id = $1 AND state = 'active'",
        (holder.account_id,),
        expect=NotFoundError,
    )
    ((name,),) = rows
    found = yield Statement(_OF, (asset_id,))
    if found:
        return _checkout(found[0])
    yield Statement(
        "INSERT INTO checkouts (asset_id, account_id, client, is_download, taken_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        (asset_id, holder.account_id, holder.client, int(is_download), stored(at)),
    )
    return Checkout(
        asset_id=asset_id, holder=holder, name=name, taken_at=at, is_download=is_download
    )


def _give_back(asset_id: str, holder: Holder | None) -> Steps[Checkout | None]:
    found = yield Statement(_OF, (asset_id,))
    if not found:
        return None
    checkout = _checkout(found[0])
    if holder is None or checkout.yields_to(holder):
        yield Statement("DELETE FROM checkouts WHERE asset_id = $1", (asset_id,))
    return checkout


def _checkout(row: Row) -> Checkout:
    asset_id, account_id, client, is_download, taken_at, name = row
    return Checkout(
        asset_id=asset_id,
        holder=Holder(account_id=AccountId(account_id), client=client),
        name=name,
        taken_at=moment(taken_at),
        is_download=bool(is_download),
    )
