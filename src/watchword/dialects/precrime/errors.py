"""How precrime says no: `{"message": "<text>"}`, from one table."""

from http import HTTPStatus

from starlette.responses import Response

from watchword.core.kernel.errors import (
    ConflictError,
    CoreError,
    DeniedError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from watchword.core.policy.refusals import Refusal, Refused
from watchword.dialects.precrime.options import Options
from watchword.dialects.precrime.wire import Message
from watchword.http.answers import JsonResponse
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Voice, in_whole

_INCORRECT = (401, "Incorrect credentials")
_SLOWER = "Too many attempts. Try again in {retry_after} seconds."

REFUSALS = {
    Refusal.WRONG_CREDENTIALS: _INCORRECT,
    # Disabled says nothing else: a stranger would learn that the password was right.
    Refusal.DISABLED: _INCORRECT,
    Refusal.WRONG_PASSWORD: _INCORRECT,
    Refusal.THROTTLED: (429, _SLOWER),
    Refusal.PASSWORD_EXPIRED: (403, "Password expired"),
    Refusal.PASSWORD_SHORT: (400, "Password must be at least {number} characters"),
    Refusal.PASSWORD_LONG: (400, "Password must be at most {number} bytes"),
    Refusal.PASSWORD_COMMON: (400, "Password is too common"),
    Refusal.PASSWORD_REUSED: (400, "Password was used before"),
    Refusal.LIFETIME_INVALID: (400, "A token lives from 60 to {number} seconds"),
    Refusal.AUDIENCE_UNKNOWN: (400, "aud is not a registered service"),
    Refusal.KEY_NAME_INVALID: (400, "name must be 1 to {number} visible characters"),
    Refusal.KEY_LIMIT: (409, "An account may have at most {number} auth headers"),
    Refusal.KEY_SCOPE: (403, "An API key may not do this"),
    Refusal.KEY_THROTTLED: (
        429,
        "The API key is used too often. Try again in {retry_after} seconds.",
    ),
    Refusal.KEYS_ONLY: (403, "Only an API key may do this"),
    Refusal.NOT_FOUND: (404, "Not Found"),
    Refusal.NOT_ADMIN: (403, "Only an admin may do this"),
    Refusal.CLOSED: (403, "Registration is closed"),
    Refusal.SELF: (400, "You cannot do this to yourself"),
    Refusal.LAST_ADMIN: (400, "The last admin stays one"),
    Refusal.ROLE_UNKNOWN: (400, "There is no such role"),
    Refusal.ROLE_RESERVED: (403, "Only an admin can choose a role"),
    Refusal.NAME_SHORT: (400, "username must be at least {number} characters"),
    Refusal.NAME_INVALID: (400, "username must be 1 to 100 visible characters"),
    Refusal.NAME_TAKEN: (409, "The username is taken"),
    Refusal.ADDRESS_INVALID: (400, "The email address is not valid"),
    Refusal.ADDRESS_TAKEN: (409, "The email address is taken"),
    Refusal.TICKET_BAD: (400, "The code is wrong, used or out of date"),
    Refusal.ADDRESS_SAME: (422, "The account has this email address already"),
    Refusal.PROOF_NEEDED: (403, "The password is needed for this"),
    Refusal.GROUP_NAME_INVALID: (400, "The name of a group is 1 to {number} visible characters"),
    Refusal.GROUP_NAME_TAKEN: (409, "The name of the group is taken"),
    Refusal.GROUP_LIMIT: (409, "An account may have at most {number} roles in groups"),
    Refusal.CSRF: (403, "The CSRF token is missing or wrong"),
    Refusal.CLIENT_INVALID: (
        400,
        "The client id is too long or has characters that cannot be seen",
    ),
    Refusal.ASSET_INVALID: (400, "An asset id has 1 to 64 letters, digits, _ and -"),
    Refusal.ASSET_FREE: (404, "The asset is not checked out"),
    Refusal.FLOW_UNKNOWN: (422, "There is no such flow"),
    Refusal.FLOW_BUSY: (409, "A job of this flow is not over yet"),
    Refusal.PARAMETERS_INVALID: (422, "The flow does not take these parameters"),
    Refusal.JOB_KEY_INVALID: (400, "The key of a job is 1 to {number} ASCII characters"),
    Refusal.JOB_KEY_REUSED: (422, "The key is that of another job"),
    Refusal.JOB_LIMIT: (
        429,
        "Too many jobs are not over yet. Try again in {retry_after} seconds.",
    ),
    Refusal.JOB_OVER: (409, "The job is over"),
    Refusal.JOB_NOT_OVER: (409, "The job is not over yet"),
    Refusal.OPERATOR_ONLY: (403, "Only the operator may do this"),
    # The directory tells these only after the right password, so we may too.
    Refusal.ACCOUNT_EXPIRED: (403, "The account has expired in the directory"),
    Refusal.LOGON_HOURS: (403, "The directory does not let you in at this time, or from here"),
    Refusal.PASSWORD_MUST_CHANGE: (
        403,
        "The directory wants another password first: change it by POST /user/password",
    ),
    Refusal.PASSWORD_REJECTED: (
        400,
        "The directory does not take it: too short, too simple, used before, or changed too soon",
    ),
    Refusal.DIRECTORY_KEEPS: (403, "The directory keeps this, and it cannot be changed here"),
    Refusal.DIRECTORY_UNKNOWN: (422, "There is no directory of this domain"),
    Refusal.DIRECTORY_BLIND: (422, "Nobody can be looked up in this directory"),
    Refusal.NOT_ADMITTED: (403, "You are not one of those of the directory who may log in here"),
    Refusal.NAME_HELD: (403, "Another account has the name of this user of the directory"),
}

ERRORS: dict[type[CoreError], tuple[int, str]] = {
    ConflictError: (409, "That is already taken"),
    DeniedError: (403, "You may not do this"),
    InvalidError: (400, "That value is not allowed"),
    NotFoundError: (404, "Not Found"),
    UnavailableError: (503, "The server is busy. Try again in {retry_after} seconds."),
}

UNAUTHENTICATED = {
    CredentialProblem.MISSING: "Authorization required",
    CredentialProblem.BAD: "Invalid or expired token",
}


def voice(_: Options) -> Voice:
    """Return how this dialect words every no; no option changes it."""
    return Voice(
        error=Message,
        render_error=render_error,
        render_refusal=render_refusal,
        render_status=say,
        render_unauthenticated=render_unauthenticated,
    )


def render_error(error: CoreError) -> Response:
    status, text = ERRORS[type(error)]
    wait = error.retry_after if isinstance(error, UnavailableError) else 0
    return say(status, text.format(retry_after=wait), retry_after=wait)


def render_refusal(refused: Refused) -> Response:
    status, text = REFUSALS[refused.reason]
    return say(status, in_whole(text, refused), retry_after=refused.retry_after)


def render_unauthenticated(problem: CredentialProblem) -> Response:
    return say(HTTPStatus.UNAUTHORIZED, UNAUTHENTICATED[problem])


def say(status: int, text: str, *, retry_after: int = 0) -> Response:
    headers = {}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110, 15.5.2: a 401 names a way to authenticate.
        headers["WWW-Authenticate"] = "Bearer"
    return JsonResponse(Message(message=text), status_code=status, headers=headers)
