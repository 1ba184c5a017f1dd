"""How letters are kept: read again by who has the master key, and by nobody else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.outbox.model import Letter, LetterKind, read_letter, write_letter
from watchword.core.ports import LetterSafe
from watchword.crypto.keysafe import StoredKeySafe
from watchword.crypto.lettersafe import StoredLetterSafe
from watchword.crypto.master import MasterKey

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
SECRET = "dHJlYXN1cmUtaXNsYW5kLW1hcA"
LETTER = Letter(kind=LetterKind.RESET, to="ada@example.com", secret=SECRET, code="ABCD-EFGH")
TEXT = write_letter(LETTER)


def safe(secret: bytes = NEW, *retired: bytes) -> LetterSafe:
    return StoredLetterSafe(master(secret, *retired))


def master(secret: bytes = NEW, *retired: bytes) -> MasterKey:
    return MasterKey(secret, source="a test", randomness=SystemRandomness(), retired=retired)


def test_a_letter_is_read_again_as_it_was() -> None:
    """Whoever claims it later, after a restart too."""
    sealed = safe().seal(write_letter(LETTER), about="letter-1")

    revealed = safe().reveal(sealed, about="letter-1")

    assert revealed is not None
    assert read_letter(revealed) == LETTER


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_letters_that_wait_outlive_a_rotation(text: str) -> None:
    """What was sealed under a key that is retired now is still sent."""
    sealed = safe(OLD).seal(text, about="letter-1")

    assert safe(NEW, OLD).reveal(sealed, about="letter-1") == text


@pytest.mark.parametrize("place", [0, 1, 12, 13, 40, -1])
def test_a_damaged_letter_is_not_sent(place: int) -> None:
    """Nor is half of it."""
    octets = bytearray(base64.urlsafe_b64decode(safe().seal(TEXT, about="letter-1") + "=="))
    octets[place] ^= 1

    damaged = base64.urlsafe_b64encode(octets).decode().rstrip("=")

    assert safe().reveal(damaged, about="letter-1") is None


@pytest.mark.parametrize("sealed", ["", "AQ", "\ud800", "no base64!"])
def test_rubbish_is_not_a_letter(sealed: str) -> None:
    """Whatever stands in the database, reading it is no error."""
    assert safe().reveal(sealed, about="letter-1") is None


def test_a_letter_belongs_to_its_row() -> None:
    """Who can write to the database cannot have a letter of another sent to themselves."""
    sealed = safe().seal("a text", about="letter-1")
    key = StoredKeySafe(master()).seal("a text", about="letter-1")

    assert safe().reveal(sealed, about="letter-2") is None
    assert safe().reveal(key, about="letter-1") is None
    assert StoredKeySafe(master()).reveal(sealed, about="letter-1") is None


def test_a_stolen_database_does_not_tell_what_letters_say() -> None:
    """Without the master key there is no link, no code and no address."""
    sealed = safe().seal(write_letter(LETTER), about="letter-1")

    kept = sealed + base64.urlsafe_b64decode(sealed + "==").decode("latin-1")

    assert safe(OTHER).reveal(sealed, about="letter-1") is None
    for word in (SECRET, LETTER.code, LETTER.to):
        assert word not in kept
        assert base64.b64encode(word.encode()).decode()[:12] not in kept


def test_the_safe_shows_nothing_of_itself() -> None:
    """In a log line or a traceback."""
    assert repr(NEW)[2:-1] not in repr(safe())
