"""How astera says no: problem details (RFC 9457) with the real status, from one table."""

from collections.abc import Sequence
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
from watchword.dialects.astera.options import Options
from watchword.dialects.astera.wire import BodyError, Problem
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Voice, in_whole, phrase_of
from watchword.http.problems import ProblemResponse

_SLOWER = "Too many attempts. Try again in {retry_after} seconds."

REFUSALS = {
    Refusal.WRONG_CREDENTIALS: (401, "The user or the password is wrong."),
    # Told only after the right password (safety.md, Accounts).
    Refusal.DISABLED: (403, "The account is disabled."),
    Refusal.THROTTLED: (429, _SLOWER),
    # No 401: a client would throw its token away.
    Refusal.WRONG_PASSWORD: (403, "The password is wrong."),
    Refusal.CLOSED: (403, "Registration is not open."),
    Refusal.NOT_ADMIN: (403, "Only an admin may do this."),
    Refusal.NOT_FOUND: (404, "There is no such account."),
    Refusal.SELF: (422, "You cannot do this to yourself."),
    Refusal.LAST_ADMIN: (422, "The last admin stays one."),
    Refusal.ROLE_UNKNOWN: (400, "role must be admin or user."),
    Refusal.ROLE_RESERVED: (403, "Only an admin can choose a role."),
    Refusal.NAME_SHORT: (400, "user must have at least {number} characters."),
    Refusal.NAME_INVALID: (
        400,
        "user must have 1 to 100 visible characters, firstName and lastName at most 100.",
    ),
    Refusal.NAME_TAKEN: (409, "The user name is taken."),
    Refusal.ADDRESS_INVALID: (400, "The email address is not valid."),
    Refusal.ADDRESS_TAKEN: (409, "The email address is taken."),
    Refusal.PASSWORD_SHORT: (400, "The password must have at least {number} characters."),
    Refusal.PASSWORD_LONG: (400, "The password must have at most {number} bytes."),
    Refusal.PASSWORD_COMMON: (400, "The password is too common."),
    Refusal.PASSWORD_REUSED: (400, "The password was used before."),
    Refusal.PASSWORD_EXPIRED: (
        403,
        "The password has expired. Send user, oldPassword and newPassword to changePassword.",
    ),
    Refusal.TICKET_BAD: (400, "The token or code is wrong, used or out of date."),
    Refusal.ADDRESS_SAME: (422, "The account has this email address already."),
    Refusal.PROOF_NEEDED: (403, "Send the password too, or log in again first."),
    Refusal.KEY_SCOPE: (403, "An API key may not do this."),
    Refusal.KEY_THROTTLED: (
        429,
        "The API key is used too often. Try again in {retry_after} seconds.",
    ),
    Refusal.KEYS_ONLY: (403, "Only an API key may do this."),
    Refusal.KEY_NAME_INVALID: (400, "The name of a key has 1 to {number} visible characters."),
    Refusal.KEY_LIMIT: (409, "An account may have at most {number} keys."),
    Refusal.CSRF: (403, "The CSRF token is missing or wrong."),
    Refusal.LIFETIME_INVALID: (400, "A token lives from 60 to {number} seconds."),
    Refusal.AUDIENCE_UNKNOWN: (400, "The service is not registered."),
    Refusal.CLIENT_INVALID: (
        400,
        "The client id is too long or has characters that cannot be seen.",
    ),
    Refusal.ASSET_INVALID: (400, "An asset id has 1 to 64 letters, digits, _ and -."),
    Refusal.ASSET_FREE: (404, "The asset is not checked out."),
    Refusal.GROUP_NAME_INVALID: (400, "The name of a group has 1 to {number} visible characters."),
    Refusal.GROUP_NAME_TAKEN: (409, "The name of the group is taken."),
    Refusal.GROUP_LIMIT: (409, "An account may have at most {number} roles in groups."),
    Refusal.FLOW_UNKNOWN: (422, "There is no such flow."),
    Refusal.FLOW_BUSY: (
        409,
        "A job of this flow is not over. Try again in {retry_after} seconds.",
    ),
    Refusal.PARAMETERS_INVALID: (422, "The flow does not take these parameters."),
    Refusal.JOB_KEY_INVALID: (400, "The key of a job has 1 to {number} ASCII characters."),
    # As draft-ietf-httpapi-idempotency-key-header, 2.7, has it.
    Refusal.JOB_KEY_REUSED: (422, "The key is that of a job with another flow or parameters."),
    Refusal.JOB_LIMIT: (
        429,
        "You have {number} jobs that are not over. Try again in {retry_after} seconds.",
    ),
    Refusal.JOB_OVER: (409, "The job is over."),
    Refusal.JOB_NOT_OVER: (409, "The job is not over yet."),
    Refusal.OPERATOR_ONLY: (403, "Only the operator may do this, at the command line."),
    # The directory tells these only after the right password, so we may too.
    Refusal.ACCOUNT_EXPIRED: (403, "The account has expired in the directory."),
    Refusal.LOGON_HOURS: (403, "The directory does not let you in at this time, or from here."),
    Refusal.PASSWORD_MUST_CHANGE: (
        403,
        "Set another password first. Send user, oldPassword and newPassword to changePassword.",
    ),
    Refusal.PASSWORD_REJECTED: (
        400,
        "The directory does not take it: too short, too simple, used before, or changed too soon.",
    ),
    Refusal.DIRECTORY_KEEPS: (403, "The directory keeps this, and it cannot be changed here."),
    Refusal.DIRECTORY_UNKNOWN: (422, "There is no directory of this domain."),
    Refusal.DIRECTORY_BLIND: (
        422,
        "Nobody can be looked up in this directory: it has no service account.",
    ),
    Refusal.NOT_ADMITTED: (
        403,
        "This user of the directory is not one of those who may log in here.",
    ),
    Refusal.NAME_HELD: (409, "Somebody else here has the name of this user of the directory."),
}

