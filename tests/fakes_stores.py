"""The stores of the database in memory, one for each noun."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from fakes_rows import MemoryStore, Rows, check_text, page_of
from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, Event
from watchword.core.credentials.model import PasswordCredential
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page
from watchword.storage.cursor import read_cursor
from watchword.storage.moments import LAST, stored

_FIELDS = ("name", "first_name", "last_name", "role", "state", "source", "directory", "updated_at")


class MemoryAccounts(MemoryStore):
    """Implements AccountStore."""

    async def by_id(self, account_id: AccountId) -> Account | None:
        return self.look().accounts.get(account_id)

    async def by_identifier(self, key: str) -> Account | None:
        accounts = self.look().accounts.values()
        return next((account for account in accounts if key in _identifiers(account)), None)

    async def by_ids(self, ids: Sequence[AccountId]) -> tuple[Account, ...]:
        accounts = self.look().accounts
        return tuple(accounts[one] for one in set(ids) if one in accounts)

    async def page(self, *, after: str | None = None, limit: int) -> Page[Account]:
        begin = (-1, "") if after is None else read_cursor("accounts", after)
        listed = sorted(
            (stored(account.created_at), account.id, account)
            for account in self.look().accounts.values()
        )
        return page_of("accounts", [item for item in listed if item[:2] > begin], limit)

    async def search(self, prefix: str, *, after: str | None = None, limit: int) -> Page[Account]:
        begin = "" if after is None else read_cursor("accountsearch", after)[1]
        first = [
            (min(keys), account)
            for account in self.look().accounts.values()
            if (keys := {key for key in _identifiers(account) if key.startswith(prefix)})
        ]
        listed = sorted(((0, key, one) for key, one in first if key > begin), key=lambda it: it[1])
        return page_of("accountsearch", listed, limit)

    async def count(self) -> int:
        return len(self.look().accounts)

    async def has_admin(self) -> bool:
        return any(one.keeps_the_house for one in self.look().accounts.values())

    async def identifiers_among(self, keys: Sequence[str]) -> frozenset[str]:
        accounts = self.look().accounts.values()
        return frozenset(keys) & {key for one in accounts for key in _identifiers(one)}

    async def addresses_among(self, keys: Sequence[str]) -> frozenset[str]:
        accounts = self.look().accounts.values()
        return frozenset(keys) & {canonical(one.email) for one in accounts if one.email is not None}

    def add_all(self, accounts: Sequence[Account]) -> None:
        def write(rows: Rows) -> None:
            taken = {key for one in rows.accounts.values() for key in _identifiers(one)}
            addresses = {canonical(one.email) for one in rows.accounts.values() if one.email}
            for account in accounts:
                _check_new(rows, account, taken, addresses)
                rows.accounts[account.id] = account
                rows.has_had_account = True
                taken |= _identifiers(account)
                addresses |= {canonical(account.email)} if account.email else set()

        for account in accounts:
            check_text(account.name, account.email)
        self.record(write)

    def add(self, account: Account) -> None:
        def write(rows: Rows) -> None:
            if account.id in rows.accounts:
                raise ConflictError
            _check_free(rows, account)
            rows.accounts[account.id] = account
            rows.has_had_account = True

        check_text(account.name, account.email)
        self.record(write)

    def update(self, account: Account, *, before: Account) -> None:
        def write(rows: Rows) -> None:
            if account.id not in rows.accounts:
                raise NotFoundError
            now = replace(rows.accounts[account.id], **changes)
            _check_free(rows, now, before=rows.accounts[account.id])
            rows.accounts[account.id] = now
            rows.revoked = True

        check_text(account.name, account.email)
        changes = {
            n: getattr(account, n) for n in _FIELDS if getattr(account, n) != getattr(before, n)
        }
        if _address(account) != _address(before):
            changes |= {"email": account.email, "email_confirmed_at": account.email_confirmed_at}
        self.record(write)

    def delete(self, account_id: AccountId) -> None:
        def write(rows: Rows) -> None:
            if rows.accounts.pop(account_id, None) is None:
                raise NotFoundError
            rows.passwords.pop(account_id, None)
            rows.earlier.pop(account_id, None)
            rows.announced.discard(account_id)
            rows.links.pop(account_id, None)
            for session in list(rows.sessions.values()):
                if session.account_id == account_id:
                    rows.drop_session(session.id)
            rows.api_keys = {
                key.id: key for key in rows.api_keys.values() if key.account_id != account_id
            }
            rows.members = {one for one in rows.members if one[1] != account_id}
            rows.checkouts = {
                one.asset_id: one
                for one in rows.checkouts.values()
                if one.holder.account_id != account_id
            }
            rows.tickets = {
                one.id: one for one in rows.tickets.values() if one.account_id != account_id
            }
            rows.attempts.drop_account(account_id)
            rows.revoked = True

        self.record(write)

    def add_up(self, *, limit: int) -> None:
        del limit  # Nothing is counted beforehand.

    def require_not_last_admin(self, account_id: AccountId) -> None:
        def write(rows: Rows) -> None:
            admins = [one.id for one in rows.accounts.values() if one.keeps_the_house]
            if admins == [account_id]:
                raise DeniedError

        self.record(write)


class MemoryCredentials(MemoryStore):
    """Implements CredentialStore."""

    async def password_of(self, account_id: AccountId) -> PasswordCredential | None:
        return self.look().passwords.get(account_id)

    async def earlier_passwords(self, account_id: AccountId, *, limit: int) -> tuple[str, ...]:
        return self.look().earlier.get(account_id, ())[: max(0, limit)]

    async def documented(self) -> tuple[AccountId, ...]:
        passwords = self.look().passwords
        return tuple(sorted(who for who, one in passwords.items() if one.is_documented))[:100]

    async def unannounced(
        self, *, since: datetime, until: datetime, after: str | None = None, limit: int
    ) -> Page[PasswordCredential]:
        begin = (stored(since), "") if after is None else read_cursor("passwords", after)
        rows = self.look()
        listed = sorted(
            (
                (stored(one.changed_at), one.account_id, one)
                for one in rows.passwords.values()
                if one.changed_at < until and one.account_id not in rows.announced
            ),
            key=lambda item: item[:2],
        )
        reachable = {
            one.id for one in rows.accounts.values() if one.is_active and one.email_confirmed_at
        }
        due = [item for item in listed if item[:2] > begin and item[1] in reachable]
        return page_of("passwords", due, limit)

    def put_password(self, credential: PasswordCredential, *, remember: int = 0) -> None:
        def write(rows: Rows) -> None:
            if credential.account_id not in rows.accounts:
                raise NotFoundError
            replaced = rows.passwords.get(credential.account_id)
            earlier = rows.earlier.get(credential.account_id, ())
            if replaced is not None:
                earlier = (replaced.encoded, *earlier)
            rows.earlier[credential.account_id] = earlier[:remember]
            rows.announced.discard(credential.account_id)
            rows.passwords[credential.account_id] = credential

        self.record(write)

    def add_passwords(self, credentials: Sequence[PasswordCredential]) -> None:
        for credential in credentials:
            self.put_password(credential)

    def rehash(self, credential: PasswordCredential, *, replaces: str) -> None:
        def write(rows: Rows) -> None:
            now = rows.passwords.get(credential.account_id)
            if now is not None and now.encoded == replaces:
                rows.passwords[now.account_id] = replace(now, encoded=credential.encoded)

        self.record(write)

    def announce(self, credential: PasswordCredential, *, at: datetime) -> None:
        def write(rows: Rows) -> None:
            now = rows.passwords.get(credential.account_id)
            is_it = now is not None and now.changed_at == credential.changed_at
            if not is_it or credential.account_id in rows.announced:
                raise DeniedError
            rows.announced.add(credential.account_id)

        del at
        self.record(write)

    def require(self, account_id: AccountId, *, encoded: str) -> None:
        def write(rows: Rows) -> None:
            account, password = rows.accounts.get(account_id), rows.passwords.get(account_id)
            if not account or not account.is_active or not password or password.encoded != encoded:
                raise DeniedError

        self.record(write)


class MemoryAudit(MemoryStore):
    """Implements AuditStore."""

    def add(self, event: Event) -> None:
        self.record(lambda rows: rows.events.append(event))

    def add_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self.add(event)

    async def page(
        self,
        *,
        subject: str | None = None,
        action: Action | None = None,
        after: str | None = None,
        limit: int,
    ) -> Page[Event]:
        before = LAST if after is None else read_cursor("audit", after)[0]
        listed = [
            (number, "", event)
            for number, event in enumerate(self.look().events)
            if number < before
            and subject in (None, event.subject)
            and action in (None, event.action)
        ]
        return page_of("audit", listed[::-1], limit)


class MemorySetup(MemoryStore):
    """Implements SetupStore."""

    async def instance(self) -> str | None:
        return self.look().instance

    def name_instance(self, instance: str) -> None:
        def write(rows: Rows) -> None:
            rows.instance = rows.instance or instance

        self.record(write)

    async def has_had_account(self) -> bool:
        return self.look().has_had_account

    def require_no_account_yet(self) -> None:
        def write(rows: Rows) -> None:
            if rows.has_had_account:
                raise ConflictError("setup")

        self.record(write)

    async def token_digest(self) -> str | None:
        token = self.look().token
        return token[0] if token else None

    def put_token(self, digest: str, *, at: datetime) -> None:
        def write(rows: Rows) -> None:
            rows.token = (digest, 0)

        del at
        self.record(write)

    def use_try(self, *, limit: int) -> None:
        def write(rows: Rows) -> None:
            if rows.token is None or rows.token[1] >= limit:
                raise DeniedError
            rows.token = (rows.token[0], rows.token[1] + 1)

        self.record(write)

    def drop_token(self) -> None:
        def write(rows: Rows) -> None:
            rows.token = None

        self.record(write)


def _address(account: Account) -> tuple[str | None, datetime | None]:
    return account.email, account.email_confirmed_at


def _identifiers(account: Account) -> set[str]:
    keys = {canonical(account.name)}
    if account.email is not None and account.email_confirmed_at is not None:
        keys.add(canonical(account.email))
    return keys


def _check_new(rows: Rows, account: Account, taken: set[str], addresses: set[str]) -> None:
    """Refuse a newcomer who has a key of somebody before; as `_check_free`, for thousands."""
    name = canonical(account.name)
    if name in taken or ("@" in name and name in addresses):
        raise ConflictError("name")
    if taken & _identifiers(account):
        raise ConflictError("email")
    if account.id in rows.accounts:
        raise ConflictError


def _check_free(rows: Rows, account: Account, before: Account | None = None) -> None:
    """Refuse a name or address that another account has; only what changed is looked at."""
    others = [one for one in rows.accounts.values() if one.id != account.id]
    taken = {key for other in others for key in _identifiers(other)}
    addresses = {canonical(other.email) for other in others if other.email is not None}
    name = canonical(account.name)
    is_taken = name in taken or ("@" in name and name in addresses)
    if is_taken and (before is None or account.name != before.name):
        raise ConflictError("name")
    is_taken = bool(taken & (_identifiers(account) - {name}))
    if is_taken and (before is None or _address(account) != _address(before)):
        raise ConflictError("email")
