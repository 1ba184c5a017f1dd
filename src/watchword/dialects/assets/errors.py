"""How the assets API says no: `{"errorcode", "message"}` inside a 200, from one table."""

from dataclasses import dataclass
from http import HTTPStatus

from msgspec import UNSET
from starlette.responses import Response

from watchword.core.accounts.model import Account
from watchword.core.checkouts.model import Checkout
from watchword.core.kernel.errors import (
    ConflictError,
    CoreError,
    DeniedError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from watchword.core.policy.refusals import Refusal, Refused
from watchword.dialects.assets.options import Options
from watchword.dialects.assets.wire import Fault, Held, LoginRefused, milliseconds
from watchword.http.answers import JsonResponse
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Voice, in_whole

_INVALID = (401, "Invalid username or password")
_SLOWER = "Too many attempts. Try again in {retry_after} seconds."

REFUSALS = {
    Refusal.WRONG_CREDENTIALS: _INVALID,
    # Disabled says nothing else: a stranger would learn that the password was right.
    Refusal.DISABLED: _INVALID,
    Refusal.WRONG_PASSWORD: _INVALID,
    Refusal.THROTTLED: (429, _SLOWER),
    Refusal.PASSWORD_EXPIRED: (403, "The password has expired"),
    Refusal.PASSWORD_SHORT: (400, "The password must be at least {number} characters"),
    Refusal.PASSWORD_LONG: (400, "The password must be at most {number} bytes"),
    Refusal.PASSWORD_COMMON: (400, "The password is too common"),
    Refusal.PASSWORD_REUSED: (400, "The password was used before"),
    Refusal.LIFETIME_INVALID: (400, "A token lives for {number} seconds at most"),
    Refusal.AUDIENCE_UNKNOWN: (400, "There is no such service"),
    Refusal.KEY_NAME_INVALID: (400, "The name of a key is 1 to {number} visible characters"),
    Refusal.KEY_LIMIT: (409, "An account may have at most {number} keys"),
    Refusal.KEY_SCOPE: (403, "The API key may not be used for this"),
    Refusal.KEY_THROTTLED: (
        429,
        "The API key is used too often. Try again in {retry_after} seconds.",
    ),
    Refusal.KEYS_ONLY: (403, "Only an API key may do this"),
    Refusal.CSRF: (403, "The header X-CSRF-TOKEN is missing or wrong"),
    Refusal.CLIENT_INVALID: (
        400,
        "The clientId is too long, or has characters that cannot be seen",
    ),
    Refusal.ASSET_INVALID: (400, "An asset id is 1 to 64 letters, digits, - and _"),
    Refusal.ASSET_FREE: (404, "The asset is not checked out"),
    Refusal.NOT_FOUND: (404, "Not Found"),
    Refusal.NOT_ADMIN: (403, "Only an administrator may do this"),
    Refusal.CLOSED: (403, "Registration is closed"),
    Refusal.SELF: (400, "You cannot do this to yourself"),
    Refusal.LAST_ADMIN: (400, "The last administrator stays one"),
    Refusal.ROLE_UNKNOWN: (400, "There is no such role"),
    Refusal.ROLE_RESERVED: (403, "Only an administrator may choose a role"),
    Refusal.NAME_SHORT: (400, "The username must be at least {number} characters"),
    Refusal.NAME_INVALID: (400, "The username must be 1 to 100 visible characters"),
    Refusal.NAME_TAKEN: (409, "The username is taken"),
    Refusal.ADDRESS_INVALID: (400, "The email address is not valid"),
    Refusal.ADDRESS_TAKEN: (409, "The email address is taken"),
    Refusal.TICKET_BAD: (400, "The code is wrong, used or out of date"),
    Refusal.ADDRESS_SAME: (422, "The account has this email address already"),
    Refusal.PROOF_NEEDED: (403, "The password is needed for this"),
    Refusal.GROUP_NAME_INVALID: (400, "The name of a group is 1 to {number} visible characters"),
    Refusal.GROUP_NAME_TAKEN: (409, "The name of the group is taken"),
    Refusal.GROUP_LIMIT: (409, "An account may have at most {number} roles in groups"),
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
        "The password must be changed in the directory before the first login",
    ),
    Refusal.PASSWORD_REJECTED: (
        400,
        "The directory does not take it: too short, too simple, used before, or changed too soon",
    ),
    Refusal.DIRECTORY_KEEPS: (403, "The directory keeps this, and it cannot be changed here"),
    Refusal.DIRECTORY_UNKNOWN: (422, "There is no directory of this domain"),
    Refusal.DIRECTORY_BLIND: (422, "Nobody can be looked up in this directory"),
    Refusal.NOT_ADMITTED: (403, "You are not one of those of the directory who may log in here"),
    Refusal.NAME_HELD: (409, "Another account has the name of this user of the directory"),
}

