"""A whole server without a socket.

Services, keys and database are real; time is ours, and the hash is cheap unless asked for.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import msgspec

from fakes import HandClock, ListedBlocklist, PlainHasher, TellingWitness
from toy import talking_to
from watchword import __version__
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.policy.passwords import PRESETS, Preset
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import Hasher, Storage
from watchword.core.services import Services
from watchword.core.services.assemble import Outside, Rules, assemble
from watchword.core.services.signup import Registration
from watchword.crypto.keys import StoredKeyRing
from watchword.crypto.master import KEY_BYTES, MasterKey
from watchword.crypto.tokens import TokenSigner
from watchword.http.dialect import Dialect
from watchword.http.mount import Mounted, Site, mount
from watchword.http.surroundings import Surroundings

DEMO = Surroundings(version=__version__, is_demo=True)
OPEN = replace(DEMO, is_demo=False)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What an operator may choose, as far as a dialect's answers depend on it."""

    surroundings: Surroundings = DEMO
    preset: Preset = Preset.DOCUMENTED
    registration: Registration = field(default_factory=Registration)
    attempts: AttemptLimits = field(default_factory=AttemptLimits)
    has_first_account: bool = True
    options: msgspec.Struct | None = None


@dataclass(kw_only=True)
class Household:
    """What a server is made of."""

    storage: Storage
    services: Services
    clock: HandClock
    hasher: Hasher
    site: Site

    def talking(self, **place: str) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """Return a client, at this machine unless a `peer` is named."""
        return talking_to(self.site.app, **place)


async def furnish(
    dialect: Dialect[Any], storage: Storage, choices: Choices, *, hasher: Hasher | None = None
) -> Household:
    """Build a server that speaks one dialect, with the documented account in it if wanted."""
    clock, hasher = HandClock(), hasher or PlainHasher()
    outside = await _outside(storage, clock, hasher)
    rules = Rules(
        attempts=choices.attempts,
        passwords=PRESETS[choices.preset],
        registration=choices.registration,
    )
    services = assemble(outside, rules)
    if choices.has_first_account:
        assert await services.setup.make_demo(Origin("", "setup")) is not None
    site = mount(
        services,
        [Mounted(dialect, choices.options or dialect.options())],
        choices.surroundings,
        clock=clock,
        randomness=outside.randomness,
    )
    return Household(storage=storage, services=services, clock=clock, hasher=hasher, site=site)


async def _outside(storage: Storage, clock: HandClock, hasher: Hasher) -> Outside:
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
        blocklist=ListedBlocklist(),
        clock=clock,
        randomness=randomness,
        witness=TellingWitness(),
    )
