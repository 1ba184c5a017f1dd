"""Argon2, and the PHC text that a hash is kept in; who computes it is chosen at the first one."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchword.crypto.builds.choice import Choice

MEMORY_KIB_MAX = 64 * 1024
PASSES_MAX = 10
LANES_MAX = 8
KINDS = ("argon2id", "argon2i")
ENCODED_LENGTH_MAX = 127
"""libsodium's crypto_pwhash_STRBYTES, less its final NUL: every build can check what any made."""

# One spelling only: version 1.3, no leading zeros, no padding, nothing optional; a salt of 8
# octets or more and a key of 16 or more.
_ENCODED = re.compile(
    r"\$(argon2id?)\$v=19"
    r"\$m=([1-9][0-9]{0,5}),t=([1-9][0-9]?),p=([1-9])"
    r"\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,86}"
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

    Ours are all Argon2id; Argon2i is checked too, which only others make.
    """
    match = _ENCODED.fullmatch(encoded) if len(encoded) <= ENCODED_LENGTH_MAX else None
    if match is None or match.group(1) != kind:
        return None
    return _allowed(*match.groups()[1:])


@lru_cache(maxsize=16)
def _allowed(memory_kib: str, passes: str, lanes: str) -> Cost | None:
    """Return the cost if it is within our limits; nearly all hashes have the same one."""
    cost = Cost(int(memory_kib), int(passes), int(lanes))
    return cost if cost.is_allowed else None


def compute(password: str, cost: Cost) -> str:
    """Return the encoded hash under a new salt; one lane only."""
    build = chosen().build
    return build.compute(octets_of(password), memory_kib=cost.memory_kib, passes=cost.passes)


def matches(password: str, encoded: str) -> bool:
    """Say whether the password has this hash; what is malformed or past our limits, nobody has."""
    if not any(read_cost(encoded, kind=kind) for kind in KINDS):
        return False
    return chosen().build.matches(octets_of(password), encoded)


@cache
def chosen() -> "Choice":
    """Return who computes in this process."""
    # Most commands never hash, and a library is memory.
    from watchword.crypto.builds.choice import choose, native_folder  # noqa: PLC0415
    from watchword.crypto.builds.stamp import this_processor  # noqa: PLC0415

    return choose(native_folder(), this_processor(), kept_kib=CURRENT.memory_kib)


def octets_of(password: str) -> bytes:
    """Return the octets of a password, which is UTF-8 for every hash that we know."""
    # A lone surrogate is a password like any other: it must be able to be wrong.
    return password.encode("utf-8", "surrogatepass")
