"""The master key: what is kept secret at rest is sealed under it, and digests are keyed by it."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import Randomness

KEY_BYTES = 32
KEYS_MAX = 8
"""The current key and the retired ones together: each costs a digest at every look-up."""

_SEAL_VERSION = b"\x01"  # AES-256-GCM, nonce of 96 bits, key by HKDF for "seal"
_NONCE_BYTES = 12
_LABEL_LENGTH = 8
_LABEL_END = "."
"""Not in the alphabet of base64url."""


class SealError(Exception):
    """What was sealed is damaged, is about something else, or is under another master key."""


class Standing(StrEnum):
    """Under which master key something is kept."""

    CURRENT = "current"
    RETIRED = "retired"
    UNKNOWN = "unknown"
    """Under none that we have, or damaged."""


class MasterKey:
    """The secret that all others hang on. Its own octets are used for nothing but deriving.

    `source` says where it came from, for the person who must put another one there. Retired
    keys open what was sealed under them and find what was digested by them; nothing new is.
    """

    __slots__ = ("_current", "_keys", "_randomness", "source")

    def __init__(
        self,
        secret: bytes,
        *,
        source: str,
        randomness: Randomness,
        retired: Sequence[bytes] = (),
    ) -> None:
        assert len(retired) < KEYS_MAX
        # Each secret once, in this order: a key that is written twice is one key.
        secrets = dict.fromkeys((_right_length(secret, source), *retired))
        self.source = source
        self._randomness = randomness
        self._keys = tuple(_Secret(one) for one in secrets)
        self._current = self._keys[0]

    @classmethod
    def from_text(
        cls, text: str, *, source: str, randomness: Randomness, retired: Sequence[bytes] = ()
    ) -> "MasterKey":
        """Return the key that is written as `read_secret` reads it."""
        secret = read_secret(text, source=source)
        return cls(secret, source=source, randomness=randomness, retired=retired)

    def __repr__(self) -> str:
        return f"<MasterKey from {self.source}>"

    @property
    def has_retired(self) -> bool:
        return len(self._keys) > 1

    def digest(self, purpose: str, text: str) -> str:
        """Return HMAC-SHA-256 as base64url without padding; each purpose has its own key."""
        return self._current.digest(purpose, text)

    def digests(self, purpose: str, text: str) -> tuple[str, ...]:
        """Return the digests by the current key and by each retired one, with their labels.

        The label says by which key a stored digest was made; `digest_standing` reads it.
        """
        return tuple(f"{one.label}{_LABEL_END}{one.digest(purpose, text)}" for one in self._keys)

    def digest_standing(self, digest: str) -> Standing:
        """Say by which key one of `digests` was made."""
        label, mark, _ = digest.partition(_LABEL_END)
        return self._standing(
            next((one for one in self._keys if mark and one.label == label), None)
        )

    def seal(self, secret: bytes, *, about: str) -> str:
        """Encrypt a secret; only who says again what it is about gets it back."""
        nonce = _from_base64url(self._randomness.token(_NONCE_BYTES))
        assert len(nonce) == _NONCE_BYTES
        sealed = AESGCM(self._current.derived("seal")).encrypt(nonce, secret, _associated(about))
        return _to_base64url(_SEAL_VERSION + nonce + sealed)

    def unseal(self, sealed: str, *, about: str) -> bytes:
        """Return the secret again, or raise SealError."""
        return self._opened(sealed, about)[1]

    def sealed_standing(self, sealed: str, *, about: str) -> Standing:
        """Say under which key something is sealed."""
        try:
            return self._standing(self._opened(sealed, about)[0])
        except SealError:
            return Standing.UNKNOWN

    def _standing(self, key: "_Secret | None") -> Standing:
        if key is None:
            return Standing.UNKNOWN
        return Standing.CURRENT if key is self._current else Standing.RETIRED

    def _opened(self, sealed: str, about: str) -> "tuple[_Secret, bytes]":
        """Return what was sealed, and the key that opened it."""
        try:
            octets = _from_base64url(sealed)
        except ValueError as error:
            raise SealError from error
        version, nonce, rest = octets[:1], octets[1 : 1 + _NONCE_BYTES], octets[1 + _NONCE_BYTES :]
        if version != _SEAL_VERSION or len(nonce) != _NONCE_BYTES:
            raise SealError
        for key in self._keys:
            try:
                return key, AESGCM(key.derived("seal")).decrypt(nonce, rest, _associated(about))
            except InvalidTag:
                continue
        raise SealError


class _Secret:
    """One master key, the current or a retired one, and the keys derived from it."""

    __slots__ = ("_derived", "_octets", "label")

    def __init__(self, octets: bytes) -> None:
        assert len(octets) == KEY_BYTES
        self._octets = octets
        self._derived: dict[str, bytes] = {}
        # Derived like any other key, so that it says nothing of the rest.
        self.label = _to_base64url(self.derived("label"))[:_LABEL_LENGTH]

    def digest(self, purpose: str, text: str) -> str:
        octets = text.encode("utf-8", "surrogatepass")
        return _to_base64url(hmac.digest(self.derived(f"digest {purpose}"), octets, "sha256"))

    def derived(self, purpose: str) -> bytes:
        # Purposes are named in our own code, so there are few.
        if purpose not in self._derived:
            info = f"watchword {purpose}".encode()
            derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info)
            self._derived[purpose] = derive.derive(self._octets)
        return self._derived[purpose]


def read_secret(text: str, *, source: str) -> bytes:
    """Return a master key that is written as base64 of either alphabet, padded or not.

    Raises InvalidError("master_key"), which names the source and nothing of the key.
    """
    bare = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        secret = _from_base64url(bare)
    except ValueError as error:
        message = f"{source} must hold {KEY_BYTES} bytes in base64, and is not base64."
        raise InvalidError("master_key", message) from error
    return _right_length(secret, source)


def _right_length(secret: bytes, source: str) -> bytes:
    if len(secret) != KEY_BYTES:
        message = f"{source} must hold {KEY_BYTES} bytes in base64, and holds {len(secret)}."
        raise InvalidError("master_key", message)
    return secret


def _associated(about: str) -> bytes:
    return _SEAL_VERSION + about.encode()


def _to_base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _from_base64url(text: str) -> bytes:
    """Decode base64url without padding, one spelling only; ValueError if it is anything else."""
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    octets = base64.b64decode(padded, b"-_", validate=True)
    if _to_base64url(octets) != text:
        raise binascii.Error("not the usual spelling")
    return octets
