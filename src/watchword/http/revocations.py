"""GET /revocations: other services learn what was revoked, as soon as it is."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

import msgspec
from starlette.responses import Response

from watchword.core.apikeys.model import Scope
from watchword.core.revocations.model import Kind, Revocation
from watchword.core.services.revocationfeed import RevocationFeed
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Answer, Credential, Operation, Parameter, Place
from watchword.http.problems import Problem, ProblemResponse, say_problem

NUMBER_MAX = 2**53
"""What every JSON reader can keep exactly."""

WAIT_MAX_S = 30
WAIT_USUAL_S = 20

BEGIN_AGAIN = (
    "We never gave out that number. Begin again with since=0, and forget nothing until then."
)


class Revoked(msgspec.Struct, omit_defaults=True):
    """One revocation. `sid` is the hexadecimal SHA-256 of the claim `sid` of the session."""

    number: int
    kind: Kind
    sid: str = ""


class News(msgspec.Struct):
    """Revocations in order, a thousand at most; `next` is the `since` to ask with next."""

    revocations: list[Revoked]
    next: int


def revocation_operation(feed: RevocationFeed) -> Operation:
    async def endpoint(call: Call) -> Response:
        since = _read_number(call, "since", usual=0, most=NUMBER_MAX)
        wait = _read_number(call, "wait", usual=WAIT_USUAL_S, most=WAIT_MAX_S)
        if since is None or wait is None:
            name, most = ("since", NUMBER_MAX) if since is None else ("wait", WAIT_MAX_S)
            text = f"{name} has to be a whole number from 0 to {most}."
            return say_problem(HTTPStatus.BAD_REQUEST, text)
        page = await feed.since(since, patience=timedelta(seconds=wait))
        if page.must_begin_again:
            return say_problem(HTTPStatus.GONE, BEGIN_AGAIN)
        return JsonResponse(News([_write(one) for one in page.items], page.next))

    return Operation(
        method="GET",
        path="/revocations",
        endpoint=endpoint,
        summary="What was revoked",
        description=(
            "For services that trust our tokens. Answers at once if anything was revoked after "
            "`since`, else as soon as something is, and with an empty list after `wait` seconds. "
            "A revocation of the kind `session` is the end of one session with all its tokens; "
            "one of the kind `keys` means that signing keys are no longer trusted: fetch them "
            "anew."
        ),
        credential=Credential.REQUIRED,
        scope=Scope.REVOCATIONS_READ,
        keys_only=True,
        waits=True,
        parameters=_PARAMETERS,
        answers=_ANSWERS,
    )


def _read_number(call: Call, name: str, *, usual: int, most: int) -> int | None:
    """Return a number of the query, the usual one if it is not there, None if it is no such."""
    texts = [text for key, text in call.query if key == name]
    if not texts:
        return usual
    text = texts[0]
    if len(texts) > 1 or not (text.isascii() and text.isdecimal()) or len(text) > len(str(most)):
        return None
    return number if (number := int(text)) <= most else None


def _write(revocation: Revocation) -> Revoked:
    return Revoked(revocation.number, revocation.kind, revocation.sid)


def _problem(description: str) -> Answer:
    return Answer(description=description, shape=Problem, media_type=ProblemResponse.media_type)


_PARAMETERS = (
    Parameter(
        name="since",
        place=Place.QUERY,
        description="The last number that you know; 0, as without it, for all there are.",
        shape=Annotated[int, msgspec.Meta(ge=0, le=NUMBER_MAX)],
    ),
    Parameter(
        name="wait",
        place=Place.QUERY,
        description=f"Seconds to wait for news, {WAIT_MAX_S} at most; {WAIT_USUAL_S} without it.",
        shape=Annotated[int, msgspec.Meta(ge=0, le=WAIT_MAX_S)],
    ),
)
_ANSWERS = {
    200: Answer(description="The news, or none.", shape=News),
    400: _problem("`since` or `wait` is not allowed, or the request is no HTTP that we can read."),
    410: _problem("`since` is of another database: begin again with 0."),
}
