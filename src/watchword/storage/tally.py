"""How many accounts there are: counted by triggers, and added up now and then.

To count the rows takes as long as there are rows. SQLite has one writer, so one number does.
On PostgreSQL whoever changed that number would keep all others waiting until the commit, or in
a circle; so there each statement leaves a row with what it changed, and housekeeping adds up.
"""

from collections.abc import Mapping
from types import MappingProxyType

from watchword.storage.engine import Engine
from watchword.storage.statement import Batch, Statement, Steps

SQLITE_TALLY: Mapping[str, str] = MappingProxyType(
    {
        "tally_words": "",
        "tally_arrivals": (
            "CREATE TRIGGER accounts_arrive AFTER INSERT ON accounts"
            " BEGIN UPDATE account_tally SET change = change + 1 WHERE number = 1; END"
        ),
        "tally_departures": (
            "CREATE TRIGGER accounts_depart AFTER DELETE ON accounts"
            " BEGIN UPDATE account_tally SET change = change - 1 WHERE number = 1; END"
        ),
    }
)

POSTGRES_TALLY: Mapping[str, str] = MappingProxyType(
    {
        "tally_words": (
            "CREATE FUNCTION tally_accounts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO account_tally (change)"
            " SELECT CASE TG_OP WHEN 'INSERT' THEN COUNT(*) ELSE -COUNT(*) END FROM touched"
            " HAVING COUNT(*) > 0; RETURN NULL; END $$"
        ),
        "tally_arrivals": (
            "CREATE TRIGGER accounts_arrive AFTER INSERT ON accounts"
            " REFERENCING NEW TABLE AS touched"
            " FOR EACH STATEMENT EXECUTE FUNCTION tally_accounts()"
        ),
        "tally_departures": (
            "CREATE TRIGGER accounts_depart AFTER DELETE ON accounts"
            " REFERENCING OLD TABLE AS touched"
            " FOR EACH STATEMENT EXECUTE FUNCTION tally_accounts()"
        ),
    }
)


async def counted(engine: Engine) -> int:
    """Return how many accounts there are, as of the last commit."""
    row = await engine.fetch_one(
        "SELECT CAST(COALESCE(SUM(change), 0) AS BIGINT) FROM account_tally"
    )
    return int(row[0]) if row else 0


def record_sum(batch: Batch, *, limit: int) -> None:
    """Record that up to so many rows become part of the first; nothing if there are none."""
    batch.record_steps(lambda: _add_up(max(0, limit)))


def _add_up(limit: int) -> Steps[None]:
    # Who adds up at the same time waits for these rows, and then finds them gone: each row is
    # given to one of them. Nobody else ever touches them.
    rows = yield Statement(
        "DELETE FROM account_tally WHERE number IN (SELECT number FROM account_tally"
        " WHERE number > 1 ORDER BY number LIMIT $1) RETURNING change",
        (limit,),
    )
    if rows:
        yield Statement(
            "UPDATE account_tally SET change = change + $1 WHERE number = 1",
            (sum(row[0] for row in rows),),
        )
