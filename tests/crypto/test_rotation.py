"""Retired master keys: they open and find what was made under them, and make nothing new."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.forge import House
from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import SystemRandomness
from watchword.crypto.keypairs import make_stored_key, signing_half, standing_of
from watchword.crypto.keys import StoredKeyRing
from watchword.crypto.master import KEYS_MAX, MasterKey, SealError, Standing, read_secret

OLD, NEW, OLDEST = b"o" * 32, b"n" * 32, b"p" * 32


def master(secret: bytes, *retired: bytes) -> MasterKey:
    return MasterKey(secret, source="a test", randomness=SystemRandomness(), retired=retired)


@given(st.binary(max_size=60), st.text(max_size=10))
def test_what_a_retired_key_sealed_opens(secret: bytes, about: str) -> None:
    """Under whichever of the keys it was sealed, the newest or the oldest."""
    rotated = master(NEW, OLD, OLDEST)
    sealed = [master(one).seal(secret, about=about) for one in (NEW, OLD, OLDEST)]

    assert [rotated.unseal(one, about=about) for one in sealed] == [secret] * 3


def test_new_things_are_made_by_the_current_key_alone() -> None:
    """Who has only a retired key learns nothing of what came later."""
    rotated = master(NEW, OLD)
    sealed = rotated.seal(b"secret", about="x")

    assert master(NEW).unseal(sealed, about="x") == b"secret"
    assert rotated.digest("attempt", "ada") == master(NEW).digest("attempt", "ada")
    with pytest.raises(SealError):
        master(OLD).unseal(sealed, about="x")


def test_a_retired_key_is_as_strict_as_the_current() -> None:
    """What is about something else, or under a key that nobody has any more, stays shut."""
    rotated = master(NEW, OLD)
    foreign = master(OLDEST).seal(b"secret", about="x")
    other = master(OLD).seal(b"secret", about="y")

    for sealed in (foreign, other):
        with pytest.raises(SealError):
            rotated.unseal(sealed, about="x")


def test_what_is_sealed_tells_its_standing() -> None:
    """So an operator learns whether a retired key may go."""
    rotated = master(NEW, OLD)

    standings = {
        one: rotated.sealed_standing(master(one).seal(b"", about="x"), about="x")
        for one in (NEW, OLD, OLDEST)
    }

    assert standings == {
        NEW: Standing.CURRENT,
        OLD: Standing.RETIRED,
        OLDEST: Standing.UNKNOWN,
    }
    assert rotated.sealed_standing(rotated.seal(b"", about="x"), about="y") is Standing.UNKNOWN
    assert rotated.sealed_standing("", about="x") is Standing.UNKNOWN


def test_digests_are_found_under_every_key() -> None:
    """The current key's comes first; each is the one that its key would make alone."""
    digests = master(NEW, OLD, OLDEST).digests("api-key", "text")

    assert digests == tuple(master(one).digests("api-key", "text")[0] for one in (NEW, OLD, OLDEST))
    assert len(set(digests)) == 3
    assert not set(digests) & set(master(NEW, OLD, OLDEST).digests("other", "text"))


def test_a_labelled_digest_never_changes() -> None:
    """Stored digests stay found: a label of the key, a point, and HMAC-SHA-256."""
    (digest,) = master(bytes(range(32))).digests("attempts", "ada")

    assert digest == "3GFwFWDo.hfo5bUahHpKJ5XtdOkZW73DHk7-onD91K0e8zH-fAA0"


def test_a_digest_tells_its_standing() -> None:
    """By its label, for nobody has the text any more."""
    rotated = master(NEW, OLD)
    new, old, oldest = (master(one).digests("api-key", "text")[0] for one in (NEW, OLD, OLDEST))

    assert rotated.digest_standing(new) is Standing.CURRENT
    assert rotated.digest_standing(old) is Standing.RETIRED
    assert rotated.digest_standing(oldest) is Standing.UNKNOWN
    for text in ("", ".", new.partition(".")[0], master(NEW).digest("api-key", "text")):
        assert rotated.digest_standing(text) is Standing.UNKNOWN


def test_a_key_that_is_written_twice_is_one_key() -> None:
    """A slip of the hand costs no second look-up, and does not retire the current key."""
    rotated = master(NEW, NEW, OLD, OLD)

    assert len(rotated.digests("api-key", "text")) == 2
    assert rotated.sealed_standing(rotated.seal(b"", about="x"), about="x") is Standing.CURRENT
    assert rotated.has_retired
    assert not master(NEW, NEW).has_retired


def test_there_is_a_most_of_keys() -> None:
    """Each costs a digest on every look-up."""
    fitting = [bytes([number]) * 32 for number in range(1, KEYS_MAX)]

    assert len(master(NEW, *fitting).digests("api-key", "text")) == KEYS_MAX
    with pytest.raises(AssertionError):
        master(NEW, *fitting, OLD)


def test_a_retired_key_that_is_no_key_is_told() -> None:
    """The error says where it was, and nothing of it."""
    text = base64.b64encode(b"too short to be a key").decode()

    with pytest.raises(InvalidError, match="Item 2 of a list must hold 32 bytes") as refusal:
        read_secret(text, source="Item 2 of a list")

    assert refusal.value.field == "master_key"
    assert text not in str(refusal.value)


def test_no_key_shows() -> None:
    """Not the retired ones either."""
    shown = repr(master(NEW, OLD))

    assert shown == "<MasterKey from a test>"


async def test_signing_keys_under_a_retired_key_go_on(house: House) -> None:
    """The master key changes, and no token dies; a rotation then needs the old one no more."""
    text = await house.signer.sign(house.token)
    before = house.shelf.keys[0]
    rotated = master(NEW, b"m" * 32)
    ring = _ring(house, rotated)

    is_new = await ring.ensure_first()
    house.shelf.put(ring.generate(), before.retire(house.clock.now()))
    after = house.shelf.keys[0]
    await _ring(house, master(NEW)).ensure_first()

    assert is_new is None
    assert standing_of(before, master=rotated) is Standing.RETIRED
    assert standing_of(after, master=rotated) is Standing.CURRENT
    assert signing_half(before, master=rotated).id == before.id
    assert await house.signer.read(text) is not None


def test_a_signing_key_under_a_key_that_is_gone_is_told(house: House) -> None:
    """Who took the retired line away too early is told so by the standing."""
    stored = make_stored_key(
        house.keys.generate().algorithm, master=master(OLD), at=house.clock.now()
    )

    assert standing_of(stored, master=master(NEW)) is Standing.UNKNOWN


def _ring(house: House, key: MasterKey) -> StoredKeyRing:
    return StoredKeyRing(
        open_work=house.shelf.open_work,
        revocations=house.shelf,
        master=key,
        clock=house.clock,
        verifies_for=timedelta(days=30),
    )
