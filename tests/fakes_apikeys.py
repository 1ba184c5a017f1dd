"""API keys in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from fakes_rows import MemoryStore, Rows, check_text, page_of
from watchword.core.apikeys.model import ApiKey
from watchword.core.apikeys.store import KeyUse
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId, ApiKeyId
from watchword.core.kernel.page import Page
from watchword.storage.cursor import read_cursor
from watchword.storage.moments import stored


class MemoryApiKeys(MemoryStore):
    """Implements ApiKeyStore."""

    async def by_id(self, key_id: ApiKeyId) -> ApiKey | None:
        return self.look().api_keys.get(key_id)

    async def by_digest(self, digests: Sequence[str]) -> ApiKey | None:
        return key_with(self.look(), digests)

    async def page_of(
        self, account_id: AccountId, *, after: str | None = None, limit: int
    ) -> Page[ApiKey]:
        keys = [key for key in self.look().api_keys.values() if key.account_id == account_id]
        return _page("accountkeys", keys, after, limit)

    async def page(self, *, after: str | None = None, limit: int) -> Page[ApiKey]:
        return _page("apikeys", self.look().api_keys.values(), after, limit)

    async def beginning(self, text: str, *, limit: int) -> tuple[ApiKey, ...]:
        keys = self.look().api_keys
        return tuple(keys[one] for one in sorted(keys) if one.startswith(text))[:limit]

    def add(self, key: ApiKey, *, most: int) -> None:
        def write(rows: Rows) -> None:
            owner = rows.accounts.get(key.account_id)
            if owner is None or not owner.is_active:
                raise DeniedError
            keys = rows.api_keys.values()
            own = [one for one in keys if one.account_id == owner.id and one.works(key.created_at)]
            if len(own) >= most:
                raise ConflictError("api_keys")
            if key.id in rows.api_keys or key_with(rows, [key.digest]):
                raise ConflictError
            rows.api_keys[key.id] = key

        check_text(key.name)
        self.record(write)

    def end(self, key: ApiKey) -> None:
        def write(rows: Rows) -> None:
            if key.id not in rows.api_keys:
                raise NotFoundError
            rows.api_keys[key.id] = replace(rows.api_keys[key.id], expires_at=key.expires_at)
            rows.revoked = True

        self.record(write)

    def delete(self, key_id: ApiKeyId) -> None:
        def write(rows: Rows) -> None:
            if rows.api_keys.pop(key_id, None) is None:
                raise NotFoundError
            rows.revoked = True

        self.record(write)

    def used(self, uses: Sequence[KeyUse]) -> None:
        def write(rows: Rows) -> None:
            for use in uses:
                if use.key_id in rows.api_keys:
                    rows.api_keys[use.key_id] = _used(rows.api_keys[use.key_id], use)

        self.record(write)

    def forget_sealed(self, *, limit: int) -> None:
        def write(rows: Rows) -> None:
            for key in [one for one in rows.api_keys.values() if one.sealed][:limit]:
                rows.api_keys[key.id] = replace(key, sealed="")

        self.record(write)

    def delete_expired(self, *, before: datetime, limit: int) -> None:
        def write(rows: Rows) -> None:
            ends = sorted(
                (one.expires_at, one.id) for one in rows.api_keys.values() if one.expires_at
            )
            for key_id in [key_id for end, key_id in ends if end < before][:limit]:
                del rows.api_keys[key_id]

        self.record(write)


def key_with(rows: Rows, digests: Collection[str]) -> ApiKey | None:
    """Return the key that has one of these digests."""
    return next((key for key in rows.api_keys.values() if key.digest in digests), None)


def _used(key: ApiKey, use: KeyUse) -> ApiKey:
    if key.last_used_at is None or key.last_used_at < use.at:
        key = replace(key, last_used_at=use.at)
    return replace(key, digest=use.digest, sealed=use.sealed) if use.digest else key


def _page(listing: str, keys: Collection[ApiKey], after: str | None, limit: int) -> Page[ApiKey]:
    begin = (-1, "") if after is None else read_cursor(listing, after)
    listed = sorted((stored(key.created_at), key.id) for key in keys)
    by_id = {key.id: key for key in keys}
    return page_of(listing, [(*place, by_id[place[1]]) for place in listed if place > begin], limit)
