"""Says what is wrong with a body as FastAPI does, without giving back what may be a secret."""

import json
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.responses import Response

from watchword.dialects.asta.errors import say
from watchword.dialects.asta.wire import InvalidBody, Problem
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint
from watchword.http.reading import BodyProblem, Flaw, read_json

Shape = TypeVar("Shape", bound=msgspec.Struct)

SECRETS = frozenset({"password", "current_password", "new_password"})
# No shape of ours bounds a value: one that cannot be read is a number of thousands of digits.
UNREADABLE = frozenset({Flaw.ENCODING, Flaw.DEPTH, Flaw.VALUE})
INTEGER_MAX = 2**63

_WRONG_TYPE = {
    "str": ("string_type", "Input should be a valid string"),
    "bool": ("bool_type", "Input should be a valid boolean"),
    "object": (
        "model_attributes_type",
        "Input should be a valid dictionary or object to extract fields from",
    ),
}


def reading(shape: type[Shape], answer: Callable[[Call, Shape], Awaitable[Response]]) -> Endpoint:
    """Return an endpoint that reads a body of this shape first, or says what is wrong with it."""

    async def endpoint(call: Call) -> Response:
        body = await call.body()
        read = read_json(shape, body, call.headers.get("content-type", ""))
        if isinstance(read, tuple):
            return _refuse(body, read)
        return await answer(call, read)

    return endpoint


def _refuse(body: bytes, problems: tuple[BodyProblem, ...]) -> Response:
    if any(problem.flaw in UNREADABLE for problem in problems):
        return say(400, "There was an error parsing the body")
    detail = [_word(body, problem) for problem in problems]
    return JsonResponse(InvalidBody(detail=detail), status_code=422)


def _word(body: bytes, problem: BodyProblem) -> Problem:
    loc = ("body", *problem.at)
    match problem.flaw:
        case Flaw.JSON:
            return _word_json(body, problem.offset)
        case Flaw.MISSING if problem.at or not body:
            return Problem(type="missing", loc=loc, msg="Field required", input=None)
        case Flaw.NUL:
            msg = "Value error, a text may hold no NUL character"
            return Problem(type="value_error", loc=loc, msg=msg, input=None)
        case _:
            # A body that is `null` is missing to our reader, and of a wrong type to FastAPI's.
            kind, msg = _WRONG_TYPE[problem.expected.partition(" ")[0] or "object"]
            return Problem(type=kind, loc=loc, msg=msg, input=_given(body, problem.at))


def _word_json(body: bytes, offset: int) -> Problem:
    """Look again with the parser of the original, for its words and its count of characters."""
    error, place = "Invalid value", offset
    try:
        json.loads(body.decode())
    except json.JSONDecodeError as failed:
        error, place = failed.msg, failed.pos
    except (ValueError, RecursionError):
        pass  # It stumbled over something else first: our own words stand.
    return Problem(
        type="json_invalid",
        loc=("body", place),
        msg="JSON decode error",
        input={},
        ctx={"error": error},
    )


def _given(body: bytes, at: tuple[str, ...]) -> bool | int | float | None:
    """Return what stood there if it is one small value, and not where a password belongs."""
    if len(at) != 1 or at[0] in SECRETS:
        return None
    try:
        value = json.loads(body.decode()).get(at[0])
    except (ValueError, RecursionError):
        return None
    match value:
        case bool():
            return value
        case int() if abs(value) < INTEGER_MAX:
            return value
        case float() if math.isfinite(value):
            return value
    return None
