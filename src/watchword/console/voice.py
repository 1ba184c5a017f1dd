"""How the pages say no to what reaches none of them: a page in each language.

Nobody knows there which one is read: the transport may not have seen a header yet.
"""

from http import HTTPStatus

from starlette.responses import Response

from watchword.console.languages import WORDS
from watchword.core.kernel.errors import CoreError, UnavailableError
from watchword.core.policy.refusals import Refused
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Voice
from watchword.http.pages import show_in_all


def voice() -> Voice:
    """Return the voice of all paths below /account."""
    return Voice(
        error=str,
        render_error=_render_error,
        render_refusal=_render_refusal,
        render_status=_render_status,
        render_unauthenticated=_render_unauthenticated,
    )


def _render_error(error: CoreError) -> Response:
    # None of these pages names a thing that can be missing: what they meet is a part that is down.
    if isinstance(error, UnavailableError):
        return _say(HTTPStatus.SERVICE_UNAVAILABLE, retry_after=error.retry_after)
    return _say(HTTPStatus.BAD_REQUEST)


def _render_refusal(refused: Refused) -> Response:
    is_busy = refused.retry_after > 0
    status = HTTPStatus.TOO_MANY_REQUESTS if is_busy else HTTPStatus.FORBIDDEN
    return _say(status, retry_after=refused.retry_after)


def _render_status(status: int, text: str) -> Response:
    del text  # it is written for who writes clients, and in English
    return _say(status)


def _render_unauthenticated(problem: CredentialProblem) -> Response:
    del problem  # no page looks at a credential
    return _say(HTTPStatus.FORBIDDEN)


def _say(status: int, *, retry_after: int = 0) -> Response:
    messages = {
        language: words.statuses.get(status, words.trouble) for language, words in WORDS.items()
    }
    return show_in_all(messages, status=status, retry_after=retry_after)
