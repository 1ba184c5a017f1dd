"""Many new accounts at once, in few statements."""

from collections.abc import Sequence

from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical
from watchword.core.kernel.errors import ConflictError, InvalidError
from watchword.storage.moments import stored, stored_or_none
from watchword.storage.portions import inserts, places, portions
from watchword.storage.statement import Batch, Statement, Steps, Value, storable


class _Arrivals:
    """What the rows of new accounts are, and which keys they claim, as if one came by one."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.rows: list[tuple[Value, ...]] = []
        self.claims: dict[str, str] = {}
        self.names: set[str] = set()
        self.clash = ""
        self._addresses: set[str] = set()
        for account in accounts:
            self._take(account)

    def _take(self, account: Account) -> None:
        name_key = canonical(account.name)
        email_key = None if account.email is None else canonical(account.email)
        self._claim_name(account, name_key)
        if email_key is not None:
            self._addresses.add(email_key)
            if account.email_confirmed_at is not None:
                self._claim(email_key, account.id, "email")
        self.rows.append(
            (
                account.id,
                stored(account.created_at),
                stored(account.updated_at),
                account.role.value,
                account.state.value,
                account.source.value,
                account.directory,
                account.first_name,
                account.last_name,
                account.name,
                name_key,
                account.email,
                email_key,
                stored_or_none(account.email_confirmed_at),
            )
        )

    def _claim_name(self, account: Account, key: str) -> None:
        if "@" in key and key in self._addresses:
            self.clash = self.clash or "name"
        self._claim(key, account.id, "name")
        self.names.add(key)

    def _claim(self, key: str, account_id: str, field: str) -> None:
        # A name and an address of one account may have the same key.
        if self.claims.setdefault(key, account_id) != account_id:
            self.clash = self.clash or field


def record_arrivals(batch: Batch, accounts: Sequence[Account]) -> None:
    """Record new accounts with what identifies them."""
    if not accounts:
        return
    arrivals = _Arrivals(accounts)
    if not all(map(storable, arrivals.rows)):
        raise InvalidError("text")
    first = accounts[0].id
    batch.record_steps(lambda: _add(arrivals, first))


def _add(arrivals: _Arrivals, first: str) -> Steps[None]:
    if arrivals.clash:
        raise ConflictError(arrivals.clash)
    # Before they are there themselves: a name may be the address of its own account.
    yield from _look_for_addresses(sorted(key for key in arrivals.names if "@" in key))
    # In the order of the keys, which are drawn by chance: so neighbours meet on one page.
    yield from inserts(
        "INSERT INTO accounts (id, created_at, updated_at, role, state, source,"
        " directory, first_name, last_name, name, name_key, email, email_key,"
        " email_confirmed_at)",
        sorted(arrivals.rows, key=lambda row: str(row[0])),
    )
    for statement in inserts(
        "INSERT INTO identifiers (key, account_id)",
        sorted(arrivals.claims.items()),
        " ON CONFLICT (key) DO NOTHING RETURNING key",
    ):
        rows = yield statement
        taken = set(statement.values[::2]) - {row[0] for row in rows}
        if taken:
            raise ConflictError("name" if taken & arrivals.names else "email")
    yield Statement(
        "INSERT INTO facts (name, value) VALUES ('first-account', $1)"
        " ON CONFLICT (name) DO NOTHING",
        (first,),
    )


def _look_for_addresses(names: Sequence[str]) -> Steps[None]:
    for some in portions(names):
        found = yield Statement(
            f"SELECT email_key FROM accounts WHERE email_key IN ({places(len(some))}) LIMIT 1",  # noqa: S608 - placeholders
            tuple(some),
        )
        if found:
            raise ConflictError("name")
