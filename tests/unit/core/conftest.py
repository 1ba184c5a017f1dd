"""The services over a database in memory, with time and chance in hand."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from fakes import (
    CountingKeyRates,
    CountingRandomness,
    HandClock,
    ListedBlocklist,
    MemoryAcceptances,
    MemoryMailer,
    PlainDigester,
    PlainHasher,
    PlainKeySafe,
    PlainLetterSafe,
    ReadableSigner,
    TellingWitness,
)
from fakes_directory import FakeDirectories, FakeNegotiation
from fakes_flows import ToyBook
from fakes_storage import MemoryStorage
from watchword.core.accounts.model import Account, Role
from watchword.core.kernel.caller import Actor, Origin, operator
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.ports import Work
from watchword.core.services import Services
from watchword.core.services.apikeys import KeyWish, ShownKey
from watchword.core.services.assemble import assemble
from watchword.core.services.authenticate import Caller
from watchword.core.services.outside import Outside, Rules
from watchword.core.services.sessiondoor import SignedIn, Terms
from watchword.core.services.signup import Wish
from watchword.core.signing.model import Algorithm, SigningKey

HERE = Origin("192.0.2.1", "asta")
ELSEWHERE = Origin("198.51.100.7", "asta")
OPERATOR = operator(Origin("", "cli"))
GOOD = "a good long password"
MONTH = Terms(lifetime=timedelta(days=30))


@dataclass
class NumberedKeys:
    """Signing keys that sign nothing."""

    clock: HandClock
    made: int = 0

    async def public_keys(self) -> tuple[str, ...]:
        return ()

    def generate(self) -> SigningKey:
        self.made += 1
        return SigningKey(
            id=f"k{self.made}",
            algorithm=Algorithm.EDDSA,
            public="{}",
            sealed="",
            created_at=self.clock.now(),
        )


@dataclass
class InterruptedHasher(PlainHasher):
    """Something happens while the first password is checked."""

    happen: Callable[[], Awaitable[object]] | None = None

    async def verify(self, password: str, encoded: str) -> bool:
        matches = await super().verify(password, encoded)
        if happen := self.happen:
            self.happen = None
            await happen()
        return matches


@dataclass
class House:
    """Services and everything behind them."""

    clock: HandClock = field(default_factory=HandClock)
    hasher: PlainHasher = field(default_factory=PlainHasher)
    signer: ReadableSigner = field(default_factory=ReadableSigner)
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    blocklist: ListedBlocklist = field(default_factory=ListedBlocklist)
    rules: Rules = field(default_factory=Rules)
    witness: TellingWitness = field(default_factory=TellingWitness)
    key_safe: PlainKeySafe = field(default_factory=PlainKeySafe)
    key_rates: CountingKeyRates = field(default_factory=CountingKeyRates)
    mailer: MemoryMailer = field(default_factory=MemoryMailer)
    acceptances: MemoryAcceptances = field(default_factory=MemoryAcceptances)
    directories: FakeDirectories = field(default_factory=FakeDirectories)
    negotiation: FakeNegotiation = field(default_factory=FakeNegotiation)

    def __post_init__(self) -> None:
        self.outside = Outside(
            storage=self.storage,
            hasher=self.hasher,
            signer=self.signer,
            keys=NumberedKeys(self.clock),
            digester=PlainDigester(),
            key_safe=self.key_safe,
            key_rates=self.key_rates,
            letter_safe=PlainLetterSafe(),
            mailer=self.mailer,
            acceptances=self.acceptances,
            blocklist=self.blocklist,
            flows=ToyBook(),
            clock=self.clock,
            randomness=CountingRandomness(),
            witness=self.witness,
            directories=self.directories,
            negotiation=self.negotiation,
        )
        self.services = self.under(self.rules)

    def under(self, rules: Rules) -> Services:
        """Return services over the same database under other rules."""
        return assemble(self.outside, rules)

    def interrupted(self, happen: Callable[[], Awaitable[object]]) -> Services:
        """Return services for which something happens while the first password is checked."""
        hasher = InterruptedHasher(happen=happen)
        return assemble(replace(self.outside, hasher=hasher), self.rules)

    async def add(
        self, name: str, *, role: Role = Role.USER, password: str = GOOD, email: str = ""
    ) -> Account:
        wish = Wish(
            name=name, password=password, role=role, email=email, email_confirmed=bool(email)
        )
        account = await self.services.signup.create(OPERATOR, wish)
        assert isinstance(account, Account), account
        return account

    async def sign_in(
        self, name: str, password: str = GOOD, origin: Origin = HERE, terms: Terms = MONTH
    ) -> SignedIn:
        outcome = await self.try_sign_in(name, password, origin, terms)
        assert isinstance(outcome, SignedIn), outcome
        return outcome

    async def try_sign_in(
        self, name: str, password: str = GOOD, origin: Origin = HERE, terms: Terms = MONTH
    ) -> object:
        return await self.services.signin.with_password(name, password, origin=origin, terms=terms)

    async def caller(self, name: str, *, origin: Origin = HERE, terms: Terms = MONTH) -> Caller:
        """Sign in and return who holds the token."""
        signed_in = await self.sign_in(name, origin=origin, terms=terms)
        caller = await self.services.authenticate.token(signed_in.token)
        assert caller is not None
        return caller

    async def actor(self, name: str) -> Actor:
        """Sign in and return the person as services know them."""
        return (await self.caller(name)).actor(HERE)

    async def make_key(self, name: str, **wish: Any) -> ShownKey:  # noqa: ANN401 - a KeyWish's
        """Make an API key for an account."""
        account = await self.services.accounts.find(name)
        assert account is not None
        made = await self.services.api_keys.make_for(
            OPERATOR, account.id, KeyWish(**{"name": "cron", **wish})
        )
        assert isinstance(made, ShownKey), made
        return made

    async def key_holder(self, text: str) -> Caller:
        """Return who holds an API key."""
        caller = await self.services.check_key.caller(text)
        assert isinstance(caller, Caller), caller
        return caller

    async def post(self) -> list[Letter]:
        """Deliver what waits, and return the letters that arrived by it."""
        before = len(self.mailer.letters)
        while await self.services.delivery.deliver() is not None:
            pass
        return self.mailer.letters[before:]

    async def letter(self, kind: LetterKind) -> Letter:
        """Deliver what waits, and return the one letter of a kind that arrived by it."""
        (letter,) = [one for one in await self.post() if one.kind is kind]
        return letter

    async def wait_is_over(self) -> None:
        self.clock.advance(timedelta(days=2))

    async def write(self, record: Callable[[Work], Awaitable[None]]) -> None:
        async with self.storage.open_work() as work:
            await record(work)
            await work.commit()


@pytest.fixture
def house() -> House:
    return House()


def ruled(**changes: object) -> Rules:
    """Return the usual rules, but for these."""
    return replace(Rules(), **changes)  # type: ignore[arg-type]  # names are checked by replace
