"""The shape of a dialect, the one thing a dialect folder must export."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeVar

import msgspec
from starlette.responses import Response

from watchword.core.kernel.errors import CoreError
from watchword.core.policy.refusals import Refused
from watchword.core.services import Services
from watchword.http.credentials import CredentialProblem
from watchword.http.operation import Operation

_RENAMED = {413: "Content Too Large", 422: "Unprocessable Content"}
"""What some of the versions of Python that we run on still call by older names."""

Options = TypeVar("Options", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How a dialect says no.

    `render_status` words what goes wrong before an endpoint is reached, or beneath it:
    400, 403, 404, 405, 408, 413, 431, 500, 503. Its text is a sentence for a person, or
    the status's own phrase. `error` is the shape of all these bodies, `str` for pages.
    """

    error: type[msgspec.Struct] | type[str]
    render_error: Callable[[CoreError], Response]
    render_refusal: Callable[[Refused], Response]
    render_status: Callable[[int, str], Response]
    render_unauthenticated: Callable[[CredentialProblem], Response]


def phrase_of(status: int) -> str:
    """Return the words of a status, as RFC 9110 has them."""
    return _RENAMED.get(status) or HTTPStatus(status).phrase


def in_whole(text: str, refused: Refused) -> str:
    """Return what a dialect says of a refusal, with its numbers and with what there is to mend."""
    said = text.format(number=refused.number, retry_after=refused.retry_after)
    return f"{said.removesuffix('.')}. {refused.detail}" if refused.detail else said


def say_status(voice: Voice, status: int) -> Response:
    """Answer with a status and its own phrase."""
    return voice.render_status(status, phrase_of(status))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect(Generic[Options]):
    """One API as its clients know it.

    `options` is the strict shape of its part of the settings. It owns every path that
    is one of `prefixes` or lies below one: there it words even what it does not serve.
    """

    name: str
    title: str
    prefixes: tuple[str, ...]
    options: type[Options]
    operations: Callable[[Services, Options], Sequence[Operation]]
    voice: Callable[[Options], Voice]
    drops_slash: bool = False
    """Whether a path with a slash too many at its end is sent to the one without."""
    drops_path_parameters: bool = False
    """Whether `;` and what follows it in a segment of a path is left out before anything looks
    at the path, as servlets do: clients that know no cookies carry `;jsessionid=...` there."""
    folds_path_case: bool = False
    """Whether the fixed parts of its paths are known in any letter case (ASCII's), as by servers
    that were written for .NET. A parameter in a path keeps its case."""
