"""Reads bodies, and says of a bad one which member is wrong, without giving any of it back."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

import msgspec
from starlette.responses import Response

from watchword.dialects.precrime.errors import say
from watchword.http.call import Call
from watchword.http.operation import Endpoint
from watchword.http.reading import BodyProblem, Flaw, is_json, read_json

Shape = TypeVar("Shape", bound=msgspec.Struct)

_NO_JSON = "The body is not valid JSON"
_WORDS = {
    Flaw.MISSING: "{member} is required",
    Flaw.TYPE: "{member} must be a text",
    Flaw.VALUE: "{member} must be a text",
    Flaw.NUL: "{member} may hold no NUL character",
}


def reading(shape: type[Shape], answer: Callable[[Call, Shape], Awaitable[Response]]) -> Endpoint:
    """Return an endpoint that reads a body of this shape first, or says what is wrong with it.

    Members are known in any letter case.
    """

    async def endpoint(call: Call) -> Response:
        body, content_type = await call.body(), call.headers.get("content-type", "")
        if body and not is_json(content_type):
            return say(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json")
        read = read_json(shape, body, content_type, folds_case=True)
        if isinstance(read, tuple):
            return say(HTTPStatus.BAD_REQUEST, _word(read[0]))
        return await answer(call, read)

    return endpoint


def _word(problem: BodyProblem) -> str:
    if problem.at:
        return _WORDS[problem.flaw].format(member=problem.at[0])
    match problem.flaw:
        case Flaw.MISSING:
            return "The body is required"
        case Flaw.TYPE:
            return "The body must be an object"
    return _NO_JSON
