"""Why there is no new token: a value, so that an old token which still lives can outweigh it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import TypeAlias

import httpx

from watchword.client.answers import Answer, NoAnswer, retry_after
from watchword.client.errors import Throttled, Unavailable, UnexpectedAnswer, WatchwordError

REFUSED_PAUSE_S = 30
"""After a refusal the server is left alone so long: each wrong password counts as a guess."""

DOWN_PAUSE_S = 2
"""After no answer: who queued for a token behind the one who asked learns the same at once."""


Refusals: TypeAlias = Mapping[int, type[WatchwordError]]
"""What a status of one call means."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the server said, and until when nobody needs to ask again."""

    make: Callable[[int], WatchwordError]
    until: float
    status: int = 0

    def error(self, now: float) -> WatchwordError:
        return self.make(max(1, ceil(self.until - now)))


def trouble_of(answer: Answer, refusals: Refusals, *, now: float) -> Trouble:
    """Return what an answer without a token means; `refusals` are those of this call alone."""
    if isinstance(answer, NoAnswer):
        text = f"Watchword cannot be reached ({answer.why})."
        return Trouble(lambda wait: Unavailable(text, retry_after=wait), now + DOWN_PAUSE_S)
    status = answer.status_code
    if status in refusals:
        return Trouble(lambda _: refusals[status](), now + REFUSED_PAUSE_S, status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _later(answer, lambda wait: Throttled(retry_after=wait), now)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _later(answer, lambda wait: Unavailable(retry_after=wait), now)
    return Trouble(lambda _: UnexpectedAnswer(status=status), now + DOWN_PAUSE_S, status)


def _later(answer: httpx.Response, make: Callable[[int], WatchwordError], now: float) -> Trouble:
    return Trouble(make, now + retry_after(answer), answer.status_code)
