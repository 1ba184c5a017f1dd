"""The key pairs that sign tokens, as joserfc makes, reads and uses them."""

import base64
import copy
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry, deserialize_compact

from watchword.core.signing.model import Algorithm, SigningKey
from watchword.crypto.master import MasterKey, Standing

RSA_BITS = 3072
"""RFC 7518, 3.3 asks for 2048 at least; NIST SP 800-57 gives those until 2030 only."""


class _Algorithms(JWSRegistry):
    """The algorithms we use, and no others: "none" and HS256 do not exist here."""

    algorithms = {  # noqa: RUF012 - replaces the library's own attribute of this name
        name: copy.copy(JWSRegistry.algorithms[name]) for name in Algorithm
    }


# joserfc warns at each use that RFC 9864 calls EdDSA with this curve "Ed25519". We know, and
# keep the name that clients know: docs/adr/0003-eddsa-name-in-tokens.md.
_Algorithms.algorithms[Algorithm.EDDSA].security_warning = None

_REGISTRIES = {name: _Algorithms(algorithms=[name]) for name in Algorithm}


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key ready for use; one that only verifies has no private half."""

    id: str
    algorithm: Algorithm
    key: Key = field(repr=False)

    def sign(self, kind: str, payload: bytes) -> str:
        """Return a compact JWS (RFC 7515, 7.1) of this `typ` under this key's id and algorithm.

        Put together here: joserfc would look at the same header and write it anew each
        time, which takes as long as the signature itself.
        """
        signed = _head(self.algorithm, self.id, kind) + _base64url(payload)
        return (signed + b"." + _base64url(self._signature(signed))).decode("ascii")

    def _signature(self, octets: bytes) -> bytes:
        raw = self.key.raw_value
        if self.algorithm is Algorithm.EDDSA and isinstance(raw, Ed25519PrivateKey):
            # What joserfc does too, after it has asked each time which kind of key this is.
            return raw.sign(octets)
        return _Algorithms.algorithms[self.algorithm].sign(octets, self.key)

    def verified(self, text: str) -> bytes | None:
        """Return the payload of a compact JWS if this key signed it, with its own algorithm."""
        try:
            found = deserialize_compact(text, self.key, registry=_REGISTRIES[self.algorithm])
        except (JoseError, ValueError):
            return None
        return found.payload


@lru_cache(maxsize=8)
def _head(algorithm: Algorithm, key_id: str, kind: str) -> bytes:
    header = {"alg": algorithm.value, "kid": key_id, "typ": kind}
    return _base64url(json.dumps(header, separators=(",", ":")).encode()) + b"."


def _base64url(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")  # RFC 7515, section 2


def make_stored_key(algorithm: Algorithm, *, master: MasterKey, at: datetime) -> SigningKey:
    """Return a new key pair as it is stored, its private half sealed under the master key."""
    key = _generate(algorithm)
    key_id = key.thumbprint()  # RFC 7638
    public = {**key.as_dict(private=False), "kid": key_id, "use": "sig", "alg": algorithm.value}
    private = json.dumps(key.as_dict(private=True)).encode()
    return SigningKey(
        id=key_id,
        algorithm=algorithm,
        public=json.dumps(public),
        sealed=master.seal(private, about=_about(key_id)),
        created_at=at,
    )


def verifying_half(stored: SigningKey) -> KeyPair:
    """Return what checks signatures of a stored key."""
    return KeyPair(stored.id, stored.algorithm, import_key(json.loads(stored.public)))


def signing_half(stored: SigningKey, *, master: MasterKey) -> KeyPair:
    """Return what signs. Raises SealError if the master key is another one."""
    private = master.unseal(stored.sealed, about=_about(stored.id))
    return KeyPair(stored.id, stored.algorithm, import_key(json.loads(private)))


def standing_of(stored: SigningKey, *, master: MasterKey) -> Standing:
    """Say under which master key the private half of a stored key is sealed."""
    return master.sealed_standing(stored.sealed, about=_about(stored.id))


def _generate(algorithm: Algorithm) -> OKPKey | ECKey | RSAKey:
    # These draw from OpenSSL's generator: no door of ours leads into it.
    match algorithm:
        case Algorithm.EDDSA:
            return OKPKey.generate_key("Ed25519")
        case Algorithm.ES256:
            return ECKey.generate_key("P-256")
        case Algorithm.RS256:
            return RSAKey.generate_key(RSA_BITS)


def _about(key_id: str) -> str:
    return f"signing key {key_id}"
