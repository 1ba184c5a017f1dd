"""Make API keys, show them, replace them, and end them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watchword.core.accounts.names import is_clean
from watchword.core.apikeys.model import (
    EVERYDAY,
    NAME_LENGTH_MAX,
    SECRET_BITS,
    ApiKey,
    Scope,
    hint_of,
    is_key,
    write_key,
)
from watchword.core.audit.model import Action, Event, event_by
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId, ApiKeyId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import KeySafe, OpenWork


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRules:
    """What an operator chooses about keys.

    With `shows_keys` a key can be read again by its owner, as clients of the auth
    headers expect; without it, it is told once and kept as a digest alone. `per_minute`
    is the rate of a key that is made without one, 0 for none.
    """

    per_account_max: int = 100
    shows_keys: bool = True
    per_minute: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """A key that somebody would like to have."""

    name: str
    scopes: frozenset[Scope] = EVERYDAY
    expires_at: datetime | None = None
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key with its text: whole where it may be shown, else the hint."""

    key: ApiKey
    text: str = field(repr=False)


class ApiKeys:
    """Looks after API keys. No key can do any of this."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        safe: KeySafe,
        clock: Clock,
        randomness: Randomness,
        rules: KeyRules,
    ) -> None:
        self._open_work = open_work
        self._safe = safe
        self._clock = clock
        self._randomness = randomness
        self._rules = rules

    async def make(self, actor: Actor, name: str) -> ShownKey | Refused:
        """Make a key for the caller by its name alone: it identifies them, and no more."""
        assert actor.account_id is not None
        if actor.key_id is not None:
            return Refused(Refusal.KEY_SCOPE)
        return await self._make(actor, actor.account_id, KeyWish(name=name))

    async def make_for(
        self, actor: Actor, account_id: AccountId, wish: KeyWish
    ) -> ShownKey | Refused:
        """Make a key with any scopes for anybody, for an admin."""
        if refused := _only_admins(actor):
            return refused
        return await self._make(actor, account_id, wish)

    async def own(
        self, actor: Actor, *, after: str | None = None, limit: int = PAGE_MAX
    ) -> Page[ShownKey] | Refused:
        """Return the caller's keys that work, oldest first."""
        assert actor.account_id is not None
        if actor.key_id is not None:
            return Refused(Refusal.KEY_SCOPE)
        now = self._clock.now()
        async with self._open_work() as work:
            page = await work.api_keys.page_of(
                actor.account_id, after=after, limit=min(limit, PAGE_MAX)
            )
        return Page(tuple(self._show(one) for one in page.items if one.works(now)), page.next)

    async def delete(self, actor: Actor, text: str) -> Refused | None:
        """End a key of the caller's, named by its text or by its id."""
        if actor.key_id is not None:
            return Refused(Refusal.KEY_SCOPE)
        async with self._open_work() as work:
            if is_key(text):
                found = await work.api_keys.by_digest(self._safe.digests(text))
            else:
                found = await work.api_keys.by_id(ApiKeyId(text))
        if found is None or found.account_id != actor.account_id:
            return Refused(Refusal.NOT_FOUND)
        return await self._delete(actor, found)

    async def page(
        self,
        actor: Actor,
        *,
        account_id: AccountId | None = None,
        after: str | None = None,
        limit: int = PAGE_MAX,
    ) -> Page[ApiKey] | Refused:
        """Return keys of one account or of all, oldest first, expired ones too, for an admin."""
        if refused := _only_admins(actor):
            return refused
        most = min(limit, PAGE_MAX)
        async with self._open_work() as work:
            if account_id is None:
                return await work.api_keys.page(after=after, limit=most)
            return await work.api_keys.page_of(account_id, after=after, limit=most)

    async def beginning(self, actor: Actor, text: str) -> tuple[ApiKey, ...] | Refused:
        """Return the keys, up to a page of them, whose ids begin so, for an admin."""
        if refused := _only_admins(actor):
            return refused
        async with self._open_work() as work:
            return await work.api_keys.beginning(text, limit=PAGE_MAX)

    async def revoke(self, actor: Actor, key_id: ApiKeyId) -> Refused | None:
        """End anybody's key, for an admin."""
        found = await self._find(actor, key_id)
        return found if isinstance(found, Refused) else await self._delete(actor, found)

    async def rotate(
        self, actor: Actor, key_id: ApiKeyId, *, overlap: timedelta
    ) -> ShownKey | Refused:
        """Make the successor of a key, for an admin; the old one works for `overlap` more.

        The successor has the name, scopes, rate and end of the old one. Without an
        overlap the old one is gone with the same commit.
        """
        old = await self._find(actor, key_id)
        if isinstance(old, Refused):
            return old
        now = self._clock.now()
        if not old.works(now):
            return Refused(Refusal.NOT_FOUND)
        new, text = self._draw(old, now)
        async with self._open_work() as work:
            if overlap > timedelta(0):
                work.api_keys.end(old.ending(now + overlap))
            else:
                work.api_keys.delete(old.id)
            work.api_keys.add(new, most=self._rules.per_account_max)
            work.audit.add(self._event(actor, Action.API_KEY_ROTATE, old))
            try:
                await work.commit()
            except ConflictError:
                return Refused(Refusal.KEY_LIMIT, number=self._rules.per_account_max)
            except (NotFoundError, DeniedError):
                return Refused(Refusal.NOT_FOUND)
        return ShownKey(new, text)

    async def _make(self, actor: Actor, account_id: AccountId, wish: KeyWish) -> ShownKey | Refused:
        name = wish.name.strip()
        # Names are kept and shown in clear; somebody may paste a key where its name belongs.
        if not (1 <= len(name) <= NAME_LENGTH_MAX and is_clean(name)) or is_key(name):
            return Refused(Refusal.KEY_NAME_INVALID, number=NAME_LENGTH_MAX)
        rate = self._rules.per_minute if wish.per_minute is None else wish.per_minute
        model = ApiKey(
            id=ApiKeyId(""),
            account_id=account_id,
            name=name,
            digest="",
            hint="",
            created_at=self._clock.now(),
            scopes=wish.scopes,
            per_minute=rate,
            expires_at=wish.expires_at,
        )
        key, text = self._draw(model, model.created_at)
        async with self._open_work() as work:
            work.api_keys.add(key, most=self._rules.per_account_max)
            work.audit.add(self._event(actor, Action.API_KEY_CREATE, key))
            try:
                await work.commit()
            except ConflictError:
                return Refused(Refusal.KEY_LIMIT, number=self._rules.per_account_max)
            except DeniedError:
                return Refused(Refusal.NOT_FOUND)
        return ShownKey(key, text)

    def _draw(self, model: ApiKey, now: datetime) -> tuple[ApiKey, str]:
        """Return a key like this one with a text of its own, and the text."""
        text = write_key(self._randomness.number(SECRET_BITS))
        key_id = ApiKeyId(self._randomness.uuid())
        key = replace(
            model,
            id=key_id,
            digest=self._safe.digests(text)[0],
            sealed=self._safe.seal(text, about=key_id) if self._rules.shows_keys else "",
            hint=hint_of(text),
            created_at=now,
            last_used_at=None,
        )
        return key, text

    def _show(self, key: ApiKey) -> ShownKey:
        may_show = self._rules.shows_keys and key.sealed
        text = self._safe.reveal(key.sealed, about=key.id) if may_show else None
        return ShownKey(key, text or key.hint)

    async def _find(self, actor: Actor, key_id: ApiKeyId) -> ApiKey | Refused:
        if refused := _only_admins(actor):
            return refused
        async with self._open_work() as work:
            return await work.api_keys.by_id(key_id) or Refused(Refusal.NOT_FOUND)

    async def _delete(self, actor: Actor, key: ApiKey) -> Refused | None:
        async with self._open_work() as work:
            work.api_keys.delete(key.id)
            work.audit.add(self._event(actor, Action.API_KEY_DELETE, key))
            try:
                await work.commit()
            except NotFoundError:
                return Refused(Refusal.NOT_FOUND)
        return None

    def _event(self, actor: Actor, action: Action, key: ApiKey) -> Event:
        at = self._clock.now()
        return event_by(actor, action, at=at, subject=key.account_id, detail=key.id)


def _only_admins(actor: Actor) -> Refused | None:
    if actor.key_id is not None:
        return Refused(Refusal.KEY_SCOPE)
    return None if actor.is_admin else Refused(Refusal.NOT_ADMIN)
