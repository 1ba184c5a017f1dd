"""Which path does what, who may ask, and what can come back. Nothing else."""

from collections.abc import Sequence

import msgspec

from watchword.core.apikeys.model import Scope
from watchword.core.services import Services
from watchword.dialects.astera import wire
from watchword.dialects.astera.changeemail import change_email
from watchword.dialects.astera.changepassword import change_password
from watchword.dialects.astera.checkaccess import check_access
from watchword.dialects.astera.confirmemail import confirm_email, show_confirmation
from watchword.dialects.astera.emailchangetoken import email_change_token
from watchword.dialects.astera.forgotpassword import forgot_password
from watchword.dialects.astera.invite import invite
from watchword.dialects.astera.jobroutes import job_operations
from watchword.dialects.astera.login import login
from watchword.dialects.astera.loginad import login_ad
from watchword.dialects.astera.logout import logout
from watchword.dialects.astera.options import Options
from watchword.dialects.astera.register import register
from watchword.dialects.astera.registerad import register_ad
from watchword.dialects.astera.resendconfirmation import resend_confirmation
from watchword.dialects.astera.resetpassword import reset_password
from watchword.dialects.astera.startjob import JOBS
from watchword.dialects.astera.undoemailchange import undo_email_change
from watchword.dialects.astera.verifyemailchangetoken import verify_email_change_token
from watchword.dialects.astera.verifyresettoken import verify_reset_token
from watchword.http.answers import saying
from watchword.http.operation import Answer, Credential, Endpoint, Operation, Parameter, Place
from watchword.http.pages import PAGE_TYPE, with_head
from watchword.http.problems import ProblemResponse

_ACCOUNT = "/api/account"

PREFIXES = (_ACCOUNT, JOBS)

_TOKEN = "q7Kx…"  # noqa: S105 - an example
_CODE = "7K3M-2QXV"

_EXAMPLES: dict[type, object] = {
    wire.Credentials: {"user": "admin", "password": "Admin123", "rememberMe": True},
    wire.DirectoryCredentials: {"user": "CORP\\ada", "password": "a river of small stones"},
    wire.DirectoryUser: {"user": "ada", "domain": "CORP"},
    wire.NewUser: {
        "user": "grace",
        "password": "a river of small stones",
        "email": "grace@example.com",
        "firstName": "Grace",
        "lastName": "Hopper",
    },
    wire.Whom: {"email": "grace@example.com"},
    wire.ResetToken: {"email": "grace@example.com", "token": _CODE},
    wire.PasswordReset: {
        "email": "grace@example.com",
        "token": _CODE,
        "password": "a lake of large ones",
    },
    wire.EmailWish: {"newEmail": "grace@example.org", "password": "a river of small stones"},
    wire.EmailToken: {"newEmail": "grace@example.org", "token": _CODE},
    wire.UndoToken: {"token": _TOKEN},
    wire.PasswordChange: {
        "oldPassword": "a river of small stones",
        "newPassword": "a lake of large ones",
    },
    wire.EmailCode: {"email": "grace@example.com", "code": _CODE},
    wire.Guest: {"email": "eve@example.com", "role": "user"},
}

_REFUSED = {
    400: "A value is not allowed, the token or code is not good, or the body cannot be read",
    401: "The user, the password or the token is wrong, or missing",
    403: "Not allowed; the body says why",
    404: "The directory has no such user",
    409: "The name or the address is taken",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The account has this address already, or there is no such directory",
    429: "Too many attempts; Retry-After says when to come again",
    503: "The server is busy; Retry-After says when to come again",
}
_READING = (400, 413, 415, 429, 503)
_ABOUT_TICKETS = (
    "Where Kerberos is set up, `Authorization: Negotiate` (RFC 4559) stands for user and password:"
    " then there may be no body, or one with `rememberMe` alone."
)


def operations(services: Services, options: Options) -> Sequence[Operation]:
    """Return everything that astera does."""
    return (
        *_beginnings(services),
        *_sessions(services, options),
        *_of_directories(services, options),
        *_passwords(services),
        *_addresses(services),
        *job_operations(services),
    )


def _beginnings(services: Services) -> Sequence[Operation]:
    return (
        *with_head(_confirmation_page()),
        _posting(
            "register",
            register(services.signup),
            "Register an account; a letter confirms its address",
            body=wire.NewUser,
            success=wire.Account,
            refusals=(401, 403, 409),
            credential=Credential.OPTIONAL,
        ),
        _posting(
            "invite",
            invite(services.invitations),
            "Send somebody a letter that lets them register, whatever role they shall have",
            body=wire.Guest,
            success=wire.Invited,
            refusals=(401, 403, 409),
            credential=Credential.REQUIRED,
        ),
        _posting(
            "confirmEmail",
            confirm_email(services.confirmation),
            "Confirm an address with the code from its letter",
            description="The page of the GET posts the same as a form, and is answered by a page.",
            body=wire.EmailCode,
            refusals=(409,),
        ),
        _posting(
            "resendConfirmation",
            resend_confirmation(services.confirmation),
            "Send the letter that confirms an address once more",
            body=wire.Whom,
        ),
    )


