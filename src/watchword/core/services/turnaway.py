"""Say no to somebody who wants to come in, and remember that we did."""

from dataclasses import replace

from watchword.core.audit.model import Action, Event
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.ids import AccountId
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.store import Attempt
from watchword.core.ports import OpenWork, Witness, Work
from watchword.core.services.attempts import Guesses


class TurnAway:
    """Settles the guess, writes the audit trail and tells the witness, in one way for all."""

    def __init__(
        self, *, open_work: OpenWork, guesses: Guesses, clock: Clock, witness: Witness
    ) -> None:
        self._open_work = open_work
        self._guesses = guesses
        self._clock = clock
        self._witness = witness

    async def failed(
        self, attempt: Attempt, reason: Refusal, origin: Origin, *, cause: str = ""
    ) -> Refused:
        """Refuse who guessed wrong. `cause` is a word of ours for the audit trail alone."""
        now = self._clock.now()
        async with self._open_work() as work:
            work.attempts.failed(replace(attempt, at=now), self._guesses.limits)
            self._tell(work, attempt.subject, cause or reason, origin)
            await work.commit()
        return self.unheard(Refused(reason), origin)

    async def known(
        self, attempt: Attempt, account_id: AccountId | None, reason: Refusal, origin: Origin
    ) -> Refused:
        """Refuse who gave the right password, so that it counts for no guess."""
        now = self._clock.now()
        async with self._open_work() as work:
            subject = account_id or AccountId(attempt.subject)
            work.attempts.succeeded(replace(attempt, at=now), subject)
            self._tell(work, attempt.subject, reason, origin)
            await work.commit()
        return self.unheard(Refused(reason), origin)

    async def without_guess(self, subject: str, reason: Refusal, origin: Origin) -> Refused:
        """Refuse who guessed at nothing, such as the holder of a ticket."""
        async with self._open_work() as work:
            self._tell(work, subject, reason, origin)
            await work.commit()
        return self.unheard(Refused(reason), origin)

    async def withdraw(self, attempt: Attempt) -> None:
        """Give a guess back that nobody looked at."""
        async with self._open_work() as work:
            work.attempts.withdraw(attempt)
            await work.commit()

    def unheard(self, refused: Refused, origin: Origin) -> Refused:
        """Refuse without a word to the audit trail, as who has to wait."""
        self._witness.refused(refused.reason, origin)
        return refused

    def _tell(self, work: Work, subject: str, detail: str, origin: Origin) -> None:
        work.audit.add(
            Event(
                at=self._clock.now(),
                action=Action.SESSION_SIGNIN_REFUSED,
                subject=subject,
                address=origin.address,
                dialect=origin.dialect,
                detail=detail,
            )
        )
