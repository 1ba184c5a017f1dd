"""The few things every SQL engine must be able to do."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from watchword.core.kernel.errors import UnavailableError
from watchword.core.ports import Revocations
from watchword.storage.statement import Result, Row, Transaction, Value


class TableMissingError(UnavailableError):
    """The database is not prepared. Run `watchword migrate`."""


class Engine(Protocol):
    """Reads what is committed, and applies transactions.

    Raises UnavailableError when the database does not answer, and also where a value
    that comes back makes no sense. A broken unique key that no statement foresaw is a
    ConflictError, a broken foreign key a NotFoundError.
    """

    @property
    def revocations(self) -> Revocations: ...

    @property
    def words(self) -> Mapping[str, str]:
        """What the `{words}` of a migration are called here."""

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        """Return the row of a statement that finds one at most.

        Text that cannot be stored is found nowhere.
        """

    async def fetch_all(self, sql: str, *values: Value) -> Sequence[Row]: ...

    async def apply(self, transaction: Transaction[Result]) -> Result:
        """Do it all, durably, or raise and do nothing of it.

        If it revoked anything, every process of this machine feels it before this returns.
        """

    async def close(self) -> None: ...
