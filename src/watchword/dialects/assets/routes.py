"""Which path does what, who may ask, and what can come back. Nothing else."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from watchword.core.apikeys.model import Scope
from watchword.core.services import Services
from watchword.dialects.assets import wire
from watchword.dialects.assets.apilogin import api_login
from watchword.dialects.assets.checkout import check_out
from watchword.dialects.assets.errors import AssetsResponse
from watchword.dialects.assets.giveback import check_in, undo_check_out
from watchword.dialects.assets.listcheckouts import PATH as CHECKOUTS
from watchword.dialects.assets.listcheckouts import list_checkouts
from watchword.dialects.assets.login import login
from watchword.dialects.assets.logout import logout
from watchword.dialects.assets.options import Options
from watchword.dialects.assets.ping import ping
from watchword.dialects.assets.profile import profile
from watchword.http.operation import Answer, Credential, Endpoint, Operation, Parameter, Place

PREFIXES = ("/services",)

_AFTER = Parameter(
    name="after", place=Place.QUERY, description="Where the next page begins, from the Link field"
)
_ALL = Parameter(
    name="all",
    place=Place.QUERY,
    description="Everybody's check-outs, for an administrator",
    shape=bool,
)

_NO_LOG_IN = {200: wire.LoginRefused, 429: wire.LoginRefused}
_HELD = {409: wire.Held}


def operations(services: Services, options: Options) -> Sequence[Operation]:
    """Return everything that the assets API does."""
    return (
        *_log_ins(services, options),
        *_sessions(services, options),
        *_check_outs(services, options),
        Operation(
            method="GET",
            path="/services/ping",
            endpoint=ping(options),
            summary="Ask whether the server is there, and which it is",
            answers=_answers(options, wire.Ping),
        ),
    )


def _log_ins(services: Services, options: Options) -> Sequence[Operation]:
    return (
        Operation(
            method="POST",
            path="/services/apilogin",
            endpoint=api_login(services.signin, options),
            summary="Log a program in: it gets a token",
            changes=True,
            form=wire.ApiLoginForm,
            example={
                "username": "ada",
                "password": "a river of small stones",
                "clientId": "desk-1",
            },
            answers=_answers(options, wire.ApiLogin, _NO_LOG_IN),
        ),
        Operation(
            method="POST",
            path="/services/login",
            endpoint=login(services.signin, services.csrf, options),
            summary="Log a browser in: it gets a cookie, and a token that goes beside it",
            changes=True,
            opens_cookie_session=True,
            form=wire.LoginForm,
            example={"username": "ada", "password": "a river of small stones"},
            answers=_answers(options, wire.Login, _NO_LOG_IN),
        ),
    )


def _sessions(services: Services, options: Options) -> Sequence[Operation]:
    return (
        Operation(
            method="POST",
            path="/services/logout",
            endpoint=logout(services.sessions, options),
            summary="End the session",
            changes=True,
            credential=Credential.REQUIRED,
            answers=_answers(options, wire.Logout),
        ),
        *(
            Operation(
                method=method,
                path="/services/profile",
                endpoint=profile(services.groups),
                summary="Ask who one is",
                changes=method == "POST",
                credential=Credential.REQUIRED,
                scope=Scope.IDENTIFY,
                answers=_answers(options, wire.Profile),
            )
            for method in ("GET", "POST")
        ),
    )


def _check_outs(services: Services, options: Options) -> Sequence[Operation]:
    give_up = undo_check_out(services.checkouts, options)
    bring_back = check_in(services.checkouts, options)
    return (
        Operation(
            method="POST",
            path="/services/checkout/{asset_id}",
            endpoint=check_out(services.checkouts, options),
            summary="Check an asset out",
            changes=True,
            credential=Credential.REQUIRED,
            scope=Scope.IDENTIFY,
            form=wire.CheckOutForm,
            answers=_answers(options, wire.CheckedOut, _HELD),
        ),
        _end("undocheckout", give_up, "Give up a check-out", options, wire.Undone),
        _end("checkin", bring_back, "Check an asset in", options, wire.CheckedIn),
        Operation(
            method="GET",
            path=CHECKOUTS,
            endpoint=list_checkouts(services.checkouts, options),
            summary="List one's check-outs, or everybody's, by asset",
            credential=Credential.REQUIRED,
            scope=Scope.IDENTIFY,
            parameters=(_ALL, _AFTER),
            answers=_answers(options, wire.CheckoutList),
        ),
    )


def _end(
    verb: str, endpoint: Endpoint, summary: str, options: Options, success: object
) -> Operation:
    return Operation(
        method="POST",
        path=f"/services/{verb}/{{asset_id}}",
        endpoint=endpoint,
        summary=summary,
        changes=True,
        credential=Credential.REQUIRED,
        scope=Scope.IDENTIFY,
        answers=_answers(options, success, _HELD),
    )


def _answers(
    options: Options, success: object, noes: Mapping[int, object] | None = None
) -> dict[int, Answer]:
    """Return the yes, and those noes that have a shape of their own; the voice has the rest."""
    noes = noes or {}
    real = {status for status in noes if options.errors_as_status and status != HTTPStatus.OK}
    inside = dict.fromkeys(shape for status, shape in noes.items() if status not in real)
    answers = {200: _answer("It is done, or the body says why not", success, *inside)}
    return answers | {status: _answer("The body says why not", noes[status]) for status in real}


def _answer(description: str, shape: object, *others: object) -> Answer:
    return Answer(
        description=description,
        shape=shape,
        others=others,
        media_type=AssetsResponse.media_type,
    )
