"""SHA-1 and SHA-2, salted or not, as directories keep them (RFC 2307 and after)."""

import re
from dataclasses import dataclass, field
from hashlib import new
from hmac import compare_digest

from watchword.crypto.argon2 import octets_of
from watchword.crypto.foreign.pbkdf2 import DIGEST_OCTETS
from watchword.crypto.foreign.reasons import Reason, refused
from watchword.crypto.foreign.spelling import OCTETS_MAX, read_base64, write_base64

_SPELLED = re.compile(r"\$ldap-(sha1|sha256|sha512)\$([^$]*)\$([^$]+)")


@dataclass(frozen=True, slots=True)
class SaltedSha:
    """One round of SHA over the password and then the salt.

    Such a hash protects nothing once it is stolen. It is taken because it is gone after
    the first log-in.
    """

    digest: str
    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @property
    def is_large(self) -> bool:
        return False

    def encode(self) -> str:
        return f"$ldap-{self.digest}${write_base64(self.salt)}${write_base64(self.key)}"

    def matches(self, password: str) -> bool:
        found = new(self.digest, octets_of(password) + self.salt, usedforsecurity=False)
        return compare_digest(found.digest(), self.key)


def read_salted(digest: str, text: str, *, is_salted: bool) -> SaltedSha:
    """Read the base64 of a directory: the key, and after it the salt if there is one."""
    size = DIGEST_OCTETS[digest]
    octets = read_base64(text, least=size, most=size + OCTETS_MAX)
    if is_salted != (len(octets) > size):
        raise refused(Reason.MALFORMED)
    return SaltedSha(digest, salt=octets[size:], key=octets[:size])


def read_sha(text: str) -> SaltedSha:
    """Read our own spelling, `$ldap-sha1$salt$key`."""
    match = _SPELLED.fullmatch(text)
    if match is None:
        raise refused(Reason.MALFORMED)
    digest, salt, key = match.groups()
    size = DIGEST_OCTETS[digest]
    return SaltedSha(digest, read_base64(salt), read_base64(key, least=size, most=size))
