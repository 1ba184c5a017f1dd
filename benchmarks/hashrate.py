"""The limit of a log-in: the same hash, verified on so many threads and nothing else."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from nacl.bindings import (
    crypto_pwhash_ALG_ARGON2ID13,
    crypto_pwhash_str_alg,
    crypto_pwhash_str_verify,
)

from watchword.crypto.argon2 import CURRENT

PASSWORD = b"correct horse battery staple"


def rate(threads: int, seconds: float) -> float:
    """Return verifications a second."""
    encoded = crypto_pwhash_str_alg(
        PASSWORD, CURRENT.passes, CURRENT.memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13
    )
    began = time.perf_counter()
    ends_at = began + seconds

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < ends_at:
            crypto_pwhash_str_verify(encoded, PASSWORD)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return done / (time.perf_counter() - began)


if __name__ == "__main__":
    print(rate(int(sys.argv[1]), float(sys.argv[2])))
