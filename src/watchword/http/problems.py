"""How we say no where no dialect speaks: problem details (RFC 9457)."""

from http import HTTPStatus

import msgspec
from starlette.responses import Response

from watchword.core.kernel.errors import CoreError, UnavailableError
from watchword.core.policy.refusals import Refused
from watchword.http.answers import JsonResponse
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Voice, phrase_of


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
        render_status=_render_status,
        render_unauthenticated=_render_unauthenticated,
    )


def _render_error(error: CoreError) -> Response:
    # None of our surfaces changes or names anything: what they meet is a part that is down.
    is_busy = isinstance(error, UnavailableError)
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_busy else HTTPStatus.BAD_REQUEST
    return _render_status(status, str(error))


def _render_refusal(refused: Refused) -> Response:
    return _render_status(HTTPStatus.FORBIDDEN, refused.reason.value)


def _render_unauthenticated(problem: CredentialProblem) -> Response:
    return _render_status(HTTPStatus.UNAUTHORIZED, f"The credential is {problem.value}.")


def _render_status(status: int, text: str) -> Response:
    # A phrase of RFC 9110 as text means that there is nothing more to say.
    title = phrase_of(status)
    problem = Problem(title, int(status), "" if text == title else text)
    return ProblemResponse(problem, status_code=status)
