"""Keycloak's credentials, as a realm's export has them."""

import msgspec

from watchword.crypto.argon2 import Cost
from watchword.crypto.foreign.argon2 import VERSION, Argon2, make_argon2
from watchword.crypto.foreign.pbkdf2 import make_pbkdf2
from watchword.crypto.foreign.reasons import Reason, refused
from watchword.crypto.foreign.spelling import ForeignHash, read_base64, read_key, read_number

_DIGESTS = {"pbkdf2": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}
_ARGON2_VERSIONS = {"1.3": VERSION}


class _Data(msgspec.Struct, rename="camel"):
    """How the password was hashed."""

    algorithm: str
    hash_iterations: int
    additional_parameters: dict[str, list[str]] | None = None


class _Secret(msgspec.Struct):
    """What came out."""

    value: str
    salt: str | None = None


class _Credential(msgspec.Struct, rename="camel"):
    """One credential; the export has both halves as JSON in strings."""

    credential_data: _Data | str
    secret_data: _Secret | str
    type: str = "password"


_CREDENTIAL = msgspec.json.Decoder(_Credential)
_DATA = msgspec.json.Decoder(_Data)
_SECRET = msgspec.json.Decoder(_Secret)


def read_keycloak(text: str) -> ForeignHash:
    """Read a JSON object with `credentialData` and `secretData`."""
    try:
        credential = _CREDENTIAL.decode(text)
        if credential.type != "password":
            raise refused(Reason.KEYCLOAK_KIND)
        data, secret = credential.credential_data, credential.secret_data
        data = _DATA.decode(data) if isinstance(data, str) else data
        secret = _SECRET.decode(secret) if isinstance(secret, str) else secret
    # UnicodeError: half of a character, spelled as JSON lets one spell it.
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise refused(Reason.MALFORMED) from None
    return _hash(data, salt=read_base64(secret.salt or ""), key=read_key(secret.value))


def _hash(data: _Data, *, salt: bytes, key: bytes) -> ForeignHash:
    if data.algorithm == "argon2":
        return _argon2(data, salt, key)
    if data.algorithm not in _DIGESTS:
        raise refused(Reason.KEYCLOAK_KIND)
    return make_pbkdf2(_DIGESTS[data.algorithm], data.hash_iterations, salt, key)


def _argon2(data: _Data, salt: bytes, key: bytes) -> Argon2:
    more = {
        name: values[0] for name, values in (data.additional_parameters or {}).items() if values
    }
    cost = Cost(
        read_number(more.get("memory", "")),
        data.hash_iterations,
        read_number(more.get("parallelism", "")),
    )
    kind, version = more.get("type", ""), _ARGON2_VERSIONS.get(more.get("version", ""))
    if kind not in {"id", "i", "d"}:
        raise refused(Reason.MALFORMED)
    return make_argon2(kind, version, cost, salt, key)
