"""Take a hash of another product as it is, and find it again in what we keep."""

import re

from watchword.core.kernel.errors import InvalidError
from watchword.crypto.foreign.argon2 import read_argon2
from watchword.crypto.foreign.bcrypt import read_bcrypt, read_over_sha256
from watchword.crypto.foreign.django import UNUSABLE_PREFIX, read_django
from watchword.crypto.foreign.firebase import FirebaseParameters, read_columns, read_fbscrypt
from watchword.crypto.foreign.keycloak import read_keycloak
from watchword.crypto.foreign.ldap import DES_CRYPT, SCHEME, read_ldap
from watchword.crypto.foreign.pbkdf2 import read_pbkdf2
from watchword.crypto.foreign.reasons import Reason, refused
from watchword.crypto.foreign.scrypt import read_scrypt
from watchword.crypto.foreign.sha import read_sha
from watchword.crypto.foreign.spelling import TEXT_LENGTH_MAX, ForeignHash, Reader

_BARE_MD5 = re.compile(r"[0-9A-Fa-f]{32}")


def adopt(text: str, *, firebase: FirebaseParameters | None = None) -> str:
    """Return the text that a hash of another product is kept as.

    It is "" for what Django writes where nobody has a password. What adopt returned is
    adopted as it is. Nothing is computed here. Raises InvalidError("password_hash") for
    what is unknown, malformed or past our limits; its message has no piece of the text.
    """
    if text.startswith(UNUSABLE_PREFIX):
        return ""
    return _read(text, firebase).encode()


def read_kept(encoded: str) -> ForeignHash | None:
    """Return the foreign hash that is kept as this text; None if it is not, or past our limits."""
    try:
        found = _read_named(encoded)
    except InvalidError:
        return None
    # One spelling only, as of our own hashes.
    return found if found.encode() == encoded else None


def _read(text: str, firebase: FirebaseParameters | None) -> ForeignHash:
    if not text:
        raise refused(Reason.EMPTY)
    if len(text) > TEXT_LENGTH_MAX:
        raise refused(Reason.LONG)
    if not text.isascii():
        raise refused(Reason.UNKNOWN)
    if text.startswith("$"):
        return _read_named(text)
    if text.startswith("{"):
        scheme = SCHEME.fullmatch(text)
        return read_ldap(*scheme.groups()) if scheme else read_keycloak(text)
    if text.startswith("firebase$"):
        return read_columns(text, firebase)
    if reason := _bare(text):
        raise refused(reason)
    return read_django(text)


def _bare(text: str) -> Reason | None:
    if DES_CRYPT.fullmatch(text):
        return Reason.DES
    return Reason.MD5 if _BARE_MD5.fullmatch(text) else None


def _read_named(text: str) -> ForeignHash:
    """Read a text that says between its first two dollars what it is."""
    name = text[1 : text.find("$", 1)] if text.startswith("$") else ""
    if reason := _REFUSED.get(name):
        raise refused(reason)
    if name not in _READERS or len(text) > TEXT_LENGTH_MAX:
        raise refused(Reason.UNKNOWN)
    return _READERS[name](text)


_REFUSED = {
    "1": Reason.MD5,
    "apr1": Reason.MD5,
    "5": Reason.CRYPT,
    "6": Reason.CRYPT,
    "7": Reason.CRYPT,
    "y": Reason.CRYPT,
    "gy": Reason.CRYPT,
}
_READERS: dict[str, Reader] = {
    "2a": read_bcrypt,
    "2b": read_bcrypt,
    "2x": read_bcrypt,
    "2y": read_bcrypt,
    "django-bcrypt-sha256": read_over_sha256,
    "pbkdf2": read_pbkdf2,
    "pbkdf2-sha1": read_pbkdf2,
    "pbkdf2-sha256": read_pbkdf2,
    "pbkdf2-sha512": read_pbkdf2,
    "scrypt": read_scrypt,
    "fbscrypt": read_fbscrypt,
    "argon2id": read_argon2,
    "argon2i": read_argon2,
    "argon2d": read_argon2,
    "ldap-sha1": read_sha,
    "ldap-sha256": read_sha,
    "ldap-sha512": read_sha,
}
