"""Sees who gets in and who does not: counts it, and takes away secrets that were left in a file."""

from dataclasses import dataclass

from watchword.app.printed import PrintedSecrets
from watchword.core.accounts.model import Account
from watchword.core.kernel.caller import Origin
from watchword.core.outbox.model import Entry
from watchword.core.policy.refusals import Refusal
from watchword.core.ports import Posting
from watchword.observability.log import get_logger
from watchword.observability.metrics import Metrics

SIGNED_IN = "signed_in"

_log = get_logger("watchword.mail")


@dataclass(frozen=True, slots=True)
class HouseWitness:
    """Implements Witness. The command line has no metrics."""

    printed: PrintedSecrets
    metrics: Metrics | None

    def signed_in(self, account: Account, origin: Origin) -> None:
        self.printed.forget(account)
        if self.metrics:
            self.metrics.sign_in(origin.dialect, SIGNED_IN)

    def refused(self, reason: Refusal, origin: Origin) -> None:
        if self.metrics:
            self.metrics.sign_in(origin.dialect, reason)

    def token_checked(self, *, was_known: bool) -> None:
        if self.metrics:
            (self.metrics.cache_hits if was_known else self.metrics.cache_misses).inc()

    def posted(self, entry: Entry, posting: Posting) -> None:
        # Its address and the mail server's own words stand in the outbox, not in a log.
        _log.info("letter", letter_id=entry.id, kind=entry.kind, outcome=posting.outcome)
        if self.metrics:
            self.metrics.letter(entry.kind, posting.outcome)
