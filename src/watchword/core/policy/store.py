"""What the core asks of whoever remembers attempts.

A `subject` is an account id or a keyed digest of a name that nobody has, never the name
itself. An `address` is the text that `Origin.network` gives.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from watchword.core.kernel.ids import AccountId
from watchword.core.policy.signin import AttemptLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One guess at a password: whose, from where, and when.

    `exempt` lifts the limit per address, never the one per (name, address).
    """

    subject: str
    address: str
    at: datetime
    exempt: bool = False


class AttemptGate(Protocol):
    """Takes places before a password is looked at."""

    async def reserve(self, attempt: Attempt, limits: AttemptLimits) -> int:
        """Take one place, counted as a failure until `AttemptStore.succeeded` says otherwise.

        Returns 0 when the place was taken, else the whole seconds to wait, and then
        nothing is counted. Counting and taking are one step of its own, at once,
        however many callers and processes come together.
        """

    async def take(
        self, purpose: str, key: str, *, at: datetime, limit: int, window: timedelta
    ) -> int:
        """Take one of `limit` places that `key` has for a purpose in each window.

        A window begins with the first place taken. Returns 0, or the whole seconds until
        the window ends. One step of its own, as `reserve` is.
        """


class AttemptStore(Protocol):
    """Settles attempts that were reserved, within a unit of work."""

    def failed(self, attempt: Attempt, limits: AttemptLimits) -> None:
        """Record that the guess was wrong: the wait begins now, not when it was reserved."""

    def succeeded(self, attempt: Attempt, account_id: AccountId) -> None:
        """Record that the owner got in: give the place back, forget the failures, know the address.

        A name that already answers to known addresses only stays so.
        """

    def withdraw(self, attempt: Attempt) -> None:
        """Record that nobody looked at the password: the place is given back, and no more.

        What failed before counts on.
        """

    def forget(self, subject: str) -> None:
        """Record that all waits of this subject end: an admin or a mailed reset says so."""

    def purge(self, *, before: datetime, limit: int) -> None:
        """Record the removal of up to `limit` of each kind of row not touched since `before`.

        The locks of existing accounts stay: time does not end them.
        """
