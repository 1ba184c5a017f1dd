"""The master key: what is kept secret at rest is sealed under it, and digests are keyed by it."""

import base64
import binascii
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import Randomness

KEY_BYTES = 32

_SEAL_VERSION = b"\x01"  # AES-256-GCM, nonce of 96 bits, key by HKDF for "seal"
_NONCE_BYTES = 12


class SealError(Exception):
    """What was sealed is damaged, is about something else, or is under another master key."""


class MasterKey:
    """The secret that all others hang on. Its own octets are used for nothing but deriving.

    `source` says where it came from, for the person who must put another one there.
    """

    __slots__ = ("_derived", "_randomness", "_secret", "source")

    def __init__(self, secret: bytes, *, source: str, randomness: Randomness) -> None:
        if len(secret) != KEY_BYTES:
            message = f"{source} must hold {KEY_BYTES} bytes in base64, and holds {len(secret)}."
            raise InvalidError("master_key", message)
        self.source = source
        self._secret = secret
        self._randomness = randomness
        self._derived: dict[str, bytes] = {}

    @classmethod
    def from_text(cls, text: str, *, source: str, randomness: Randomness) -> "MasterKey":
        """Return the key that is written as base64 of either alphabet, padded or not."""
        bare = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
        try:
            secret = _from_base64url(bare)
        except ValueError as error:
            message = f"{source} must hold {KEY_BYTES} bytes in base64, and is not base64."
            raise InvalidError("master_key", message) from error
        return cls(secret, source=source, randomness=randomness)

    def __repr__(self) -> str:
        return f"<MasterKey from {self.source}>"

    def digest(self, purpose: str, text: str) -> str:
        """Return HMAC-SHA-256 as base64url without padding; each purpose has its own key."""
        octets = text.encode("utf-8", "surrogatepass")
        return _to_base64url(hmac.digest(self._key_for(f"digest {purpose}"), octets, "sha256"))

    def seal(self, secret: bytes, *, about: str) -> str:
        """Encrypt a secret; only who says again what it is about gets it back."""
        nonce = _from_base64url(self._randomness.token(_NONCE_BYTES))
        assert len(nonce) == _NONCE_BYTES
        sealed = AESGCM(self._key_for("seal")).encrypt(nonce, secret, _associated(about))
        return _to_base64url(_SEAL_VERSION + nonce + sealed)

    def unseal(self, sealed: str, *, about: str) -> bytes:
        """Return the secret again, or raise SealError."""
        try:
            octets = _from_base64url(sealed)
        except ValueError as error:
            raise SealError from error
        version, nonce, rest = octets[:1], octets[1 : 1 + _NONCE_BYTES], octets[1 + _NONCE_BYTES :]
        if version != _SEAL_VERSION or len(nonce) != _NONCE_BYTES:
            raise SealError
        try:
            return AESGCM(self._key_for("seal")).decrypt(nonce, rest, _associated(about))
        except InvalidTag as error:
            raise SealError from error

    def _key_for(self, purpose: str) -> bytes:
        # Purposes are named in our own code, so there are few.
        if purpose not in self._derived:
            info = f"watchword {purpose}".encode()
            derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info)
            self._derived[purpose] = derive.derive(self._secret)
        return self._derived[purpose]


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
