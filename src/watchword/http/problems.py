"""How we say no where no dialect speaks: problem details (RFC 9457)."""

from http import HTTPStatus

import msgspec
from starlette.responses import Response

from watchword.core.kernel.errors import CoreError, UnavailableError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.http.answers import JsonResponse
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Voice, phrase_of

REFUSALS = {
    Refusal.KEY_SCOPE: (403, "The API key may not be used for this."),
    Refusal.KEY_THROTTLED: (429, "Too many requests. Try again in {retry_after} seconds."),
    Refusal.KEYS_ONLY: (403, "This is for API keys only."),
}
"""Those that our own surfaces can meet."""


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong. `title` is the status's own phrase, so `type` is not sent."""

    title: str
    status: int
    detail: str = ""


class ProblemResponse(JsonResponse):
    """A problem, on its way."""

    media_type = "application/problem+json"


def shared_voice() -> Voice:
    """Return the voice of every path that no dialect owns."""
    return Voice(
        error=Problem,
        render_error=_render_error,
        render_refusal=_render_refusal,
        render_status=say_problem,
        render_unauthenticated=_render_unauthenticated,
    )


def _render_error(error: CoreError) -> Response:
    # None of our surfaces changes or names anything: what they meet is a part that is down.
    is_busy = isinstance(error, UnavailableError)
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_busy else HTTPStatus.BAD_REQUEST
    return say_problem(status, str(error))


def _render_refusal(refused: Refused) -> Response:
    status, text = REFUSALS.get(refused.reason, (403, refused.reason.value))
    wait = refused.retry_after
    response = say_problem(status, text.format(retry_after=wait))
    if wait:
        response.headers["retry-after"] = str(wait)
    return response


def _render_unauthenticated(problem: CredentialProblem) -> Response:
    response = say_problem(HTTPStatus.UNAUTHORIZED, f"The credential is {problem.value}.")
    # RFC 9110, 15.5.2: a 401 names a way to authenticate.
    response.headers["www-authenticate"] = "Bearer"
    return response


def say_problem(status: int, text: str) -> Response:
    """Answer with a problem and what there is to say about it."""
    # A phrase of RFC 9110 as text means that there is nothing more to say.
    title = phrase_of(status)
    problem = Problem(title, int(status), "" if text == title else text)
    return ProblemResponse(problem, status_code=status)
