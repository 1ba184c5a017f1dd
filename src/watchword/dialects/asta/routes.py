"""Which path does what, who may ask, and what can come back. Nothing else."""

from collections.abc import Sequence

from watchword.core.apikeys.model import Scope
from watchword.core.services import Services
from watchword.dialects.asta import wire
from watchword.dialects.asta.changepassword import change_password
from watchword.dialects.asta.changeuser import change_user
from watchword.dialects.asta.createuser import SETUP_TOKEN, create_user
from watchword.dialects.asta.deleteuser import delete_user
from watchword.dialects.asta.health import health
from watchword.dialects.asta.listusers import PATH as USERS
from watchword.dialects.asta.listusers import list_users
from watchword.dialects.asta.login import login
from watchword.dialects.asta.logout import logout
from watchword.dialects.asta.me import me, say_user
from watchword.dialects.asta.options import Options
from watchword.dialects.asta.register import register
from watchword.dialects.asta.resetpassword import reset_password
from watchword.http.operation import Answer, Credential, Operation, Parameter, Place

PREFIXES = ("/api/auth", "/api/health", "/health")

_ID = Parameter(name="id", place=Place.PATH, description="The user's id", is_required=True)
_AFTER = Parameter(
    name="after", place=Place.QUERY, description="Where the next page begins, from the Link field"
)
_PREFIX = Parameter(
    name="prefix",
    place=Place.QUERY,
    description="Only users whose name or confirmed address begins so, in that order (ours)",
)
_SETUP_TOKEN = Parameter(
    name=SETUP_TOKEN,
    place=Place.HEADER,
    description="Makes the first admin while there is no account; the server printed it",
)

_EXAMPLES = {
    wire.Credentials: {"username": "ada", "password": "enigma"},
    wire.NewUser: {"username": "eve", "password": "apple", "role": "user"},
    wire.PasswordChange: {"current_password": "enigma", "new_password": "engine"},
    wire.PasswordReset: {"new_password": "apple"},
    wire.UserChange: {"role": "admin", "active": True},
}

_REFUSED = {
    400: "A value is not allowed, or the body cannot be read",
    401: "Name, password or token is wrong, or missing",
    403: "Not allowed",
    404: "No such user",
    409: "The name is taken",
    413: "The body is too large",
    422: "The body has not the right shape",
    429: "Too many attempts; Retry-After says when to come again",
    503: "The server is busy; Retry-After says when to come again",
}
_SHAPES = {422: wire.InvalidBody}


def operations(services: Services, options: Options) -> Sequence[Operation]:
    """Return everything that asta does."""
    return (*_everybodys(services, options), *_ones_own(services), *_admins(services))


def _everybodys(services: Services, options: Options) -> Sequence[Operation]:
    return (
        Operation(
            method="POST",
            path="/api/auth/login",
            endpoint=login(services.signin, options),
            summary="Log in",
            changes=True,
            body=wire.Credentials,
            example=_EXAMPLES[wire.Credentials],
            answers=_answers(wire.LogIn, 400, 401, 403, 413, 422, 429, 503),
        ),
        Operation(
            method="POST",
            path="/api/auth/register",
            endpoint=register(services.signup),
            summary="Register an account",
            changes=True,
            credential=Credential.OPTIONAL,
            body=wire.NewUser,
            example=_EXAMPLES[wire.Credentials],
            answers=_answers(wire.Registered, 400, 401, 403, 409, 413, 422, 429, 503),
        ),
        *(
            Operation(
                method="GET",
                path=path,
                endpoint=health,
                summary="Say that the server answers",
                answers=_answers(wire.Health),
            )
            for path in ("/api/health", "/health")
        ),
    )


def _ones_own(services: Services) -> Sequence[Operation]:
    return (
        Operation(
            method="GET",
            path="/api/auth/me",
            endpoint=me(services.setup),
            says=say_user,
            summary="Say who holds the token",
            credential=Credential.OPTIONAL,
            scope=Scope.IDENTIFY,
            allows_query_token=True,
            answers=_answers(wire.User, 401, 403, 429, 503),
        ),
        *(
            Operation(
                method=method,
                path="/api/auth/change-password",
                endpoint=change_password(services.passwords),
                summary="Change one's own password; other sessions end",
                changes=True,
                credential=Credential.REQUIRED,
                body=wire.PasswordChange,
                example=_EXAMPLES[wire.PasswordChange],
                answers=_answers(wire.Done, 400, 401, 403, 404, 413, 422, 429, 503),
            )
            for method in ("POST", "PUT")
        ),
        Operation(
            method="POST",
            path="/api/auth/logout",
            endpoint=logout(services.sessions),
            summary="End the session of the token",
            changes=True,
            credential=Credential.REQUIRED,
            answers=_answers(wire.Done, 401, 403, 429, 503),
        ),
    )


def _admins(services: Services) -> Sequence[Operation]:
    return (
        Operation(
            method="GET",
            path=USERS,
            endpoint=list_users(services.accounts),
            summary="List the accounts, oldest first, or those whose names begin alike",
            credential=Credential.REQUIRED,
            scope=Scope.ACCOUNTS_READ,
            allows_query_token=True,
            parameters=(_PREFIX, _AFTER),
            answers=_answers(wire.UserList, 400, 401, 403, 429, 503),
        ),
        Operation(
            method="POST",
            path=USERS,
            endpoint=create_user(services.signup, services.setup),
            summary="Make an account; while there is none, the first admin",
            changes=True,
            credential=Credential.OPTIONAL,
            scope=Scope.ACCOUNTS_WRITE,
            parameters=(_SETUP_TOKEN,),
            body=wire.NewUser,
            example=_EXAMPLES[wire.NewUser],
            answers=_answers(wire.Created, 400, 401, 403, 409, 413, 422, 429, 503),
        ),
        *_admins_of_one(services),
    )


def _admins_of_one(services: Services) -> Sequence[Operation]:
    return (
        Operation(
            method="PUT",
            path=f"{USERS}/{{id}}",
            endpoint=change_user(services.accounts),
            summary="Set the role of an account, or disable and enable it",
            changes=True,
            credential=Credential.REQUIRED,
            scope=Scope.ACCOUNTS_WRITE,
            parameters=(_ID,),
            body=wire.UserChange,
            example=_EXAMPLES[wire.UserChange],
            answers=_answers(wire.Changed, 400, 401, 403, 404, 413, 422, 429, 503),
        ),
        Operation(
            method="DELETE",
            path=f"{USERS}/{{id}}",
            endpoint=delete_user(services.accounts),
            summary="Delete an account",
            changes=True,
            credential=Credential.REQUIRED,
            scope=Scope.ACCOUNTS_WRITE,
            parameters=(_ID,),
            answers=_answers(wire.Done, 400, 401, 403, 404, 429, 503),
        ),
        Operation(
            method="PUT",
            path=f"{USERS}/{{id}}/reset-password",
            endpoint=reset_password(services.passwords),
            summary="Set somebody's password; their sessions end",
            changes=True,
            credential=Credential.REQUIRED,
            parameters=(_ID,),
            body=wire.PasswordReset,
            example=_EXAMPLES[wire.PasswordReset],
            answers=_answers(wire.Done, 400, 401, 403, 404, 413, 422, 429, 503),
        ),
    )


def _answers(success: object, *refusals: int) -> dict[int, Answer]:
    return {200: Answer(description="It is done", shape=success)} | {
        status: Answer(description=_REFUSED[status], shape=_SHAPES.get(status, wire.ErrorDetail))
        for status in refusals
    }
