"""What an imported hash is to those who log in with it, or want another password."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from crypto.foreign.samples import PASSWORD, PRINTED, SAMPLES
from unit.core.conftest import HERE, MONTH, OPERATOR, House, ruled
from watchword.core.accounts.model import Account
from watchword.core.credentials.model import PasswordCredential
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.policy.passwords import PRESETS, Preset
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Work
from watchword.core.services import Services
from watchword.core.services.assemble import assemble
from watchword.core.services.sessiondoor import SignedIn
from watchword.crypto.argon2 import Cost
from watchword.crypto.passwords import Argon2Hasher

CHEAP = Cost(memory_kib=64, passes=1)
NEW = "another good long password"
each_kind = pytest.mark.parametrize(
    "text",
    [SAMPLES[name].text for name in ("bcrypt 2b", "scrypt of Django", "{SSHA}", "{PBKDF2}")],
    ids=["bcrypt", "scrypt", "sha", "pbkdf2"],
)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def hasher() -> Iterator[Argon2Hasher]:
    made = Argon2Hasher(randomness=SystemRandomness(), threads=1, cost=CHEAP)
    yield made
    made.close()


@pytest.fixture
def services(house: House, hasher: Argon2Hasher) -> Services:
    outside = replace(house.outside, hasher=hasher)
    return assemble(outside, ruled(passwords=PRESETS[Preset.NIST]))


async def arrive(house: House, hasher: Argon2Hasher, *texts: str) -> Account:
    """Make an account that had these hashes, one after the other."""
    account = await house.add("ada")

    async def record(work: Work) -> None:
        for text in texts:
            encoded = hasher.adopt(text, hints=PRINTED)
            work.credentials.put_password(
                PasswordCredential(
                    account_id=account.id, encoded=encoded, changed_at=house.clock.now()
                ),
                remember=4,
            )

    await house.write(record)
    return account


async def encoded_of(house: House, account: Account) -> str:
    async with house.storage.open_work() as work:
        credential = await work.credentials.password_of(account.id)
    assert credential is not None
    return credential.encoded


@each_kind
async def test_the_first_log_in_makes_a_hash_of_ours(
    house: House, hasher: Argon2Hasher, services: Services, text: str
) -> None:
    """Who was imported logs in as before, and the weak hash is gone."""
    account = await arrive(house, hasher, text)

    first = await services.signin.with_password("ada", PASSWORD, origin=HERE, terms=MONTH)
    encoded = await encoded_of(house, account)
    second = await services.signin.with_password("ada", PASSWORD, origin=HERE, terms=MONTH)

    assert isinstance(first, SignedIn)
    assert isinstance(second, SignedIn)
    assert encoded.startswith("$argon2id$")
    assert await encoded_of(house, account) == encoded


@each_kind
async def test_a_wrong_password_changes_nothing(
    house: House, hasher: Argon2Hasher, services: Services, text: str
) -> None:
    """The imported hash stays until somebody proves to know its password."""
    account = await arrive(house, hasher, text)
    before = await encoded_of(house, account)

    refused = await services.signin.with_password("ada", "wrong", origin=HERE, terms=MONTH)

    assert refused == Refused(Refusal.WRONG_CREDENTIALS)
    assert await encoded_of(house, account) == before


@each_kind
async def test_an_imported_password_is_not_taken_again(
    house: House, hasher: Argon2Hasher, services: Services, text: str
) -> None:
    """The history knows it as the current password, and later as an earlier one."""
    account = await arrive(house, hasher, text)
    reset = services.passwords.reset

    outcomes = [
        await reset(OPERATOR, account.id, new=new, documented=4)
        for new in (PASSWORD, NEW, PASSWORD)
    ]

    assert outcomes == [
        Refused(Refusal.PASSWORD_REUSED),
        None,
        Refused(Refusal.PASSWORD_REUSED),
    ]


async def test_a_history_of_foreign_hashes_is_looked_at_as_far_as_the_policy_says(
    house: House, hasher: Argon2Hasher
) -> None:
    """The current hash and four before it are computed, each within the limits, and no more."""
    samples = [SAMPLES[name] for name in SAMPLES if name.startswith(("{SSHA", "{SHA", "{CRYPT"))]
    oldest = SAMPLES["bcrypt 2y, a long password"]
    account = await arrive(house, hasher, oldest.text, *(one.text for one in samples[:5]))
    hashed: list[float] = []
    watched = Argon2Hasher(
        randomness=SystemRandomness(), threads=1, cost=CHEAP, on_hash=hashed.append
    )
    outside = replace(house.outside, hasher=watched)
    passwords = assemble(outside, ruled(passwords=PRESETS[Preset.NIST])).passwords

    changed = await passwords.reset(OPERATOR, account.id, new=oldest.password, documented=4)
    watched.close()

    assert changed is None
    assert len(hashed) == 5 + 1
