"""Reads bodies, and says what is wrong with a bad one, without giving any of it back."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

import msgspec
from starlette.responses import Response

from watchword.core.accounts.names import canonical
from watchword.dialects.astera.errors import refuse_body, say
from watchword.dialects.astera.wire import BodyError, Whom
from watchword.http.call import Call
from watchword.http.operation import Endpoint
from watchword.http.reading import BodyProblem, Flaw, is_json, read_json

Shape = TypeVar("Shape", bound=msgspec.Struct)
Naming = TypeVar("Naming", bound=Whom)

_KINDS = {"rememberMe": "true or false", "parameters": "an object"}
_WORDS = {
    Flaw.MISSING: "{member} is required.",
    Flaw.TYPE: "{member} must be {kind}.",
    Flaw.VALUE: "{member} must be {kind}.",
    Flaw.NUL: "{member} may hold no NUL character.",
}


def reading(shape: type[Shape], answer: Callable[[Call, Shape], Awaitable[Response]]) -> Endpoint:
    """Return an endpoint that reads a body of this shape first, or says what is wrong with it.

    Members are known in any letter case.
    """

    async def endpoint(call: Call) -> Response:
        read = read_body(shape, await call.body(), call.headers.get("content-type", ""))
        return read if isinstance(read, Response) else await answer(call, read)

    return endpoint


def read_body(shape: type[Shape], body: bytes, content_type: str) -> Shape | Response:
    """Return a body in its shape, or the answer that says what is wrong with it."""
    if body and not is_json(content_type):
        return say(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json.")
    read = read_json(shape, body, content_type, folds_case=True)
    if isinstance(read, tuple):
        return refuse_body([_word(problem) for problem in read])
    return read


def reading_whom(
    shape: type[Naming],
    answer: Callable[[Call, Naming, str], Awaitable[Response]],
) -> Endpoint:
    """Return an endpoint for a body that must name an account, in one way and not in two."""

    async def named(call: Call, form: Naming) -> Response:
        match form.names:
            case (name,):
                return await answer(call, form, name)
            case ():
                return refuse_body([BodyError(detail="email or user is required.", pointer="#")])
        text = "Give either email or user, not both."
        return refuse_body([BodyError(detail=text, pointer="#")])

    return reading(shape, named)


def refuse_clash(user: str, domain: str | None) -> Response | None:
    """Refuse a user that has a domain in it, where `domain` says another; nobody guesses.

    The short name of a domain and its DNS name are not known here to be the same.
    """
    before, backslash, _ = user.partition("\\")
    own = before if backslash else user.rpartition("@")[2] if "@" in user else ""
    if not own or not domain or canonical(own) == canonical(domain):
        return None
    text = "user has a domain in it, and domain says another."
    return refuse_body([BodyError(detail=text, pointer="#/domain")])


def _word(problem: BodyProblem) -> BodyError:
    if problem.at:
        member = problem.at[0]
        kind = _KINDS.get(member, "a text")
        text = _WORDS[problem.flaw].format(member=member, kind=kind)
        return BodyError(detail=text, pointer=f"#/{member}")
    return BodyError(detail=_word_whole(problem), pointer="#")


def _word_whole(problem: BodyProblem) -> str:
    match problem.flaw:
        case Flaw.MISSING:
            return "The body is required."
        case Flaw.TYPE:
            return "The body must be an object."
    return "The body is not valid JSON."
