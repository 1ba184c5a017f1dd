"""scrypt (RFC 7914)."""

import hashlib
import re
from dataclasses import dataclass, field
from hmac import compare_digest

from watchword.core.kernel.errors import UnavailableError
from watchword.crypto.argon2 import CURRENT, octets_of
from watchword.crypto.foreign.reasons import Reason, refused
from watchword.crypto.foreign.spelling import read_base64, read_key, read_number, write_base64

MEMORY_MAX = 64 * 1024 * 1024
MEMORY_USUAL_MAX = CURRENT.memory_kib * 1024
WORK_USUAL_MAX = 2 * MEMORY_USUAL_MAX  # about 100 ms for all lanes together
LANES_MAX = 8
BLOCK_SIZE_MAX = 64  # lanes take memory for their blocks besides

_SPELLED = re.compile(r"\$scrypt\$ln=([^$,]+),r=([^$,]+),p=([^$,]+)\$([^$]*)\$([^$]+)")


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """What one hash costs: RFC 7914's N as a power of two, its r and its p."""

    doublings: int
    block_size: int
    lanes: int

    @property
    def memory(self) -> int:
        return (128 * self.block_size) << self.doublings

    @property
    def is_large(self) -> bool:
        return self.memory > MEMORY_USUAL_MAX or self.memory * self.lanes > WORK_USUAL_MAX

    def derive(self, password: str, salt: bytes, length: int) -> bytes:
        """Return so many octets of a password and a salt."""
        # OpenSSL counts the blocks of the lanes, and two blocks of its own.
        beside = 128 * self.block_size * (self.lanes + 2)
        try:
            return hashlib.scrypt(
                octets_of(password),
                salt=salt,
                n=1 << self.doublings,
                r=self.block_size,
                p=self.lanes,
                maxmem=self.memory + beside,
                dklen=length,
            )
        # The cost was judged when it was read: all that can fail is to get the memory, and a
        # wrong refusal would count as a failed attempt.
        except (MemoryError, ValueError) as error:
            raise UnavailableError(
                "There is no memory for a password hash.", retry_after=1
            ) from error


@dataclass(frozen=True, slots=True)
class Scrypt:
    """An scrypt hash."""

    cost: ScryptCost
    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @property
    def is_large(self) -> bool:
        return self.cost.is_large

    def encode(self) -> str:
        cost, salt, key = self.cost, write_base64(self.salt), write_base64(self.key)
        return f"$scrypt$ln={cost.doublings},r={cost.block_size},p={cost.lanes}${salt}${key}"

    def matches(self, password: str) -> bool:
        return compare_digest(self.cost.derive(password, self.salt, len(self.key)), self.key)


def make_cost(doublings: int, block_size: int, lanes: int) -> ScryptCost:
    """Return a cost that is allowed."""
    # Numbers are bounded one by one before they are multiplied: a shift by a number of many
    # digits would take all memory there is. RFC 7914, 2: N is less than 2^(128 * r / 8).
    if (
        not 1 <= block_size <= BLOCK_SIZE_MAX
        or not 1 <= lanes <= LANES_MAX
        or not 1 <= doublings < min(16 * block_size, MEMORY_MAX.bit_length())
    ):
        raise refused(Reason.SCRYPT_COST)
    cost = ScryptCost(doublings, block_size, lanes)
    if cost.memory > MEMORY_MAX:
        raise refused(Reason.SCRYPT_COST)
    return cost


def read_scrypt(text: str) -> Scrypt:
    """Read `$scrypt$ln=14,r=8,p=1$salt$key`, as PHC and passlib spell it."""
    match = _SPELLED.fullmatch(text)
    if match is None:
        raise refused(Reason.MALFORMED)
    doublings, block_size, lanes, salt, key = match.groups()
    cost = make_cost(read_number(doublings), read_number(block_size), read_number(lanes))
    return Scrypt(cost, read_base64(salt), read_key(key))
