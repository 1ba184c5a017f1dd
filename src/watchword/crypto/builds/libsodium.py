"""Argon2 as libsodium computes it, which PyNaCl's wheel brings: works everywhere."""

import errno

from nacl._sodium import ffi  # type: ignore[import-not-found]  # compiled, without types
from nacl.bindings import (
    crypto_pwhash_ALG_ARGON2ID13,
    crypto_pwhash_str_alg,
    crypto_pwhash_str_verify,
)
from nacl.exceptions import InvalidkeyError
from nacl.exceptions import RuntimeError as SodiumError

from watchword.crypto.builds.build import no_memory


class Libsodium:
    """Takes its memory from the system for each hash; draws its salts from the system too."""

    name = "libsodium"

    def compute(self, password: bytes, *, memory_kib: int, passes: int) -> str:
        try:
            encoded: bytes = crypto_pwhash_str_alg(
                password, passes, memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13
            )
        except SodiumError as error:
            raise no_memory() from error
        return encoded.decode("ascii")

    def matches(self, password: bytes, encoded: str) -> bool:
        # libsodium says "wrong" when it got no memory too; only errno tells the two apart, and
        # a wrong refusal would count as a failed attempt.
        ffi.errno = 0
        try:
            return crypto_pwhash_str_verify(encoded.encode("ascii"), password)
        except InvalidkeyError as error:
            if ffi.errno == errno.ENOMEM:
                raise no_memory() from error
            return False
