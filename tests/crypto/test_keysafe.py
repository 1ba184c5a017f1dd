"""How API keys are kept: found and shown by who has the master key, and by nobody else."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.core.apikeys.model import hint_of, write_key
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.ports import KeySafe
from watchword.crypto.keysafe import StoredKeySafe
from watchword.crypto.master import MasterKey, Standing

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
TEXT = write_key(2**255 + 7)


def safe(secret: bytes = NEW, *retired: bytes) -> StoredKeySafe:
    return StoredKeySafe(master(secret, *retired))


def master(secret: bytes = NEW, *retired: bytes) -> MasterKey:
    return MasterKey(secret, source="a test", randomness=SystemRandomness(), retired=retired)


def digests_of(port: KeySafe, text: str) -> tuple[str, ...]:
    return port.digests(text)


def test_a_key_is_found_by_the_same_digest_in_every_process() -> None:
    """One digest without retired keys, and it is the same after a restart."""
    assert digests_of(safe(), TEXT) == digests_of(safe(), TEXT)
    assert len(digests_of(safe(), TEXT)) == 1
    assert digests_of(safe(), TEXT) != digests_of(safe(), write_key(2**255 + 8))


def test_after_a_rotation_old_keys_are_still_found() -> None:
    """The new digest comes first: by it a key is kept from its next use on."""
    rotated = safe(NEW, OLD, OTHER).digests(TEXT)

    assert rotated == (
        safe(NEW).digests(TEXT)[0],
        safe(OLD).digests(TEXT)[0],
        safe(OTHER).digests(TEXT)[0],
    )


def test_a_digest_says_by_which_key_it_was_made() -> None:
    """Of a key that was not used for long, only the stored digest can tell."""
    rotated = safe(NEW, OLD)

    standings = [rotated.standing(safe(one).digests(TEXT)[0]) for one in (NEW, OLD, OTHER)]

    assert standings == [Standing.CURRENT, Standing.RETIRED, Standing.UNKNOWN]


@given(st.integers(0, 2**256 - 1))
def test_a_sealed_key_can_be_shown_again(number: int) -> None:
    """Under the current master key, and later when that one is retired."""
    text = write_key(number)
    sealed = safe(OLD).seal(text, about="key-1")

    assert safe(OLD).reveal(sealed, about="key-1") == text
    assert safe(NEW, OLD).reveal(sealed, about="key-1") == text


@pytest.mark.parametrize("place", [0, 1, 12, 13, 40, -1])
def test_a_damaged_text_is_not_shown(place: int) -> None:
    """Nor is half of it: whoever asks gets the hint instead."""
    octets = bytearray(base64.urlsafe_b64decode(safe().seal(TEXT, about="key-1") + "=="))
    octets[place] ^= 1

    damaged = base64.urlsafe_b64encode(octets).decode().rstrip("=")

    assert safe().reveal(damaged, about="key-1") is None


@pytest.mark.parametrize("sealed", ["", "AQ", "\ud800", "no base64!", TEXT])
def test_rubbish_is_not_shown(sealed: str) -> None:
    """Whatever stands in the database, reading it is no error."""
    assert safe().reveal(sealed, about="key-1") is None


def test_a_sealed_key_belongs_to_its_row() -> None:
    """Who can write to the database cannot have another's key shown as their own."""
    sealed = safe().seal(TEXT, about="key-1")
    foreign = master().seal(TEXT.encode(), about="key-1")

    assert safe().reveal(sealed, about="key-2") is None
    assert safe().reveal(foreign, about="key-1") is None


def test_a_stolen_database_can_neither_use_nor_show_a_key() -> None:
    """Without the master key the digest is no hash of the text, and nothing opens the rest."""
    digest, sealed = safe().digests(TEXT)[0], safe().seal(TEXT, about="key-1")
    label, _, rest = digest.partition(".")
    stolen = base64.urlsafe_b64decode(rest + "=")
    guesses = [
        hashlib.sha256(TEXT.encode()).digest(),
        *(hmac.digest(one, TEXT.encode(), "sha256") for one in (b"", b"api-key", label.encode())),
    ]

    assert stolen not in guesses
    assert digest not in safe(OTHER).digests(TEXT)
    assert safe(OTHER).reveal(sealed, about="key-1") is None
    for kept in (digest, sealed, base64.urlsafe_b64decode(sealed + "==").decode("latin-1")):
        assert TEXT not in kept
        assert TEXT[3:12] not in kept
    assert hint_of(TEXT) not in (digest, sealed)


def test_the_safe_shows_nothing_of_itself() -> None:
    """In a log line or a traceback."""
    assert repr(NEW)[2:-1] not in repr(safe())
