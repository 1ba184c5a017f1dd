"""Which path does what, who may ask, and what can come back. Nothing else."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from watchword.core.apikeys.model import Scope
from watchword.core.services import Services
from watchword.dialects.precrime import wire
from watchword.dialects.precrime.addkey import add_key
from watchword.dialects.precrime.changepassword import change_password
from watchword.dialects.precrime.deletekey import delete_key
from watchword.dialects.precrime.exchange import exchange
from watchword.dialects.precrime.greet import greet_anybody, greet_caller
from watchword.dialects.precrime.listkeys import PATH as KEYS
from watchword.dialects.precrime.listkeys import list_keys
from watchword.dialects.precrime.login import login
from watchword.dialects.precrime.logout import logout
from watchword.dialects.precrime.options import Options
from watchword.dialects.precrime.renew import renew
from watchword.http.answers import saying
from watchword.http.operation import Answer, Credential, Operation, Parameter, Place

PREFIXES = ("/user", "/authheader", "/test")

_AFTER = Parameter(
    name="after", place=Place.QUERY, description="Where the next page begins, from the Link field"
)
_AUDIENCE = Parameter(
    name="aud",
    place=Place.QUERY,
    description="A registered service: the token is for it, and the one presented lives on",
)

_EXAMPLES = {
    wire.Credentials: {"username": "john.doe", "password": "SecurePass123!"},
    wire.PasswordChange: {
        "username": "john.doe",
        "old": "SecurePass123!",
        "new": "a river of small stones",
        "confirm": "a river of small stones",
    },
    wire.NewKey: {"name": "production-api-key"},
    wire.KeyNamed: {"text": "ww_4kq…"},
}

_REFUSED = {
    400: "A value is not allowed, or the body cannot be read",
    401: "Name, password, token or key is wrong, or missing",
    403: "Not allowed",
    404: "No such auth header of yours",
    409: "The account has as many auth headers as it may have",
    413: "The body is too large",
    415: "The body is not JSON",
    429: "Too many attempts; Retry-After says when to come again",
    503: "The server is busy; Retry-After says when to come again",
}


def operations(services: Services, options: Options) -> Sequence[Operation]:
    """Return everything that precrime does."""
    return (
        *_log_ins(services, options),
        *_tokens(services, options),
        *_auth_headers(services),
        *_greetings(),
    )


def _log_ins(services: Services, options: Options) -> Sequence[Operation]:
    return (
        Operation(
            method="POST",
            path="/user/login",
            endpoint=login(services.signin, options),
            summary="Log in",
            changes=True,
            body=wire.Credentials,
            example=_EXAMPLES[wire.Credentials],
            answers=_answers(wire.LogIn, 400, 401, 403, 413, 415, 429, 503),
        ),
        Operation(
            method="POST",
            path="/user/password",
            endpoint=change_password(services.passwords),
            summary="Change a password, an expired one too; all sessions end",
            changes=True,
            body=wire.PasswordChange,
            example=_EXAMPLES[wire.PasswordChange],
            answers=_answers(wire.Message, 400, 401, 403, 413, 415, 429, 503),
        ),
        *(
            Operation(
                method=method,
                path="/user/logout",
                endpoint=logout(services.sessions),
                summary="End the session of the token",
                changes=True,
                credential=Credential.REQUIRED,
                answers=_answers(wire.Message, 401, 403, 429, 503),
            )
            for method in ("GET", "POST")
        ),
    )


def _tokens(services: Services, options: Options) -> Sequence[Operation]:
    return (
        Operation(
            method="GET",
            path="/user/renew",
            endpoint=renew(services.renewal, options),
            summary="Get another token of the session; the one presented goes on working",
            changes=True,
            credential=Credential.REQUIRED,
            answers=_answers(wire.Renewed, 401, 403, 429, 503),
        ),
        Operation(
            method="GET",
            path="/user/token",
            endpoint=exchange(services.renewal, options),
            summary="Exchange the token for one that lives so many minutes or days",
            changes=True,
            credential=Credential.REQUIRED,
            parameters=(*_spans(options), _AUDIENCE),
            answers=_answers(wire.Exchanged, 400, 401, 403, 429, 503),
        ),
    )


def _spans(options: Options) -> Sequence[Parameter]:
    """Return the two ways to say how long a token shall live."""
    most = {"m": options.token_days_max * 24 * 60, "d": options.token_days_max}
    return tuple(
        Parameter(
            name=name,
            place=Place.QUERY,
            description=f"How many {unit} the token shall live; give only one of m and d",
            shape=Annotated[int, msgspec.Meta(ge=1, le=most[name])],
        )
        for name, unit in (("m", "minutes"), ("d", "days"))
    )


def _auth_headers(services: Services) -> Sequence[Operation]:
    return (
        Operation(
            method="POST",
            path="/authheader/add",
            endpoint=add_key(services.api_keys),
            summary="Make an API key",
            changes=True,
            credential=Credential.REQUIRED,
            body=wire.NewKey,
            example=_EXAMPLES[wire.NewKey],
            answers=_answers(wire.AuthHeader, 400, 401, 403, 409, 413, 415, 429, 503),
        ),
        Operation(
            method="GET",
            path=KEYS,
            endpoint=list_keys(services.api_keys),
            summary="List one's API keys, oldest first",
            credential=Credential.REQUIRED,
            parameters=(_AFTER,),
            answers=_answers(list[wire.AuthHeader], 400, 401, 403, 429, 503),
        ),
        Operation(
            method="POST",
            path="/authheader/delete",
            endpoint=delete_key(services.api_keys),
            summary="Delete an API key, named by itself or by its id",
            changes=True,
            credential=Credential.REQUIRED,
            body=wire.KeyNamed,
            example=_EXAMPLES[wire.KeyNamed],
            answers=_answers(wire.Message, 400, 401, 403, 404, 413, 415, 429, 503),
        ),
    )


def _greetings() -> Sequence[Operation]:
    return (
        Operation(
            method="GET",
            path="/test/unsecure",
            endpoint=greet_anybody,
            summary="Say hello to anybody",
            answers=_answers(wire.Message),
        ),
        Operation(
            method="GET",
            path="/test/secure",
            endpoint=saying(greet_caller),
            says=greet_caller,
            summary="Say hello to who has a token or an API key",
            credential=Credential.REQUIRED,
            scope=Scope.IDENTIFY,
            answers=_answers(wire.Message, 401, 403, 429, 503),
        ),
    )


def _answers(success: object, *refusals: int) -> dict[int, Answer]:
    return {200: Answer(description="It is done", shape=success)} | {
        status: Answer(description=_REFUSED[status], shape=wire.Message) for status in refusals
    }
