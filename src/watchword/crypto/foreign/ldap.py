"""The userPassword of a directory: a scheme in braces, then what it needs (RFC 2307, 5.3)."""

import re

from watchword.crypto.foreign.argon2 import read_argon2
from watchword.crypto.foreign.bcrypt import Bcrypt, read_bcrypt
from watchword.crypto.foreign.pbkdf2 import read_pbkdf2
from watchword.crypto.foreign.reasons import Reason, refused
from watchword.crypto.foreign.sha import read_salted
from watchword.crypto.foreign.spelling import ForeignHash, Reader

SCHEME = re.compile(r"\{([A-Za-z][A-Za-z0-9_-]*)\}(.*)", re.DOTALL)
DES_CRYPT = re.compile(r"[./A-Za-z0-9]{13}")


def read_ldap(scheme: str, rest: str) -> ForeignHash:
    """Read what stands behind a scheme, whose name has no case."""
    name = scheme.upper()
    if reason := _REFUSED.get(name):
        raise refused(reason)
    if name not in _READERS:
        raise refused(Reason.UNKNOWN)
    return _READERS[name](rest)


def _crypt(rest: str) -> Bcrypt:
    if rest.startswith("$2"):
        return read_bcrypt(rest)
    if rest.startswith("$1$"):
        raise refused(Reason.MD5)
    raise refused(Reason.DES if DES_CRYPT.fullmatch(rest) else Reason.CRYPT)


_REFUSED = {
    "MD5": Reason.MD5,
    "SMD5": Reason.MD5,
    "CLEAR": Reason.PLAIN,
    "CLEARTEXT": Reason.PLAIN,
    "PLAIN": Reason.PLAIN,
    "PLAINTEXT": Reason.PLAIN,
}
_READERS: dict[str, Reader] = {
    "SHA": lambda rest: read_salted("sha1", rest, is_salted=False),
    "SHA256": lambda rest: read_salted("sha256", rest, is_salted=False),
    "SHA512": lambda rest: read_salted("sha512", rest, is_salted=False),
    "SSHA": lambda rest: read_salted("sha1", rest, is_salted=True),
    "SSHA256": lambda rest: read_salted("sha256", rest, is_salted=True),
    "SSHA512": lambda rest: read_salted("sha512", rest, is_salted=True),
    "CRYPT": _crypt,
    "BCRYPT": read_bcrypt,
    "ARGON2": read_argon2,
    # OpenLDAP's pw-pbkdf2 writes what stands behind passlib's prefix.
    "PBKDF2": lambda rest: read_pbkdf2("$pbkdf2-sha1$" + rest),
    "PBKDF2-SHA1": lambda rest: read_pbkdf2("$pbkdf2-sha1$" + rest),
    "PBKDF2-SHA256": lambda rest: read_pbkdf2("$pbkdf2-sha256$" + rest),
    "PBKDF2-SHA512": lambda rest: read_pbkdf2("$pbkdf2-sha512$" + rest),
}
