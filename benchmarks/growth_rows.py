"""The rows of a store of some size: what years of use leave, made from numbers.

Ids look as if drawn by chance, as real ones are, but each follows from its number: so whoever
measures can name any account of a store without asking the store.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TypeAlias

Row: TypeAlias = tuple[str | int | None, ...]

SESSIONS_EACH = 5
KEYS_EVERY = 4
"""One account in so many has an API key."""

GROUPS = 20

_DAY = 86_400_000_000
PASSWORD = "growing and growing"  # noqa: S105 - of accounts that live for a minute

_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$IuHvsTBkgcM0L8BPC2DskA"
    "$FnCDJzu7jRGkBGTl457DQkiFaq9pcXzQ29E6/Pcv2bA"
)
"""That of PASSWORD. Nobody looks whether salts are alike."""

PREFIXES = tuple("ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split())  # noqa: SIM905 - one line


@dataclass(frozen=True)
class Table:
    """What goes into one table."""

    name: str
    columns: str
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class Crowd:
    """So many accounts and what belongs to them."""

    accounts: int
    digest_of_key: Callable[[str], str]
    """The keyed digest by which the store finds the text of a key."""

    @property
    def sessions(self) -> int:
        return SESSIONS_EACH * self.accounts

    def people(self) -> list[Table]:
        """Return what the store holds beside sessions, parents before children."""
        began, step = _now() - 365 * _DAY, 300 * _DAY // self.accounts
        return [*self._persons(began, step), *self._traces(began, step)]

    def _persons(self, began: int, step: int) -> list[Table]:
        """Return accounts, and what they have."""
        numbers = range(self.accounts)
        return [
            Table("groups", "id, name, name_key, created_at", self._groups),
            Table(
                "accounts",
                "id, name, name_key, email, email_key, email_confirmed_at, first_name, last_name,"
                " role, state, source, created_at, updated_at, directory",
                lambda: (_account(n, began + n * step) for n in numbers),
            ),
            Table("identifiers", "key, account_id", lambda: _identifiers(numbers)),
            Table(
                "passwords",
                "account_id, encoded, changed_at, is_documented",
                lambda: ((account_id(n), _HASH, began + n * step, 0) for n in numbers),
            ),
            Table(
                "memberships",
                "group_id, account_id, role",
                lambda: ((group_id(n % GROUPS), account_id(n), "member") for n in numbers),
            ),
            Table(
                "api_keys",
                "id, account_id, name, digest, sealed, hint, scopes, per_minute, created_at",
                lambda: self._keys(began, step),
            ),
        ]

    def _traces(self, began: int, step: int) -> list[Table]:
        """Return what log-ins leave."""
        numbers = range(self.accounts)
        return [
            Table(
                "known_addresses",
                "account_id, address, last_signin_at",
                lambda: ((account_id(n), _address(n), began + n * step) for n in numbers),
            ),
            Table(
                "name_failures",
                "subject, failures, was_locked, updated_at",
                lambda: ((account_id(n), n % 50 == 0, 0, began + n * step) for n in numbers),
            ),
            Table(
                "attempts",
                "subject, address, failures, wait_until, updated_at",
                lambda: (
                    (account_id(n), _address(n), 1, 0, began + n * step) for n in numbers[::10]
                ),
            ),
            Table(
                "windows",
                "purpose, key, taken, ends_at",
                lambda: (("failures", _address(n), 1, began + n * step) for n in numbers[::10]),
            ),
            Table(
                "audit_events",
                "at, action, subject, actor, address, dialect, detail",
                lambda: (_event(n, began + n * step) for n in numbers),
            ),
        ]

    def visits(self) -> Table:
        """Return the sessions, in the order in which they began: not one account's in a row."""
        began, step = _now() - 20 * _DAY, 19 * _DAY // self.sessions
        return Table(
            "sessions",
            "id, account_id, dialect, address, created_at, expires_at, kind, client",
            lambda: (
                _session(m, m % self.accounts, began + m * step) for m in range(self.sessions)
            ),
        )

    def _groups(self) -> Iterator[Row]:
        return ((group_id(g), f"group {g}", f"group {g}", _now() + g) for g in range(GROUPS))

    def _keys(self, began: int, step: int) -> Iterator[Row]:
        for n in range(0, self.accounts, KEYS_EVERY):
            digest = self.digest_of_key(key_text(n))
            at = began + n * step
            yield _uuid(f"key {n}"), account_id(n), "job", digest, "", "ww_", "identify", 0, at


def account_id(number: int) -> str:
    return _uuid(f"account {number}")


def group_id(number: int) -> str:
    return _uuid(f"group {number}")


def session_id(number: int) -> str:
    return urlsafe_b64encode(_drawn(f"session {number}")).decode().rstrip("=")


def key_text(number: int) -> str:
    """Return the text of an account's API key; the store knows its digest only."""
    from watchword.core.apikeys.model import write_key  # noqa: PLC0415 - rows need no watchword

    return write_key(int.from_bytes(_drawn(f"secret {number}")))


def name(number: int) -> str:
    """Return a name that begins as one in twenty does."""
    drawn = _drawn(f"name {number}")
    return "".join(PREFIXES[drawn[place] % 20] for place in range(4)) + str(number)


def _account(n: int, at: int) -> Row:
    one, role = name(n), "admin" if n == 0 else "user"
    mail = f"mail.{one}@example.org"
    person = (one, one, mail, mail, at, "Given", "Family", role, "active", "local", at, at, "")
    return account_id(n), *person


def _identifiers(numbers: range) -> Iterator[Row]:
    for n in numbers:
        yield name(n), account_id(n)
        yield f"mail.{name(n)}@example.org", account_id(n)


def _session(m: int, n: int, at: int) -> Row:
    end = at + 30 * _DAY
    return session_id(m), account_id(n), "asta", _address(m), at, end, "bearer", ""


def _event(n: int, at: int) -> Row:
    who = account_id(n)
    return at, "session.signin.ok", who, who, _address(n), "asta", ""


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _uuid(text: str) -> str:
    drawn = _drawn(text).hex()
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-a{drawn[17:20]}-{drawn[20:]}"


def _drawn(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _now() -> int:
    return int(datetime.now(UTC).timestamp()) * 1_000_000
