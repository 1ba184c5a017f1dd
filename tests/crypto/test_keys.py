"""The key ring: the first key, rotation, retirement, and when it looks again."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from crypto.keyshelf import KeyShelf, retired
from fakes import HandClock
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.signing.model import Algorithm
from watchword.crypto.keys import UNKNOWN_KEY_PAUSE, StoredKeyRing
from watchword.crypto.master import MasterKey

LIFE = timedelta(days=30)
SECOND = timedelta(seconds=1)


class House:
    """A key ring over a shelf, and more of them over the same one."""

    def __init__(self) -> None:
        self.shelf = KeyShelf()
        self.clock = HandClock()
        self.ring = self.another()

    def another(
        self, *, algorithm: Algorithm = Algorithm.EDDSA, secret: bytes = b"m" * 32
    ) -> StoredKeyRing:
        source = "The file data/master.key"
        return StoredKeyRing(
            open_work=self.shelf.open_work,
            revocations=self.shelf,
            master=MasterKey(secret, source=source, randomness=SystemRandomness()),
            clock=self.clock,
            algorithm=algorithm,
            verifies_for=LIFE,
        )

    async def shown(self) -> list[str]:
        return [json.loads(key)["kid"] for key in await self.ring.public_keys()]


@pytest.fixture
def house() -> House:
    return House()


async def test_the_first_start_makes_a_key(house: House) -> None:
    """An empty store gets one key, and it is the one that signs and is shown."""
    made = await house.ring.ensure_first()

    assert made is not None
    assert house.shelf.keys == (made,)
    assert (await house.ring.signing()).id == made.id
    assert await house.shown() == [made.id]


async def test_the_next_start_makes_none(house: House) -> None:
    """A key that is there is used."""
    await house.ring.ensure_first()

    assert await house.another().ensure_first() is None
    assert len(house.shelf.keys) == 1


async def test_of_two_first_keys_one_is_kept(house: House) -> None:
    """Who loses the race at the first start uses the key of who won."""
    winner = house.another().generate()
    house.shelf.before_commit = lambda: house.shelf.put(winner)

    made = await house.ring.ensure_first()

    assert made is None
    assert house.shelf.keys == (winner,)
    assert (await house.ring.signing()).id == winner.id


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.RS256])
async def test_another_algorithm_rotates_at_start(house: House, algorithm: Algorithm) -> None:
    """A changed setting makes a new key; what the old one signed stays good."""
    first = await house.ring.ensure_first()
    changed = house.another(algorithm=algorithm)

    second = await changed.ensure_first()

    assert first is not None
    assert second is not None
    assert second.algorithm == algorithm
    assert (await changed.signing()).algorithm == algorithm
    assert [key.id for key in house.shelf.keys] == [second.id, first.id]
    assert await changed.verifying(first.id) is not None


async def test_several_processes_may_rotate_at_once(house: House) -> None:
    """Whoever comes last signs; every key that was made verifies, and one is in use."""
    await house.ring.ensure_first()
    rings = [house.another(algorithm=Algorithm.ES256) for _ in range(3)]

    await asyncio.gather(*(ring.ensure_first() for ring in rings))

    newest = house.shelf.keys[0]
    assert [key.retired_at for key in house.shelf.keys].count(None) == 1
    assert {(await ring.signing()).id for ring in rings} == {newest.id}
    for ring in rings:
        assert all([await ring.verifying(key.id) for key in house.shelf.keys])


@pytest.mark.parametrize("algorithm", [Algorithm.EDDSA, Algorithm.ES256])
async def test_another_master_key_stops_the_start(house: House, algorithm: Algorithm) -> None:
    """The error says where the wrong key is and what to do, and nothing is changed."""
    await house.ring.ensure_first()
    before = house.shelf.keys

    with pytest.raises(InvalidError) as refusal:
        await house.another(secret=b"n" * 32, algorithm=algorithm).ensure_first()

    assert refusal.value.field == "master_key"
    assert "The file data/master.key" in str(refusal.value)
    assert "watchword signing-key rotate" in str(refusal.value)
    assert house.shelf.keys == before


async def test_a_rotation_under_a_new_master_key_repairs_the_start(house: House) -> None:
    """When the master key is lost, a new signing key is enough to go on."""
    first = await house.ring.ensure_first()
    assert first is not None
    other = house.another(secret=b"n" * 32)

    house.shelf.put(other.generate(), retired(first, house.clock.now()))

    assert await other.ensure_first() is None
    assert await other.verifying(first.id) is not None


async def test_a_rotation_elsewhere_is_felt_at_once(house: House) -> None:
    """The stamp changes with it, so the next token is signed with the new key."""
    first = await house.ring.ensure_first()
    assert first is not None
    second = house.ring.generate()

    house.shelf.put(second, retired(first, house.clock.now()))

    assert (await house.ring.signing()).id == second.id
    assert await house.shown() == [second.id, first.id]


async def test_a_distrusted_key_is_void_at_once(house: House) -> None:
    """A key that was deleted elsewhere verifies nothing any more."""
    first = await house.ring.ensure_first()
    assert first is not None
    assert await house.ring.verifying(first.id) is not None

    house.shelf.put(house.ring.generate())

    assert await house.ring.verifying(first.id) is None


async def test_the_store_is_asked_once_while_nothing_changes(house: House) -> None:
    """Signing and verifying a thousand times costs no look at the database."""
    made = await house.ring.ensure_first()
    assert made is not None
    reads = house.shelf.reads

    for _ in range(100):
        await house.ring.signing()
        await house.ring.verifying(made.id)

    assert house.shelf.reads == reads


async def test_a_revocation_under_way_is_not_waited_out(house: House) -> None:
    """While the stamp is odd nothing remembered counts, and nothing read is remembered."""
    made = await house.ring.ensure_first()
    assert made is not None
    house.shelf.is_odd = True
    house.shelf.keys = ()

    gone = await house.ring.verifying(made.id)
    house.shelf.keys = (made,)
    back = await house.ring.verifying(made.id)

    assert gone is None
    assert back is not None


async def test_a_stamp_is_believed_for_its_lifetime(house: House) -> None:
    """Where a notice may be late, keys are read again after that time."""
    house.shelf.lifetime = SECOND
    made = await house.ring.ensure_first()
    assert made is not None
    house.shelf.keys = ()

    soon = await house.ring.verifying(made.id)
    house.clock.advance(SECOND)
    later = await house.ring.verifying(made.id)

    assert soon is not None
    assert later is None


async def test_a_clock_set_back_keeps_nothing_alive(house: House) -> None:
    """What was read in the future is not young."""
    house.shelf.lifetime = SECOND
    made = await house.ring.ensure_first()
    assert made is not None
    house.shelf.keys = ()

    house.clock.advance(timedelta(hours=-1))

    assert await house.ring.verifying(made.id) is None


async def test_an_unknown_key_is_looked_up_once_a_second(house: House) -> None:
    """Tokens that name keys we never had do not make us ask the database each time."""
    await house.ring.ensure_first()
    reads = house.shelf.reads

    answers = [await house.ring.verifying(f"unknown {number}") for number in range(50)]
    at_once = house.shelf.reads - reads
    house.clock.advance(UNKNOWN_KEY_PAUSE)
    await house.ring.verifying("unknown")

    assert answers == [None] * 50
    assert at_once == 1
    assert house.shelf.reads - reads == 2


async def test_a_key_that_we_did_not_hear_of_is_found(house: House) -> None:
    """A key of another node counts although its notice has not come."""
    await house.ring.ensure_first()
    newer = house.ring.generate()

    house.shelf.keys = (newer, *house.shelf.keys)

    assert await house.ring.verifying(newer.id) is not None


async def test_a_retired_key_verifies_as_long_as_its_tokens_live(house: House) -> None:
    """Then it is neither shown nor believed, though it may still be stored."""
    first = await house.ring.ensure_first()
    assert first is not None
    second = house.ring.generate()
    house.shelf.put(second, retired(first, house.clock.now()))

    house.clock.advance(LIFE - SECOND)
    last_moment = (await house.ring.verifying(first.id), await house.shown())
    house.clock.advance(SECOND)
    over = (await house.ring.verifying(first.id), await house.shown())

    assert last_moment[0] is not None
    assert last_moment[1] == [second.id, first.id]
    assert over == (None, [second.id])


async def test_what_is_broken_in_the_store_is_unavailable(house: House) -> None:
    """A damaged row, a key sealed elsewhere, no key at all or no database: busy, not a crash."""
    good = house.ring.generate()

    for broken in (replace(good, sealed="rubbish"), retired(good, house.clock.now())):
        house.shelf.put(broken)
        with pytest.raises(UnavailableError):
            await house.ring.signing()
    for public in ("", "[]", "{}", '{"kty": "OKP"}', "null"):
        house.shelf.put(replace(good, public=public))
        with pytest.raises(UnavailableError):
            await house.ring.verifying(good.id)
    house.shelf.put(good)
    house.shelf.is_down = True
    with pytest.raises(UnavailableError):
        await house.ring.verifying(good.id)
    house.shelf.is_down = False

    assert await house.ring.verifying(good.id) is not None
