"""The limit of a log-in: the same hash, verified on so many threads and nothing else.

It prints the hashes a second, and which build computed them: the one that the server takes.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from watchword.crypto.argon2 import CURRENT, chosen, compute, matches

PASSWORD = "correct horse battery staple"  # noqa: S105 - nobody has it


def rate(threads: int, seconds: float) -> float:
    """Return verifications a second."""
    encoded = compute(PASSWORD, CURRENT)
    began = time.perf_counter()
    ends_at = began + seconds

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < ends_at:
            assert matches(PASSWORD, encoded)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return done / (time.perf_counter() - began)


if __name__ == "__main__":
    print(rate(int(sys.argv[1]), float(sys.argv[2])), chosen().about)