ERRORS: dict[type[CoreError], tuple[int, str]] = {
    ConflictError: (409, "That is already taken."),
    DeniedError: (403, "You may not do this."),
    InvalidError: (400, "That value is not allowed."),
    NotFoundError: (404, "There is no such thing."),
    UnavailableError: (503, "The server is busy. Try again in {retry_after} seconds."),
}

_NO_JOB = "There is no such job."

TICKET_WANTED = "Send user and password, or a Kerberos ticket."
TICKETS_NOT_TAKEN = "Kerberos tickets are not taken here. Send user and password."
_TICKET_BAD = "The ticket is wrong, out of date, or of nobody who is known here."

_ABOUT_PEOPLE = {
    Refusal.NOT_FOUND: (404, "There is no such user in the directory."),
    Refusal.DISABLED: (403, "The user is disabled in the directory."),
    Refusal.NAME_TAKEN: (409, "This user of the directory has an account already."),
    Refusal.DIRECTORY_KEEPS: (403, "The groups of the user in the directory give another role."),
}
"""What is said in other words where an admin asks for an account of a directory."""

_CHALLENGE = 'Bearer realm="watchword"'
_BAD_TOKEN = "The token is wrong or out of date."  # noqa: S105 - what is said of a token

# RFC 6750, 3.1: whoever sent no credential is told no error code.
UNAUTHENTICATED = {
    CredentialProblem.MISSING: ("Log in first.", _CHALLENGE),
    CredentialProblem.BAD: (
        _BAD_TOKEN,
        f'{_CHALLENGE}, error="invalid_token", error_description="{_BAD_TOKEN}"',
    ),
}
_SCOPE_LACKING = f'{_CHALLENGE}, error="insufficient_scope"'


def voice(_: Options) -> Voice:
    """Return how this dialect words every no; no option changes it."""
    return Voice(
        error=Problem,
        render_error=render_error,
        render_refusal=render_refusal,
        render_status=say,
        render_unauthenticated=render_unauthenticated,
    )


def render_error(error: CoreError) -> Response:
    status, text = ERRORS[type(error)]
    wait = error.retry_after if isinstance(error, UnavailableError) else 0
    return _answer(status, text.format(retry_after=wait), code=error.code, retry_after=wait)


def render_refusal(refused: Refused) -> Response:
    status, text = REFUSALS[refused.reason]
    challenge = _SCOPE_LACKING if refused.reason is Refusal.KEY_SCOPE else ""
    return _answer(
        status,
        in_whole(text, refused),
        code=refused.reason.value,
        retry_after=refused.retry_after,
        challenge=challenge,
    )


def render_own_refusal(refused: Refused) -> Response:
    """Word a refusal of what somebody does to their own account."""
    if refused.reason is Refusal.NOT_FOUND:
        # The account went since the token was looked at.
        return render_unauthenticated(CredentialProblem.BAD)
    return render_refusal(refused)


def render_job_refusal(refused: Refused) -> Response:
    """Word a refusal of what somebody does with a job."""
    if refused.reason is Refusal.NOT_FOUND:
        return _answer(HTTPStatus.NOT_FOUND, _NO_JOB, code=refused.reason.value)
    return render_refusal(refused)


def render_person_refusal(refused: Refused) -> Response:
    """Word a refusal to make an account for somebody of a directory."""
    if worded := _ABOUT_PEOPLE.get(refused.reason):
        return _answer(*worded, code=refused.reason.value)
    return render_refusal(refused)


def render_ticket_refusal(refused: Refused) -> Response:
    """Word a refusal of who came with a ticket: they have typed nothing that could be wrong."""
    if refused.reason is Refusal.WRONG_CREDENTIALS:
        return _answer(HTTPStatus.UNAUTHORIZED, _TICKET_BAD, code=refused.reason.value)
    return render_refusal(refused)


def render_unauthenticated(problem: CredentialProblem) -> Response:
    text, challenge = UNAUTHENTICATED[problem]
    return _answer(HTTPStatus.UNAUTHORIZED, text, challenge=challenge)


def say(status: int, text: str) -> Response:
    """Answer with a status and what there is to say about it."""
    # A phrase of RFC 9110 as text means that there is nothing more to say.
    return _answer(status, "" if text == phrase_of(status) else text)


def refuse(status: int, text: str, *, code: str) -> Response:
    """Say no for a reason that is this API's own."""
    return _answer(status, text, code=code)


def refuse_body(errors: Sequence[BodyError]) -> Response:
    """Say everything that is wrong with a body; the first thing also in `detail`."""
    text = errors[0].detail
    return _answer(HTTPStatus.BAD_REQUEST, text, code="invalid_body", errors=tuple(errors))


def _answer(
    status: int,
    text: str,
    *,
    code: str = "",
    errors: tuple[BodyError, ...] = (),
    retry_after: int = 0,
    challenge: str = "",
) -> Response:
    headers = {}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    if challenge or status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = challenge or _CHALLENGE
    problem = Problem(
        title=phrase_of(status), status=int(status), detail=text, code=code, errors=errors
    )
    return ProblemResponse(problem, status_code=problem.status, headers=headers)
