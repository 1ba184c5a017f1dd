"""How asta says no: `{"detail": "<text>"}`, from one table."""

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
from watchword.dialects.asta.options import Options
from watchword.dialects.asta.wire import ErrorDetail
from watchword.http.answers import JsonResponse
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Voice, in_whole

REFUSALS = {
    Refusal.WRONG_CREDENTIALS: (401, "Invalid username or password"),
    # Disabled says nothing else: a stranger would learn that the password was right.
    Refusal.DISABLED: (401, "Invalid username or password"),
    Refusal.THROTTLED: (429, "Too many attempts. Try again in {retry_after} seconds."),
    Refusal.WRONG_PASSWORD: (401, "Current password is incorrect"),
    Refusal.CLOSED: (403, "Registration is not available"),
    Refusal.NOT_ADMIN: (403, "Admin access required"),
    Refusal.NOT_FOUND: (404, "User not found"),
    Refusal.SELF: (400, "Cannot delete yourself"),
    Refusal.LAST_ADMIN: (400, "Cannot demote the last admin"),
    Refusal.ROLE_UNKNOWN: (400, "Role must be 'admin' or 'user'"),
    Refusal.ROLE_RESERVED: (403, "Only an admin can choose a role"),
    Refusal.NAME_SHORT: (400, "Username must be at least {number} characters"),
    Refusal.NAME_INVALID: (400, "Username must be 1 to 100 visible characters"),
    Refusal.NAME_TAKEN: (409, "Username already exists"),
    Refusal.ADDRESS_INVALID: (400, "Email address is not valid"),
    Refusal.ADDRESS_TAKEN: (409, "Email address already exists"),
    Refusal.PASSWORD_SHORT: (400, "Password must be at least {number} characters"),
    Refusal.PASSWORD_LONG: (400, "Password must be at most {number} bytes"),
    Refusal.PASSWORD_COMMON: (400, "Password is too common"),
    Refusal.PASSWORD_REUSED: (400, "Password was used before"),
    Refusal.PASSWORD_EXPIRED: (403, "Password has expired"),
    Refusal.KEY_SCOPE: (403, "An API key may not do this"),
    Refusal.KEY_THROTTLED: (429, "Too many requests. Try again in {retry_after} seconds."),
    Refusal.KEYS_ONLY: (403, "Only an API key may do this"),
    Refusal.KEY_NAME_INVALID: (400, "Key name must be 1 to {number} visible characters"),
    Refusal.KEY_LIMIT: (409, "An account may have at most {number} keys"),
    Refusal.LIFETIME_INVALID: (400, "A token lives from 60 to {number} seconds"),
    Refusal.AUDIENCE_UNKNOWN: (400, "Service is not registered"),
    Refusal.TICKET_BAD: (400, "Code is not valid or has expired"),
    Refusal.ADDRESS_SAME: (422, "This is the email address already"),
    Refusal.PROOF_NEEDED: (403, "Password is required for this"),
    Refusal.GROUP_NAME_INVALID: (400, "Group name must be 1 to {number} visible characters"),
    Refusal.GROUP_NAME_TAKEN: (409, "Group name already exists"),
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
    Refusal.JOB_KEY_INVALID: (400, "The key of a job must be 1 to {number} ASCII characters"),
    Refusal.JOB_KEY_REUSED: (422, "The key is that of another job"),
    Refusal.JOB_LIMIT: (
        429,
        "Too many jobs are not over yet. Try again in {retry_after} seconds.",
    ),
    Refusal.JOB_OVER: (409, "The job is over"),
    Refusal.JOB_NOT_OVER: (409, "The job is not over yet"),
    Refusal.OPERATOR_ONLY: (403, "Only the operator may do this"),
    # The directory tells these only after the right password, so we may too.
    Refusal.ACCOUNT_EXPIRED: (403, "Account has expired in the directory"),
    Refusal.LOGON_HOURS: (403, "Login is not allowed at this time, or from here"),
    Refusal.PASSWORD_MUST_CHANGE: (
        403,
        "Password must be changed in the directory before the first login",
    ),
    Refusal.PASSWORD_REJECTED: (
        400,
        "Directory does not take it: too short, too simple, used before, or changed too soon",
    ),
    Refusal.DIRECTORY_KEEPS: (403, "The directory keeps this, and it cannot be changed here"),
    Refusal.DIRECTORY_UNKNOWN: (422, "There is no directory of this domain"),
    Refusal.DIRECTORY_BLIND: (422, "Nobody can be looked up in this directory"),
    Refusal.NOT_ADMITTED: (403, "You are not one of those of the directory who may log in here"),
    Refusal.NAME_HELD: (403, "Another account has this username"),
}

ERRORS: dict[type[CoreError], tuple[int, str]] = {
    ConflictError: (409, "That is already taken"),
    DeniedError: (403, "You may not do this"),
    InvalidError: (400, "That value is not allowed"),
    NotFoundError: (404, "No such thing"),
    UnavailableError: (503, "The server is busy. Try again in {retry_after} seconds."),
}

UNAUTHENTICATED = {
    CredentialProblem.MISSING: "Authentication required",
    CredentialProblem.BAD: "Invalid or expired token",
}


def voice(_: Options) -> Voice:
    """Return how this dialect words every no; no option changes it."""
    return Voice(
        error=ErrorDetail,
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


def render_deletion_refused(refused: Refused) -> Response:
    """Word a refusal where the table's words for the last admin would not fit."""
    if refused.reason is Refusal.LAST_ADMIN:
        return say(HTTPStatus.BAD_REQUEST, "Cannot delete the last admin")
    return render_refusal(refused)


def render_unauthenticated(problem: CredentialProblem) -> Response:
    return say(HTTPStatus.UNAUTHORIZED, UNAUTHENTICATED[problem])


def say(status: int, text: str, *, retry_after: int = 0) -> Response:
    headers = {}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110, 15.5.2: a 401 names a way to authenticate.
        headers["WWW-Authenticate"] = "Bearer"
    return JsonResponse(ErrorDetail(detail=text), status_code=status, headers=headers)
