"""How many passwords this machine can look at in a second: the limit of every log-in."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from watchword.cli.doctor.findings import Finding, ok, warn
from watchword.core.kernel.clock import Clock
from watchword.core.ports import Hasher

SECONDS = 1.0
RATE_LOW = 5.0
"""With fewer log-ins a second than this, a handful of people notice."""

NATIVE = "`make native` compiles it for this very processor: about twice as many hashes."


@dataclass(frozen=True, slots=True)
class Measured:
    """Hashes in a while, and how long that was by the wall clock and by one that never jumps."""

    hashes: int
    threads: int
    passed: timedelta
    ticked: timedelta

    @property
    def rate(self) -> float:
        return self.hashes / self.ticked.total_seconds()


async def measure(hasher: Hasher, clock: Clock, *, threads: int, seconds: float) -> Measured:
    """Hash on all threads for about so long."""
    begun, started = clock.now(), monotonic()
    counts = await asyncio.gather(*(_hash_until(hasher, started + seconds) for _ in range(threads)))
    ticked = timedelta(seconds=monotonic() - started)
    return Measured(sum(counts), threads, clock.now() - begun, ticked)


def judge_rate(measured: Measured, build: str, *, could_be_native: bool) -> Finding:
    """Say how many log-ins there can be, who computes their hashes, and what makes it more."""
    one_ms = 1000 * measured.threads / measured.rate
    text = (
        f"{measured.rate:.0f} hashes/s on {measured.threads} thread(s): at most that many log-ins"
        f" a second, each takes {one_ms:.0f} ms or more; computed by {build}"
    )
    if measured.rate < RATE_LOW:
        faster = "Give the server more or faster processors."
        return warn("hash_rate", text, f"{faster} {NATIVE}" if could_be_native else faster)
    return ok("hash_rate", text, NATIVE if could_be_native else "")


async def _hash_until(hasher: Hasher, end: float) -> int:
    count = 0
    while count == 0 or monotonic() < end:
        await hasher.hash("a password that nobody has")
        count += 1
    return count
