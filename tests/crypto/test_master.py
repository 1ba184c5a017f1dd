"""The master key: sealing, digests, and what it takes for a key."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import SystemRandomness
from watchword.crypto.master import MasterKey, SealError

SECRET = bytes(range(32))


def master(secret: bytes = SECRET) -> MasterKey:
    return MasterKey(secret, source="WATCHWORD_MASTER_KEY", randomness=SystemRandomness())


def from_text(text: str) -> MasterKey:
    return MasterKey.from_text(text, source="WATCHWORD_MASTER_KEY", randomness=SystemRandomness())


@given(st.binary(max_size=300), st.text(max_size=30))
def test_what_is_sealed_can_be_unsealed(secret: bytes, about: str) -> None:
    """Who says what it is about gets the secret back, in another process too."""
    sealed = master().seal(secret, about=about)

    assert master().unseal(sealed, about=about) == secret


@given(st.binary(max_size=60), st.data())
def test_a_changed_bit_is_noticed(secret: bytes, data: st.DataObject) -> None:
    """No bit of what is sealed can be changed: version, nonce, content or tag."""
    sealed = master().seal(secret, about="key 1")
    octets = bytearray(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)))
    place = data.draw(st.integers(0, len(octets) * 8 - 1))
    octets[place // 8] ^= 1 << place % 8
    changed = base64.urlsafe_b64encode(octets).decode().rstrip("=")

    with pytest.raises(SealError):
        master().unseal(changed, about="key 1")


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_unsealing_rubbish_is_refused(text: str) -> None:
    """Whatever stands in the store, it is refused and nothing else happens."""
    with pytest.raises(SealError):
        master().unseal(text, about="key 1")


def test_what_is_sealed_belongs_to_its_subject_and_key() -> None:
    """Sealed for one key it does not open for another, nor under another master key."""
    sealed = master().seal(b"secret", about="key 1")

    with pytest.raises(SealError):
        master().unseal(sealed, about="key 2")
    with pytest.raises(SealError):
        master(b"\xff" * 32).unseal(sealed, about="key 1")


def test_sealing_twice_gives_two_texts() -> None:
    """Each sealing has a nonce of its own, and the text shows nothing of the secret."""
    first, second = (master().seal(b"secret", about="x") for _ in range(2))

    assert first != second
    assert b"secret" not in base64.urlsafe_b64decode(first + "==")


def test_a_digest_is_the_same_for_the_same_purpose_text_and_key() -> None:
    """A digest can be looked up again, also after a restart."""
    digest = master().digest("attempts", "ada")

    assert digest == master().digest("attempts", "ada")
    assert len(digest) == 43
    assert digest not in {
        master().digest("audit", "ada"),
        master().digest("attempts", "adb"),
        master(b"\xff" * 32).digest("attempts", "ada"),
    }


def test_a_digest_never_changes() -> None:
    """Stored digests stay found: HKDF-SHA256 with our label, then HMAC-SHA-256 (RFC 5869)."""
    assert master().digest("attempts", "ada") == "hfo5bUahHpKJ5XtdOkZW73DHk7-onD91K0e8zH-fAA0"


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_has_a_digest(text: str) -> None:
    """People type anything into a name, lone surrogates too."""
    assert len(master().digest("attempts", text)) == 43


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"\xfb\xff" * 16).decode(),
        base64.urlsafe_b64encode(b"\xfb\xff" * 16).decode(),
        base64.urlsafe_b64encode(b"\xfb\xff" * 16).decode().rstrip("="),
        "  " + base64.b64encode(b"\xfb\xff" * 16).decode() + "\n",
    ],
)
def test_a_key_may_be_written_in_any_base64(text: str) -> None:
    """Both alphabets, with padding or without, and a line end from an editor."""
    assert from_text(text).digest("x", "y") == master(b"\xfb\xff" * 16).digest("x", "y")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds 0"),
        (base64.b64encode(b"x" * 31).decode(), "holds 31"),
        (base64.b64encode(b"x" * 33).decode(), "holds 33"),
        ("5" * 64, "holds 48"),
        ("correct horse battery staple and more of it", "is not base64"),
        ("ä" * 43, "is not base64"),
        ("\ud800" * 43, "is not base64"),
        ("A" * 42 + "B", "is not base64"),
    ],
)
def test_what_is_no_key_is_refused(text: str, why: str) -> None:
    """The error says where the key was, what is wrong with it, and nothing of it."""
    with pytest.raises(InvalidError, match=why) as refusal:
        from_text(text)

    assert refusal.value.field == "master_key"
    assert "WATCHWORD_MASTER_KEY" in str(refusal.value)
    assert not text or text not in str(refusal.value)


def test_the_key_does_not_show() -> None:
    """A master key in a log line or a traceback says where it came from, and not itself."""
    shown = repr(master()) + str(master())

    assert "WATCHWORD_MASTER_KEY" in shown
    assert repr(SECRET) not in shown
    assert base64.b64encode(SECRET).decode()[:8] not in shown
