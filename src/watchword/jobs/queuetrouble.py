"""What a queue says in the log when something goes wrong: once, however long it lasts."""

from watchword.core.kernel.errors import CoreError
from watchword.core.kernel.ids import JobId
from watchword.observability.log import get_logger

_log = get_logger("watchword.jobs")


class Trouble:
    """The queue does not answer. It is told when it begins, and when its reason is another."""

    def __init__(self) -> None:
        self._reason = ""

    def told(self, error: BaseException) -> None:
        """Tell it in our words, or by the name of what went wrong: its text may hold an address."""
        # What a TimeoutError comes of is no Exception, and says less.
        while isinstance(error.__cause__, Exception):
            error = error.__cause__
        reason = str(error) if isinstance(error, CoreError) else type(error).__name__
        if reason != self._reason:
            self._reason = reason
            _log.warning("queue does not answer", reason=reason)

    def over(self) -> None:
        """Know that it answers again."""
        if self._reason:
            self._reason = ""
            _log.info("queue answers again")


def tell_failed(job_id: JobId, error: Exception) -> None:
    """Say that a run raised: its job comes again."""
    _log.error("job fell out of its worker's hands", job=job_id, reason=type(error).__name__)


def tell_lost(job_id: JobId) -> None:
    """Say that a worker was silent for too long, and that another may have the job by now."""
    _log.warning("job lost by a slow worker", job=job_id)


def tell_taken_over(job_id: JobId) -> None:
    """Say that a job waits again whose worker died."""
    _log.warning("job taken from a dead worker", job=job_id)
