"""Files with the accounts of another product, as an operator puts them where imports are."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import bcrypt

from parts.server import Store

HEADER = "name,email,email_confirmed,password_hash"
CHEAPEST = 4
"""The lowest cost that bcrypt knows: a log-in is what takes time here, not the first hash."""

PASSWORDS = 7
"""So many passwords go round, so that nobody has that of who stands before or behind them."""


def name(number: int) -> str:
    return f"guest-{number:06}"


def email(number: int) -> str:
    return f"{name(number)}@example.org"


def password(number: int) -> str:
    return f"a cart with {number % PASSWORDS} square wheels"


def names(count: int) -> set[str]:
    return {name(number) for number in range(count)}


def line(number: int) -> str:
    return f"{name(number)},{email(number)},true,{_hash(number % PASSWORDS)}"


def lines(count: int) -> Iterator[str]:
    """Yield a file of accounts, line by line."""
    yield HEADER
    yield from (line(number) for number in range(count))


def put(store: Store, file: str, octets: bytes) -> str:
    """Put a file where imports are; return its name."""
    folder = imports(store)
    (folder / file).write_bytes(octets)
    return file


def put_accounts(store: Store, count: int, file: str = "accounts.csv") -> str:
    return put(store, file, "".join(f"{one}\n" for one in lines(count)).encode())


def imports(store: Store) -> Path:
    """Return the folder for imports, which is there."""
    folder = store.folder / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def _hash(number: int) -> str:
    return bcrypt.hashpw(password(number).encode(), bcrypt.gensalt(CHEAPEST)).decode()