ERRORS: dict[type[CoreError], tuple[int, str]] = {
    ConflictError: (409, "That is already taken"),
    DeniedError: (403, "You may not do this"),
    InvalidError: (400, "That value is not allowed"),
    NotFoundError: (404, "Not Found"),
    UnavailableError: (503, "The server is busy. Try again in {retry_after} seconds."),
}

NOT_LOGGED_IN = "Not logged in"

IN_A_200 = frozenset({403, 404, 405})
"""The statuses of the http room that clients of this API know as an errorcode. The others are
no verdict on a call, but trouble on the way to it, and that is for whoever stands between."""


class AssetsResponse(JsonResponse):
    """Every answer of this API."""

    media_type = "application/json;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Speech:
    """Says no as an operator wants it: inside a 200, or with the status itself."""

    options: Options

    def error(self, error: CoreError) -> Response:
        status, text = ERRORS[type(error)]
        if isinstance(error, UnavailableError):
            # Never in a 200: who balances the load has to see it.
            text = text.format(retry_after=error.retry_after)
            return _answer(_fault(status, text), status, retry_after=error.retry_after)
        return self.say(status, text)

    def refusal(self, refused: Refused) -> Response:
        status, text = _worded(refused)
        return self.say(status, text, retry_after=refused.retry_after)

    def unauthenticated(self, _: CredentialProblem) -> Response:
        return self.say(HTTPStatus.UNAUTHORIZED, NOT_LOGGED_IN)

    def status(self, status: int, text: str) -> Response:
        """Word what is refused before an endpoint is reached, or beneath the app."""
        if status in IN_A_200:
            return self.say(status, text)
        return _answer(_fault(status, text), status)

    def bad_request(self, text: str) -> Response:
        return self.say(HTTPStatus.BAD_REQUEST, text)

    def say(self, status: int, text: str, *, retry_after: int = 0) -> Response:
        return _answer(_fault(status, text), self._real(status), retry_after=retry_after)

    def held(self, checkout: Checkout, *, asked_by: Account) -> Response:
        """Say who has an asset; for which client is the business of its user alone."""
        client = checkout.holder.client if checkout.holder.account_id == asked_by.id else ""
        on_client = f" on client {client}" if client else ""
        held = Held(
            errorcode=HTTPStatus.CONFLICT,
            message=f"The asset is checked out by {checkout.name}{on_client}",
            checked_out=milliseconds(checkout.taken_at),
            checked_out_by=checkout.name,
            checked_out_on_client=client or UNSET,
        )
        return _answer(held, self._real(HTTPStatus.CONFLICT))

    def refuse_log_in(self, refused: Refused) -> Response:
        status, text = _worded(refused)
        if refused.retry_after:
            return self._no_log_in(text, errorcode=status, retry_after=refused.retry_after)
        return self.fail_log_in(text)

    def fail_log_in(self, text: str) -> Response:
        """Say that nobody is in. That is an answer and no error, whatever the operator wants."""
        return self._no_log_in(text)

    def _no_log_in(self, text: str, *, errorcode: int = 0, retry_after: int = 0) -> Response:
        refused = LoginRefused(
            login_success=False,
            login_fault_message=text,
            server_version=self.options.server_version,
            errorcode=errorcode or UNSET,
            message=text if errorcode else UNSET,
        )
        status = self._real(errorcode or HTTPStatus.OK)
        return _answer(refused, status, retry_after=retry_after)

    def _real(self, status: int) -> int:
        return status if self.options.errors_as_status else HTTPStatus.OK


def voice(options: Options) -> Voice:
    """Return how this dialect words every no."""
    speech = Speech(options)
    return Voice(
        error=Fault,
        render_error=speech.error,
        render_refusal=speech.refusal,
        render_status=speech.status,
        render_unauthenticated=speech.unauthenticated,
    )


def _worded(refused: Refused) -> tuple[int, str]:
    status, text = REFUSALS[refused.reason]
    return status, in_whole(text, refused)


def _fault(status: int, text: str) -> Fault:
    return Fault(errorcode=int(status), message=text)


def _answer(content: object, status: int, *, retry_after: int = 0) -> Response:
    headers = {}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110, 15.5.2: a 401 names a way to authenticate.
        headers["WWW-Authenticate"] = "Bearer"
    return AssetsResponse(content, status_code=status, headers=headers)
