"""What stands behind the toy: people and machines with credentials, keys, and revocations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fakes import PlainDigester
from fakes_storage import MemoryStorage
from watchword.core.accounts.model import Account, Role
from watchword.core.apikeys.model import EVERYDAY, ApiKey, Scope, write_key
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import AccountId, ApiKeyId, SessionId
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.authenticate import Caller
from watchword.core.services.csrf import Csrf
from watchword.core.services.revocationfeed import FeedPage, RevocationFeed
from watchword.core.sessions.model import Kind, Session
from watchword.core.signing.model import Algorithm, SigningKey

GOOD_TOKEN = "good-token"
OTHER_TOKEN = "other-token"
COOKIE_TOKEN = "cookie-token"
GOOD_KEY = write_key(1)
READING_KEY = write_key(2)
FEED_KEY = write_key(4)
BUSY_KEY = write_key(3)

_AT = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class KnownTokens:
    """Knows some tokens, and remembers which were looked at."""

    known: dict[str, Caller] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    async def token(self, text: str) -> Caller | None:
        self.asked.append(text)
        if self.down:
            raise UnavailableError(retry_after=7) from OSError("disk at /secret/place")
        return self.known.get(text)

    def at_once(self, text: str) -> Caller | None:
        return None if self.down else self.known.get(text)


@dataclass
class KnownApiKeys:
    """Knows some API keys, and remembers which were looked at."""

    known: dict[str, Caller | Refused] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    looked_again: list[str] = field(default_factory=list)

    async def caller(self, text: str, *, is_use: bool = True) -> Caller | Refused | None:
        (self.asked if is_use else self.looked_again).append(text)
        return self.known.get(text)

    def at_once(self, text: str, *, reaches: Callable[[Caller], bool]) -> Caller | None:
        found = self.known.get(text)
        return found if isinstance(found, Caller) and reaches(found) else None


@dataclass
class CountedFeed:
    """The feed of revocations over a database in memory, and how many wait for it."""

    storage: MemoryStorage = field(default_factory=MemoryStorage)
    waiting: int = 0
    asked: list[tuple[int, timedelta]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._feed = RevocationFeed(
            open_work=self.storage.open_work, revocations=self.storage.revocations
        )

    async def since(self, number: int, *, patience: timedelta) -> FeedPage:
        self.asked.append((number, patience))
        self.waiting += 1
        try:
            return await self._feed.since(number, patience=patience)
        finally:
            self.waiting -= 1

    def close(self) -> None:
        self._feed.close()

    async def distrust_keys(self) -> None:
        """Let the only signing key be void."""
        key = SigningKey(id="k1", algorithm=Algorithm.EDDSA, public="{}", sealed="", created_at=_AT)
        async with self.storage.open_work() as work:
            work.signing_keys.add_first(key)
            work.signing_keys.delete_others("k2")
            await work.commit()

    async def tell(self, name: str) -> None:
        """Let the session of this name end."""
        session = caller(name).session
        assert session is not None
        async with self.storage.open_work() as work:
            work.accounts.add(_account(name))
            work.sessions.add(session)
            await work.commit()
        async with self.storage.open_work() as work:
            work.sessions.end(session.id)
            await work.commit()


@dataclass
class KnownKeys:
    """Public keys that nobody signs with."""

    down: bool = False

    async def public(self) -> tuple[str, ...]:
        if self.down:
            raise UnavailableError(retry_after=4)
        return ('{"kid":"k2","kty":"OKP"}', '{"kid":"k1","kty":"OKP"}')


def _account(name: str) -> Account:
    return Account(
        id=AccountId(f"id-of-{name}"), name=name, created_at=_AT, updated_at=_AT, role=Role.USER
    )


def machine(name: str, scopes: frozenset[Scope] = EVERYDAY) -> Caller:
    """Return somebody who came with an API key."""
    account = _account(name)
    key = ApiKey(
        id=ApiKeyId(f"key-of-{name}"),
        account_id=account.id,
        name="cron",
        digest="",
        hint="",
        created_at=_AT,
        scopes=scopes,
    )
    return Caller(account, key=key)


def caller(name: str, kind: Kind = Kind.BEARER) -> Caller:
    account = _account(name)
    return Caller(
        account,
        Session(
            id=SessionId(f"session-of-{name}"),
            account_id=account.id,
            dialect="toy",
            created_at=_AT,
            expires_at=_AT + timedelta(days=1),
            kind=kind,
        ),
    )


def known_tokens() -> KnownTokens:
    return KnownTokens(
        {
            GOOD_TOKEN: caller("ada"),
            OTHER_TOKEN: caller("bob"),
            COOKIE_TOKEN: caller("cyd", Kind.COOKIE),
        }
    )


def csrf_token() -> str:
    """Return the CSRF token of the one cookie session."""
    session = caller("cyd", Kind.COOKIE).session
    assert session is not None
    return Csrf(digester=PlainDigester()).token_of(session)


def known_api_keys() -> KnownApiKeys:
    return KnownApiKeys(
        {
            GOOD_KEY: machine("ada"),
            READING_KEY: machine("bob", frozenset({Scope.ACCOUNTS_READ})),
            FEED_KEY: machine("guard", frozenset({Scope.REVOCATIONS_READ})),
            BUSY_KEY: Refused(Refusal.KEY_THROTTLED, number=60, retry_after=2),
        }
    )