def _confirmation_page() -> Operation:
    return Operation(
        method="GET",
        path=f"{_ACCOUNT}/confirmEmail",
        endpoint=show_confirmation,
        summary="Show a page with one button, which confirms an address",
        description="It uses nothing up, however often programs that check links open it.",
        parameters=tuple(
            Parameter(name=name, place=Place.QUERY, description=text, is_required=True)
            for name, text in (("email", "The address"), ("code", "The code from its letter"))
        ),
        answers={
            200: Answer(description="The page", shape=str, media_type=PAGE_TYPE),
            400: Answer(description="The link is not whole", shape=str, media_type=PAGE_TYPE),
        },
    )


def _sessions(services: Services, options: Options) -> Sequence[Operation]:
    return (
        _posting(
            "login",
            login(services.signin, options),
            "Log in",
            body=wire.Credentials,
            success=wire.LogIn,
            refusals=(401, 403, 409),
        ),
        Operation(
            method="POST",
            path=f"{_ACCOUNT}/logout",
            endpoint=logout(services.sessions),
            summary="End the session of the token",
            changes=True,
            credential=Credential.REQUIRED,
            answers=_answers(wire.Message, 401, 403, 429, 503),
        ),
        Operation(
            method="GET",
            path=f"{_ACCOUNT}/checkAccess",
            endpoint=saying(check_access),
            says=check_access,
            summary="Ask whose token or API key this is, and until when it is good",
            credential=Credential.REQUIRED,
            scope=Scope.IDENTIFY,
            answers=_answers(wire.Access, 401, 403, 429, 503),
        ),
    )


def _of_directories(services: Services, options: Options) -> Sequence[Operation]:
    return (
        _posting(
            "registerAD",
            register_ad(services.directory_accounts),
            "Make an account for somebody of a directory, filled from there",
            body=wire.DirectoryUser,
            success=wire.Account,
            refusals=(401, 403, 404, 409, 422),
            credential=Credential.REQUIRED,
            scope=Scope.ACCOUNTS_WRITE,
        ),
        _posting(
            "loginAD",
            login_ad(services.directory_signin, options),
            "Log in with the password that a directory knows, or with a Kerberos ticket",
            description=_ABOUT_TICKETS,
            body=wire.DirectoryCredentials,
            success=wire.LogIn,
            refusals=(401, 403, 409),
        ),
    )


def _passwords(services: Services) -> Sequence[Operation]:
    return (
        _posting(
            "forgotPassword",
            forgot_password(services.recovery),
            "Ask for a letter that lets one set another password",
            body=wire.Whom,
        ),
        _posting(
            "verifyResetToken",
            verify_reset_token(services.recovery),
            "Ask whether a token would reset the password; it is not used up",
            body=wire.ResetToken,
            success=wire.Valid,
        ),
        _posting(
            "resetPassword",
            reset_password(services.recovery),
            "Set another password with a token, once; all sessions end",
            body=wire.PasswordReset,
        ),
        _posting(
            "changePassword",
            change_password(services.passwords),
            "Change one's own password; other sessions end",
            body=wire.PasswordChange,
            refusals=(401, 403),
            credential=Credential.OPTIONAL,
        ),
    )


def _addresses(services: Services) -> Sequence[Operation]:
    return (
        _posting(
            "emailChangeToken",
            email_change_token(services.email_change),
            "Ask for a letter to another address, to make it one's own",
            body=wire.EmailWish,
            refusals=(401, 403, 422),
            credential=Credential.REQUIRED,
        ),
        _posting(
            "verifyEmailChangeToken",
            verify_email_change_token(services.email_change),
            "Ask whether a token would change the address; it is not used up",
            body=wire.EmailToken,
            success=wire.Valid,
            refusals=(401, 403),
            credential=Credential.OPTIONAL,
        ),
        _posting(
            "changeEmail",
            change_email(services.email_change),
            "Change the address with a token from the new one, once",
            body=wire.EmailToken,
            refusals=(401, 403, 409),
            credential=Credential.OPTIONAL,
        ),
        _posting(
            "undoEmailChange",
            undo_email_change(services.email_change),
            "Take a change of address back, with the token from the old one; all sessions end",
            body=wire.UndoToken,
            refusals=(409,),
        ),
    )


def _posting(
    verb: str,
    endpoint: Endpoint,
    summary: str,
    *,
    description: str = "",
    body: type[msgspec.Struct],
    success: type[msgspec.Struct] = wire.Message,
    refusals: tuple[int, ...] = (),
    credential: Credential = Credential.NONE,
    scope: Scope | None = None,
) -> Operation:
    return Operation(
        method="POST",
        path=f"{_ACCOUNT}/{verb}",
        endpoint=endpoint,
        summary=summary,
        description=description,
        changes=True,
        credential=credential,
        scope=scope,
        body=body,
        example=_EXAMPLES[body],
        answers=_answers(success, *_READING, *refusals),
    )


def _answers(success: object, *refusals: int) -> dict[int, Answer]:
    media_type = ProblemResponse.media_type
    return {200: Answer(description="It is done", shape=success)} | {
        status: Answer(description=_REFUSED[status], shape=wire.Problem, media_type=media_type)
        for status in refusals
    }
