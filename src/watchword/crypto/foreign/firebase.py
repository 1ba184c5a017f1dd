"""Firebase's own scrypt, which encrypts the project's signer key under the password."""

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from hmac import compare_digest

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from watchword.core.kernel.errors import InvalidError
from watchword.crypto.foreign.reasons import Reason, refused
from watchword.crypto.foreign.scrypt import ScryptCost, make_cost
from watchword.crypto.foreign.spelling import read_base64, read_key, read_number, write_base64

PARAMETERS_LENGTH_MAX = 4096
_AES_KEY_OCTETS = 32
_COUNTER_START = bytes(16)

_SPELLED = re.compile(
    r"\$fbscrypt\$v=1,n=([^$,]+),r=([^$,]+),p=([^$,]+)(?:,ss=([^$,]*))?,sk=([^$,]+)"
    r"\$([^$]*)\$([^$]+)"
)
# What the console prints looks like JSON and is not: its names and values have no quotes.
_PRINTED = re.compile(r"\b([a-z0-9_]+)\s*:\s*([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class FirebaseParameters:
    """What all hashes of one Firebase project share."""

    cost: ScryptCost
    salt_separator: bytes
    signer_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FirebaseScrypt:
    """A hash of Firebase, with its project's parameters."""

    parameters: FirebaseParameters
    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @property
    def is_large(self) -> bool:
        return self.parameters.cost.is_large

    def encode(self) -> str:
        shared, cost = self.parameters, self.parameters.cost
        separator, signer_key = write_base64(shared.salt_separator), write_base64(shared.signer_key)
        return (
            f"$fbscrypt$v=1,n={cost.doublings},r={cost.block_size},p={cost.lanes}"
            f",ss={separator},sk={signer_key}${write_base64(self.salt)}${write_base64(self.key)}"
        )

    def matches(self, password: str) -> bool:
        shared = self.parameters
        secret = shared.cost.derive(password, self.salt + shared.salt_separator, _AES_KEY_OCTETS)
        cipher = Cipher(algorithms.AES(secret), modes.CTR(_COUNTER_START))
        return compare_digest(cipher.encryptor().update(shared.signer_key), self.key)


@lru_cache(maxsize=4)  # each line of an import brings the same text again
def read_parameters(text: str) -> FirebaseParameters:
    """Read the `hash_config` of Firebase's console, as it is printed there or as JSON."""
    try:
        members = _members(text)
        if members["algorithm"] != "SCRYPT":
            raise refused(Reason.FIREBASE_PARAMETERS)
        return FirebaseParameters(
            make_cost(read_number(members["mem_cost"]), read_number(members["rounds"]), 1),
            salt_separator=read_base64(members["base64_salt_separator"]),
            signer_key=read_key(members["base64_signer_key"]),
        )
    except (InvalidError, KeyError):
        raise refused(Reason.FIREBASE_PARAMETERS) from None


def read_columns(text: str, parameters: FirebaseParameters | None) -> FirebaseScrypt:
    """Read `firebase$hash$salt`, the two columns of Firebase's export behind its name."""
    if parameters is None:
        raise refused(Reason.FIREBASE_NEEDS)
    columns = text.split("$")
    if len(columns) != len(("firebase", "hash", "salt")):
        raise refused(Reason.MALFORMED)
    # Firebase's own libraries spell them with the letters that URLs can hold.
    _, key, salt = (column.replace("-", "+").replace("_", "/") for column in columns)
    return _make(parameters, read_base64(salt), read_key(key))


def read_fbscrypt(text: str) -> FirebaseScrypt:
    """Read `$fbscrypt$v=1,n=14,r=8,p=1,ss=separator,sk=signer key$salt$hash`."""
    match = _SPELLED.fullmatch(text)
    if match is None:
        raise refused(Reason.MALFORMED)
    doublings, rounds, lanes, separator, signer_key, salt, key = match.groups()
    parameters = FirebaseParameters(
        make_cost(read_number(doublings), read_number(rounds), read_number(lanes)),
        salt_separator=read_base64(separator or ""),
        signer_key=read_key(signer_key),
    )
    return _make(parameters, read_base64(salt), read_key(key))


def _make(parameters: FirebaseParameters, salt: bytes, key: bytes) -> FirebaseScrypt:
    if len(key) != len(parameters.signer_key):
        raise refused(Reason.MALFORMED)
    return FirebaseScrypt(parameters, salt, key)


def _members(text: str) -> dict[str, str]:
    if len(text) > PARAMETERS_LENGTH_MAX:
        raise refused(Reason.FIREBASE_PARAMETERS)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return dict(_PRINTED.findall(text))
    if isinstance(found, dict) and isinstance(found.get("hash_config"), dict):
        found = found["hash_config"]
    if not isinstance(found, dict):
        raise refused(Reason.FIREBASE_PARAMETERS)
    return {name: str(value) for name, value in found.items()}
