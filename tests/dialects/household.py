"""A whole server without a socket.

Services, keys and database are real; time is ours, and the hash is cheap unless asked for.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import msgspec

from dialects.described import remembering
from fakes import (
    CountingKeyRates,
    HandClock,
    ListedBlocklist,
    MemoryAcceptances,
    MemoryMailer,
    PlainHasher,
    TellingWitness,
)
from fakes_directory import DIRECTORY, FakeDirectories, FakeNegotiation
from fakes_flows import ToyBook
from toy import talking_to
from watchword import __version__
from watchword.console import console
from watchword.core.accounts.model import Account
from watchword.core.apikeys.model import EVERYDAY, Scope
from watchword.core.directory.absent import NoDirectories, NoNegotiation
from watchword.core.groups.model import MEMBER, Group
from watchword.core.kernel.caller import Origin, operator
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.passwords import PRESETS, Preset
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import Hasher, Storage
from watchword.core.services import Services
from watchword.core.services.apikeys import KeyRules, KeyWish, ShownKey
from watchword.core.services.assemble import assemble
from watchword.core.services.directoryrules import DirectoryRules
from watchword.core.services.groups import GroupChange
from watchword.core.services.outside import Outside, Rules
from watchword.core.services.signup import Registration, Wish
from watchword.crypto.keys import StoredKeyRing
from watchword.crypto.keysafe import StoredKeySafe
from watchword.crypto.lettersafe import StoredLetterSafe
from watchword.crypto.master import KEY_BYTES, MasterKey
from watchword.crypto.tokens import TokenSigner
from watchword.http.dialect import Dialect
from watchword.http.mount import Mounted, Site, mount
from watchword.http.surroundings import Surroundings

DEMO = Surroundings(version=__version__, is_demo=True)
OPEN = replace(DEMO, is_demo=False)
OPERATOR = operator(Origin("", "cli"))
PASSWORD = "pass-word"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What an operator may choose, as far as a dialect's answers depend on it.

    `beside` are other dialects that the same server speaks. Of `directories` there are none,
    and of Kerberos nothing, unless they are given.
    """

    surroundings: Surroundings = DEMO
    preset: Preset = Preset.DOCUMENTED
    password_days: int = 0
    registration: Registration = field(default_factory=Registration)
    attempts: AttemptLimits = field(default_factory=AttemptLimits)
    api_keys: KeyRules = field(default_factory=KeyRules)
    audiences: frozenset[str] = frozenset()
    has_first_account: bool = True
    options: msgspec.Struct | None = None
    beside: tuple[Dialect[Any], ...] = ()
    directories: FakeDirectories | None = None
    directory_rules: Mapping[str, DirectoryRules] = field(
        default_factory=lambda: {DIRECTORY: DirectoryRules()}
    )
    negotiation: FakeNegotiation | None = None

    def without_people(self) -> "Choices":
        """Leave out who is in the directories: a server says nothing of them."""
        return replace(self, directories=None, negotiation=None)


