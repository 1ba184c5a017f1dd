"""What the http room tells the operator: one line a request, and what failed.

No message of an exception is in it: nobody knows what a driver or a bug writes there.
"""

from watchword.core.kernel.errors import UnavailableError
from watchword.http.arrival import Arrival
from watchword.observability.log import get_logger, tell
from watchword.observability.redact import describe

_log = get_logger("watchword.http")


def answered(method: str, arrival: Arrival, seconds: float) -> None:
    """Say that a request is over; neither its path nor its query, where secrets stand."""
    tell(
        "watchword.http",
        "request",
        method=method,
        route=arrival.route,
        status=arrival.status,
        ms=round(seconds * 1000, 2),
        dialect=arrival.dialect,
    )


def unavailable(error: UnavailableError) -> None:
    """Say once that a part is down or full, and what its driver called that."""
    _log.warning("unavailable", reason=str(error), cause=_kind(error.__cause__))


def not_ready(part: str, error: Exception) -> None:
    """Say which part made a readiness check fail."""
    _log.warning("not ready", part=part, error=_kind(error), cause=_kind(error.__cause__))


def bug(error: BaseException) -> None:
    """Say that an exception came through that nobody expected, and where from."""
    _log.error(
        "bug",
        error=_kind(error),
        cause=_kind(error.__cause__),
        stack=describe(error)["stack"],
    )


def _kind(error: BaseException | None) -> str | None:
    return type(error).__name__ if error else None
