"""How often may somebody guess, and what does a right password on a closed account say?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from watchword.core.kernel.caller import Network
from watchword.core.policy.refusals import Refusal

DISTRUST_RETRY_S = 900
"""What a stranger is told while a name answers only to addresses that know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLimits:
    """Only failures count; each number is one of safety.md, Attempts.

    Per (name, address): `free` failures, then a wait that doubles from `wait_first` to
    `wait_longest`, forgotten after `memory` without a failure. Per address:
    `per_address` failures in a `window`. Per name: after `per_name` failures in a row
    only addresses that got in within `trust` are heard.
    """

    free: int = 5
    wait_first: timedelta = timedelta(seconds=1)
    wait_longest: timedelta = timedelta(minutes=15)
    memory: timedelta = timedelta(days=1)
    per_address: int = 100
    window: timedelta = timedelta(minutes=15)
    per_name: int = 100
    trust: timedelta = timedelta(days=30)
    exempt: tuple[Network, ...] = ()

    def wait_after(self, failures: int) -> timedelta:
        """Return how long nobody is heard after this many failures in a row."""
        if failures < self.free:
            return timedelta(0)
        # The exponent is capped before the power: failures can be any number.
        factor: int = 2 ** min(failures - self.free, 30)
        return min(self.wait_first * factor, self.wait_longest)


def judge_signin(*, matches: bool, is_active: bool) -> Refusal | None:
    """Return the reason to refuse, or None to let the caller in.

    A disabled account is admitted to exist only once the password was right.
    """
    if not matches:
        return Refusal.WRONG_CREDENTIALS
    if not is_active:
        return Refusal.DISABLED
    return None


def seconds_until(moment: datetime, now: datetime) -> int:
    """Return the whole seconds until a moment, at least 1, for Retry-After (RFC 9110, 10.2.3)."""
    return max(1, ceil((moment - now).total_seconds()))
