"""Argon2 as libsodium computes it, and the PHC text that a hash is kept in."""

import errno
import re
from dataclasses import dataclass

from nacl._sodium import ffi  # type: ignore[import-not-found]  # compiled, without types
from nacl.bindings import (
    crypto_pwhash_ALG_ARGON2ID13,
    crypto_pwhash_str_alg,
    crypto_pwhash_str_verify,
)
from nacl.exceptions import InvalidkeyError
from nacl.exceptions import RuntimeError as SodiumError

from watchword.core.kernel.errors import UnavailableError

MEMORY_KIB_MAX = 64 * 1024
PASSES_MAX = 10
LANES_MAX = 8
ENCODED_LENGTH_MAX = 127  # libsodium's crypto_pwhash_STRBYTES, less its final NUL

# One spelling only: version 1.3, no leading zeros, no padding, nothing optional.
_ENCODED = re.compile(
    r"\$(argon2id?)\$v=19"
    r"\$m=([1-9][0-9]{0,5}),t=([1-9][0-9]?),p=([1-9])"
    r"\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{16,86}"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs: memory in KiB, passes over it, and lanes."""

    memory_kib: int
    passes: int
    lanes: int = 1

    @property
    def is_allowed(self) -> bool:
        """Whether we compute a stored hash that costs so much."""
        # RFC 9106, 3.1: at least 8 KiB for each lane.
        return (
            1 <= self.lanes <= LANES_MAX
            and 8 * self.lanes <= self.memory_kib <= MEMORY_KIB_MAX
            and 1 <= self.passes <= PASSES_MAX
        )

    def is_below(self, other: "Cost") -> bool:
        """Say whether this asks less of a guesser than the other, in memory or in passes."""
        return self.memory_kib < other.memory_kib or self.passes < other.passes


CURRENT = Cost(memory_kib=19 * 1024, passes=2)
"""OWASP's password storage sheet and ASVS 5.0, appendix C."""


def read_cost(encoded: str, *, kind: str = "argon2id") -> Cost | None:
    """Return the cost of an encoded hash; None if it is not of this kind, or past our limits.

    Ours are all Argon2id; libsodium also checks Argon2i, which only others make.
    """
    match = _ENCODED.fullmatch(encoded) if len(encoded) <= ENCODED_LENGTH_MAX else None
    if match is None or match.group(1) != kind:
        return None
    memory_kib, passes, lanes = (int(number) for number in match.groups()[1:])
    cost = Cost(memory_kib, passes, lanes)
    return cost if cost.is_allowed else None


def compute(password: str, cost: Cost) -> str:
    """Return the encoded hash under a salt that libsodium draws from the system; one lane only."""
    try:
        encoded: bytes = crypto_pwhash_str_alg(
            octets_of(password), cost.passes, cost.memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13
        )
    except SodiumError as error:
        raise _no_memory() from error
    return encoded.decode("ascii")


def matches(password: str, encoded: str) -> bool:
    """Say whether the password has this hash, whose cost must have been read before."""
    # libsodium says "wrong" when it got no memory too; only errno tells the two apart, and
    # a wrong refusal would count as a failed attempt.
    ffi.errno = 0
    try:
        return crypto_pwhash_str_verify(encoded.encode("ascii"), octets_of(password))
    except InvalidkeyError as error:
        if ffi.errno == errno.ENOMEM:
            raise _no_memory() from error
        return False


def octets_of(password: str) -> bytes:
    """Return the octets of a password, which is UTF-8 for every hash that we know."""
    # A lone surrogate is a password like any other: it must be able to be wrong.
    return password.encode("utf-8", "surrogatepass")


def _no_memory() -> UnavailableError:
    return UnavailableError("There is no memory for a password hash.", retry_after=1)
