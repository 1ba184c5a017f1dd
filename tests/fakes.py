"""The outside world, small enough to hold in one hand. Its database is in fakes_storage."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil

from watchword.core.accounts.model import Account
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.core.kernel.ids import AccountId, ApiKeyId, LetterId, SessionId
from watchword.core.outbox.model import Entry, Letter
from watchword.core.policy.refusals import Refusal
from watchword.core.ports import Outcome, Posting, Worded, ignored
from watchword.core.sessions.model import AccessToken

MINUTE = timedelta(minutes=1)


class HandClock:
    """Time that moves only when told to."""

    def __init__(self) -> None:
        self._now = datetime(2030, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


class CountingRandomness:
    """Chance that can be predicted."""

    def __init__(self) -> None:
        self._drawn = 0

    def token(self, byte_count: int) -> str:
        self._drawn += 1
        return f"token-{byte_count}-bytes-{self._drawn}"

    def uuid(self) -> str:
        self._drawn += 1
        return f"00000000-0000-4000-8000-{self._drawn:012d}"

    def number(self, bits: int) -> int:
        self._drawn += 1
        return self._drawn % (1 << bits)


@dataclass
class PlainHasher:
    """A hash that is not one, and remembers how often it was asked."""

    decoy: str = "plain:nobody knows this"
    verified: int = 0
    places: int = 1000
    held: int = 0

    @contextmanager
    def place(self, address: str, *, exempt: bool = False) -> Iterator[None]:
        del address, exempt
        if self.held >= self.places:
            raise UnavailableError(retry_after=3)
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    async def hash(self, password: str) -> str:
        return f"plain:{password}"

    async def verify(self, password: str, encoded: str) -> bool:
        self.verified += 1
        return encoded.removeprefix("old-") == f"plain:{password}"

    def is_outdated(self, encoded: str) -> bool:
        return encoded.startswith("old-")

    def adopt(self, text: str, *, hints: str = "") -> str:
        del hints
        if not text.startswith(("plain:", "old-plain:", "$2b$")):
            raise InvalidError("password_hash", "This is no hash that the fake knows.")
        return text


class PlainDigester:
    """A digest that can be taken back."""

    def digest(self, purpose: str, text: str) -> str:
        return f"{purpose}:{text.encode('utf-8', 'surrogatepass').hex()}"


@dataclass
class PlainLetterSafe:
    """Keeps a text under a word that stands before it; `retired` words are still known."""

    current: str = "current"
    retired: tuple[str, ...] = ()

    def seal(self, text: str, *, about: str) -> str:
        return f"{self.current}|{about}|{text}"

    def reveal(self, sealed: str, *, about: str) -> str | None:
        word, _, rest = sealed.partition("|")
        is_ours = word in (self.current, *self.retired) and rest.startswith(f"{about}|")
        return rest.removeprefix(f"{about}|") if is_ours else None


class PlainKeySafe(PlainLetterSafe):
    """Keeps keys the same way, and knows them by digests that are none."""

    def digests(self, text: str) -> tuple[str, ...]:
        return tuple(f"{word}:{text}" for word in (self.current, *self.retired))


@dataclass
class CountingKeyRates:
    """Counts the uses of keys in a dictionary: until when each has used up its share."""

    spent_until: dict[ApiKeyId, datetime] = field(default_factory=dict)

    def take(self, key_id: ApiKeyId, *, per_minute: int, at: datetime) -> int:
        if per_minute <= 0:
            return 0
        step = MINUTE // per_minute
        spent = min(max(self.spent_until.get(key_id, at), at), at + step * per_minute)
        wait = spent + step - step * per_minute - at
        self.spent_until[key_id] = spent if wait > timedelta(0) else spent + step
        return max(0, ceil(wait / timedelta(seconds=1)))


@dataclass
class ListedBlocklist:
    """Knows the passwords it is given."""

    listed: set[str] = field(default_factory=lambda: {"password1"})

    async def has(self, password: str, *, about: tuple[str, ...] = ()) -> bool:
        return password in self.listed or password in about


@dataclass
class ReadableSigner:
    """Tokens that anybody could write; counts how many were read."""

    key_id: str = "k1"
    distrusted: set[str] = field(default_factory=set)
    reads: int = 0

    async def sign(self, token: AccessToken) -> str:
        audience = {"aud": token.audience} if token.audience else {}
        return json.dumps(
            {
                "jti": token.id,
                "sid": token.session_id,
                "sub": token.account_id,
                "client_id": token.client_id,
                "iat": token.issued_at.timestamp(),
                "exp": token.expires_at.timestamp(),
                "kid": self.key_id,
                **audience,
            }
        )

    async def read(self, text: str) -> AccessToken | None:
        self.reads += 1
        try:
            claims = json.loads(text)
        except ValueError:
            return None
        if claims["kid"] in self.distrusted or "aud" in claims:
            return None
        return AccessToken(
            id=claims["jti"],
            session_id=SessionId(claims["sid"]),
            account_id=AccountId(claims["sub"]),
            client_id=claims["client_id"],
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            key_id=claims["kid"],
        )

    async def trusts(self, token: AccessToken) -> bool:
        return token.key_id not in self.distrusted


@dataclass
class TellingWitness:
    """Remembers what it saw."""

    seen: list[str] = field(default_factory=list)

    def signed_in(self, account: Account, origin: Origin) -> None:
        self.seen.append(f"{account.name} got in by {origin.dialect}")

    def refused(self, reason: Refusal, origin: Origin) -> None:
        self.seen.append(f"{reason} by {origin.dialect}")

    def token_checked(self, *, was_known: bool) -> None:
        self.seen.append("known token" if was_known else "new token")

    def posted(self, entry: Entry, posting: Posting) -> None:
        del entry
        self.seen.append(f"letter {posting.outcome}")


@dataclass
class MemoryMailer:
    """A mail server that answers what is queued, and then takes every letter.

    `tried` is every letter that came, in order; `letters` those that were taken.
    """

    is_last: bool = False
    answers: list[Posting | Outcome] = field(default_factory=list)
    tried: list[tuple[LetterId, Letter]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    def word(self, letter: Letter, *, at: datetime) -> Worded:
        text = f"At {at.isoformat()}: {letter}"
        return Worded(subject=letter.kind.value, text=text, html=f"<p>{text}</p>")

    async def send(
        self,
        letter_id: LetterId,
        letter: Letter,
        *,
        at: datetime,
        on_yes: Callable[[], None] = ignored,
    ) -> Posting:
        del at
        self.tried.append((letter_id, letter))
        await asyncio.sleep(0)  # others get their turn, as with a real one
        answer = self.answers.pop(0) if self.answers else Outcome.ACCEPTED
        posting = answer if isinstance(answer, Posting) else Posting(answer)
        if posting.outcome is Outcome.ACCEPTED:
            self.letters.append(letter)
            on_yes()
        return posting


@dataclass
class MemoryAcceptances:
    """Remembers what the mail server took in a list, which a test may keep for another start."""

    holder: str = "this machine"
    ids: list[LetterId] = field(default_factory=list)

    def note(self, letter_id: LetterId) -> None:
        self.ids.append(letter_id)

    def noted(self) -> tuple[LetterId, ...]:
        return tuple(self.ids)

    def clear(self) -> None:
        self.ids.clear()