@dataclass(kw_only=True)
class Household:
    """What a server is made of."""

    storage: Storage
    services: Services
    clock: HandClock
    hasher: Hasher
    mailer: MemoryMailer
    site: Site
    made_of: str

    def talking(self, **place: str) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """Return a client, at this machine unless a `peer` is named."""
        return talking_to(remembering(self.site.app, self.made_of), **place)

    async def make(
        self,
        name: str,
        *,
        password: str = PASSWORD,
        email: str = "",
        first_name: str = "",
        last_name: str = "",
    ) -> Account:
        """Make an account with a confirmed address, as an operator does."""
        wish = Wish(
            name=name,
            password=password,
            email=email,
            email_confirmed=True,
            first_name=first_name,
            last_name=last_name,
        )
        made = await self.services.signup.create(OPERATOR, wish)
        assert isinstance(made, Account), made
        return made

    async def letters(self, kind: LetterKind | None = None) -> list[Letter]:
        """Send what waits in the outbox; return all letters so far, or those of one kind."""
        while await self.services.delivery.deliver() is not None:
            pass
        return [one for one in self.mailer.letters if kind in (None, one.kind)]

    async def disable(self, account: Account) -> None:
        """Close an account, as an operator does."""
        changed = await self.services.accounts.change(OPERATOR, account.id, active=False)
        assert isinstance(changed, Account), changed

    async def key(
        self,
        account: Account,
        *,
        scopes: frozenset[Scope] = EVERYDAY,
        per_minute: int = 0,
        ends_after: timedelta | None = None,
    ) -> str:
        """Make an API key for an account, as an operator does."""
        wish = KeyWish(
            name="made by the operator",
            scopes=scopes,
            per_minute=per_minute,
            expires_at=self.clock.now() + ends_after if ends_after else None,
        )
        made = await self.services.api_keys.make_for(OPERATOR, account.id, wish)
        assert isinstance(made, ShownKey), made
        return made.text

    async def group(
        self, name: str, account: Account, *roles: str, days: int | None = None
    ) -> Group:
        """Make a group with one member, who has these roles in it."""
        made = await self.services.groups.make(OPERATOR, GroupChange(name=name, password_days=days))
        assert isinstance(made, Group), made
        for role in roles or (MEMBER,):
            assert await self.services.groups.put(OPERATOR, made, account.id, role=role) is None
        return made


async def furnish(
    dialect: Dialect[Any], storage: Storage, choices: Choices, *, hasher: Hasher | None = None
) -> Household:
    """Build a server that speaks a dialect, with the documented account in it if wanted."""
    clock, hasher, mailer = HandClock(), hasher or PlainHasher(), MemoryMailer()
    outside = replace(
        await _outside(storage, clock, hasher, mailer),
        directories=choices.directories or NoDirectories(),
        negotiation=choices.negotiation or NoNegotiation(),
    )
    rules = Rules(
        attempts=choices.attempts,
        passwords=replace(PRESETS[choices.preset], days=choices.password_days),
        registration=choices.registration,
        api_keys=choices.api_keys,
        audiences=choices.audiences,
        directories=choices.directory_rules if choices.directories else {},
    )
    services = assemble(outside, rules)
    if choices.has_first_account:
        assert await services.setup.make_demo(Origin("", "setup")) is not None
    spoken = [Mounted(dialect, choices.options or dialect.options())]
    spoken += [Mounted(other, other.options()) for other in choices.beside]
    site = mount(
        services,
        spoken,
        choices.surroundings,
        pages=[console(services)],
        clock=clock,
        randomness=outside.randomness,
    )
    return Household(
        storage=storage,
        services=services,
        clock=clock,
        hasher=hasher,
        mailer=mailer,
        site=site,
        made_of=f"{dialect.name} {choices.without_people()} {choices.directories is not None}",
    )


async def _outside(
    storage: Storage, clock: HandClock, hasher: Hasher, mailer: MemoryMailer
) -> Outside:
    randomness = SystemRandomness()
    master = MasterKey(b"k" * KEY_BYTES, source="the test", randomness=randomness)
    keys = StoredKeyRing(
        open_work=storage.open_work,
        revocations=storage.revocations,
        master=master,
        clock=clock,
        verifies_for=Rules().sessions.lifetime,
    )
    await keys.ensure_first()
    return Outside(
        storage=storage,
        hasher=hasher,
        signer=TokenSigner(keys=keys, clock=clock, issuer="urn:watchword:test"),
        keys=keys,
        digester=master,
        key_safe=StoredKeySafe(master),
        key_rates=CountingKeyRates(),
        letter_safe=StoredLetterSafe(master),
        mailer=mailer,
        acceptances=MemoryAcceptances(),
        blocklist=ListedBlocklist(),
        flows=ToyBook(),
        clock=clock,
        randomness=randomness,
        witness=TellingWitness(),
    )
