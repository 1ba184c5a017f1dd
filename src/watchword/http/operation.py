"""One thing that a path does, declared once: it is served from this, and described from this."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
from starlette.responses import Response

from watchword.core.apikeys.model import Scope
from watchword.core.services.authenticate import Caller
from watchword.http.call import Call

Endpoint = Callable[[Call], Awaitable[Response]]

Saying = Callable[[Caller], msgspec.Struct]
"""What an answer of 200 says to a caller, in JSON, where nothing but the caller matters."""


class Credential(StrEnum):
    """Whether an operation looks at who asks.

    NONE looks at no credential at all, whatever comes: so do all log-in calls. OPTIONAL
    takes a good one, goes on without any, and refuses a bad one. REQUIRED refuses both
    before the endpoint is called.
    """

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Place(StrEnum):
    """Where a parameter stands, in OpenAPI's words."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter, for the description alone; the endpoint reads it itself."""

    name: str
    place: Place
    description: str
    shape: object = str
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes with one status, for the description alone.

    `others` are further shapes that can come with the same status, for a dialect that says
    no inside a 200. `also` has those of other media types.
    """

    description: str
    shape: object = None
    others: tuple[object, ...] = ()
    media_type: str = "application/json"
    also: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method on a path, with all that is known about it before a request comes.

    `changes` means that it changes something, whatever its method: the rules about
    cookies apply then. `scope` is what an API key must be allowed to do here, or else
    `or_scope`; None refuses every key. With `keys_only` a session gets no further. An
    operation that `waits` may take long to answer: it ends when the client leaves, and the
    credential is looked at once more before the answer. `allows_query_token` lets a
    session's token stand in `?token=`.
    What it `says` to a caller is answered before any app sees the request, where memory alone
    can speak for the credential (`prompt.py`); the endpoint has to say the same.
    What `opens_cookie_session` is refused to pages of other sites, who could log a person
    in as somebody else (log-in CSRF).
    `body` is the shape of a JSON body, for the description; the endpoint reads it itself
    (`reading.read_json`). `body_schema` is called for the description, and says more where
    that is known only then. `form` has the parameters that come in the query or in a form
    (`forms.read_parameters`), each of them a member. `body_bytes_max` is its own limit,
    within that of the transport.
    """

    method: str
    path: str
    endpoint: Endpoint
    summary: str
    description: str = ""
    changes: bool = False
    credential: Credential = Credential.NONE
    scope: Scope | None = None
    or_scope: Scope | None = None
    keys_only: bool = False
    waits: bool = False
    allows_query_token: bool = False
    opens_cookie_session: bool = False
    says: Saying | None = None
    body: type[msgspec.Struct] | None = None
    body_schema: Callable[[], dict[str, Any]] | None = None
    form: type[msgspec.Struct] | None = None
    body_bytes_max: int | None = None
    parameters: tuple[Parameter, ...] = ()
    answers: Mapping[int, Answer] = field(default_factory=dict)
    example: object = None
