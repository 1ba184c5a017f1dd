"""Put letters into the outbox, sealed, in the transaction that is their reason."""

from dataclasses import dataclass
from datetime import timedelta

from watchword.core.accounts.model import Account
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.ids import LetterId
from watchword.core.kernel.randomness import Randomness
from watchword.core.outbox.model import Entry, Letter, LetterKind, write_letter
from watchword.core.policy.signin import AttemptLimits
from watchword.core.policy.store import AttemptGate
from watchword.core.ports import LetterSafe, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLimits:
    """How many letters strangers can cause, each kind counted by itself.

    From one network address `per_address` in a `window`; about one account one in `every`.
    """

    per_address: int = 20
    window: timedelta = timedelta(hours=1)
    every: timedelta = timedelta(minutes=1)


class Letters:
    """Writes letters. Nothing is sent here, and none is written that nothing commits."""

    def __init__(self, *, safe: LetterSafe, clock: Clock, randomness: Randomness) -> None:
        self._safe = safe
        self._clock = clock
        self._randomness = randomness

    def post(self, work: Work, letter: Letter) -> LetterId:
        """Record a letter; it is on its way a moment after the commit."""
        now, letter_id = self._clock.now(), LetterId(self._randomness.uuid())
        entry = Entry(
            id=letter_id,
            kind=letter.kind,
            to=letter.to,
            created_at=now,
            next_at=now,
            sealed=self._safe.seal(write_letter(letter), about=letter_id),
        )
        work.outbox.add(entry)
        return letter_id

    def tell(self, work: Work, account: Account, kind: LetterKind, origin: Origin) -> None:
        """Record a notice to the owner of an account, if we know where to reach them."""
        if to := reachable_at(account):
            self.post(work, Letter(kind=kind, to=to, name=account.name, language=origin.language))


class LetterGate:
    """Limits what strangers can make us send. Both counts are the same for unknown accounts."""

    def __init__(
        self, *, gate: AttemptGate, clock: Clock, attempts: AttemptLimits, limits: LetterLimits
    ) -> None:
        self._gate = gate
        self._clock = clock
        self._attempts = attempts
        self._limits = limits

    async def wait_of(self, purpose: str, origin: Origin) -> int:
        """Count one request from an address; return 0, or the seconds to wait."""
        if origin.within(self._attempts.exempt):
            return 0
        return await self._gate.take(
            purpose,
            origin.network,
            at=self._clock.now(),
            limit=self._limits.per_address,
            window=self._limits.window,
        )

    async def wait_for(self, purpose: str, subject: str) -> int:
        """Count one letter about an account, or about a name that nobody has."""
        return await self._gate.take(
            f"{purpose} of", subject, at=self._clock.now(), limit=1, window=self._limits.every
        )


def reachable_at(account: Account) -> str | None:
    """Return the address at which the owner of an account was reached, None if none was."""
    return account.email if account.email_confirmed_at else None
