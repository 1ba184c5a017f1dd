"""The server's public keys, as its JWK set shows them."""

import base64
import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from joserfc.jws import JWSRegistry, deserialize_compact

from watchword.client.answers import Answer, NoAnswer, read_object
from watchword.client.surroundings import Surroundings

PATH = "/.well-known/jwks.json"
RSA_BITS_MIN = 2048
KEYS_MAX = 100
UNKNOWN_KEY_PAUSE_S = 2.0
"""Tokens that name unknown keys make us ask the server no more often than this."""

_KEY_OF = {"EdDSA": ("OKP", "Ed25519"), "ES256": ("EC", "P-256"), "RS256": ("RSA", None)}
"""RFC 8725, 3.1: the kind of key says which algorithm it is for, never the token."""


class _Algorithms(JWSRegistry):
    """The algorithms that Watchword signs with, and no others: "none" and HS256 are not here."""

    algorithms = {  # noqa: RUF012 - replaces the library's own attribute of this name
        name: copy.copy(JWSRegistry.algorithms[name]) for name in _KEY_OF
    }


# joserfc warns at each use that RFC 9864 has a newer name for it. The server keeps this one.
_Algorithms.algorithms["EdDSA"].security_warning = None
_REGISTRIES = {name: _Algorithms(algorithms=[name]) for name in _KEY_OF}


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key, and the one algorithm it is for."""

    algorithm: str
    jwk: Mapping[str, object] = field(repr=False)
    key: Key = field(repr=False, compare=False)

    def verified(self, text: str) -> bytes | None:
        """Return the payload of a compact JWS if this key signed it, with its own algorithm."""
        try:
            found = deserialize_compact(text, self.key, registry=_REGISTRIES[self.algorithm])
        except (JoseError, ValueError):
            return None
        return found.payload


class KeySet:
    """The keys that count now. None count before the first reading, and none once they are void."""

    def __init__(self, base_url: str, surroundings: Surroundings) -> None:
        self._url = f"{base_url}{PATH}"
        self._surroundings = surroundings
        self._keys: dict[str, VerifyingKey] | None = None
        self._asked_at: float | None = None
        self.edition = 0
        """Grows when the keys become void: what was asked before says nothing of those after."""

    @property
    def is_known(self) -> bool:
        return self._keys is not None

    def find(self, key_id: str) -> VerifyingKey | None:
        return self._keys.get(key_id) if self._keys else None

    def may_ask(self) -> bool:
        """Say whether an unknown key is a reason to ask for the keys."""
        asked_at = self._asked_at
        return asked_at is None or self._surroundings.elapsed() - asked_at >= UNKNOWN_KEY_PAUSE_S

    def request(self) -> httpx.Request:
        self._asked_at = self._surroundings.elapsed()
        # Whatever lies between us and the server must not answer with what it remembers.
        headers = {"Accept": "application/json", "Cache-Control": "no-cache"}
        return httpx.Request("GET", self._url, headers=headers)

    def take(self, answer: Answer, *, edition: int) -> str | None:
        """Use the keys that an answer brings, or return what is wrong with it."""
        if edition != self.edition:
            return "the keys became void while they were read"
        if isinstance(answer, NoAnswer):
            return answer.why
        if answer.status_code != HTTPStatus.OK:
            return f"status {answer.status_code}"
        listed = (read_object(answer) or {}).get("keys")
        if not isinstance(listed, list) or len(listed) > KEYS_MAX:
            return "no JWK set"
        self._keys = {str(jwk["kid"]): key for jwk in listed if (key := self._read(jwk))}
        return None

    def void(self) -> None:
        """Trust no key until they were read anew."""
        self._keys = None
        self._asked_at = None
        self.edition += 1

    def _read(self, jwk: object) -> VerifyingKey | None:
        """Return a key that we understand; RFC 7517, 5 says to pass over others."""
        if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str):
            return None
        # The same object as before: tokens that we remember name it.
        known = self.find(jwk["kid"])
        return known if known is not None and known.jwk == jwk else _import(jwk)


def _import(jwk: dict[str, object]) -> VerifyingKey | None:
    algorithm = jwk.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _KEY_OF or jwk.get("use", "sig") != "sig":
        return None
    if (jwk.get("kty"), jwk.get("crv")) != _KEY_OF[algorithm]:
        return None
    try:
        # Looked at before joserfc does, which would warn of a key that we do not use anyway.
        if algorithm == "RS256" and _bits(str(jwk.get("n"))) < RSA_BITS_MIN:
            return None
        key = import_key({name: value for name, value in jwk.items() if isinstance(value, str)})
        # What is wrong with it comes out only when it is put together.
        _ = key.public_key
    except (JoseError, ValueError, TypeError):
        return None
    return VerifyingKey(algorithm, jwk, key)


def _bits(number: str) -> int:
    """Return the length of a number as a JWK writes it (RFC 7518, 6.3.1.1)."""
    octets = base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))
    return int.from_bytes(octets).bit_length()
