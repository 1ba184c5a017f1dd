"""Serves one operation: who asks, may they, what does the endpoint say, and what if it fails."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from watchword.core.kernel.errors import CoreError, UnavailableError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.authenticate import Authenticate, Caller
from watchword.core.services.checkkey import CheckKey
from watchword.core.services.csrf import Csrf
from watchword.core.sessions.model import Kind
from watchword.http import reports
from watchword.http.arrival import Arrival, arrival_of
from watchword.http.call import BodyTooLargeError, Call, ClientGoneError
from watchword.http.cookies import CookieRule, csrf_token, is_cross_site
from watchword.http.credentials import (
    Carrier,
    CredentialProblem,
    Presented,
    caller_of,
    find_credential,
)
from watchword.http.dialect import Voice, say_status
from watchword.http.operation import Credential, Operation
from watchword.http.presence import while_there

FOREIGN_PAGE = "A page of another site cannot do this."


class Handler:
    """An operation with everything that stands before its endpoint."""

    def __init__(
        self,
        operation: Operation,
        *,
        dialect: str,
        voice: Voice,
        authenticate: Authenticate,
        check_key: CheckKey,
        cookie_rule: CookieRule,
        csrf: Csrf,
        body_bytes_max: int,
        is_demo: bool,
    ) -> None:
        self._operation = operation
        self._dialect = dialect
        self._voice = voice
        self._authenticate = authenticate
        self._check_key = check_key
        self._cookie_rule = cookie_rule
        self._csrf = csrf
        self._body_bytes_max = operation.body_bytes_max or body_bytes_max
        self._is_demo = is_demo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrival = arrival_of(scope)
        try:
            response = await self._answer(scope, receive, arrival)
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 - a bug of ours still gets an answer, in this voice
            response = self._explain(error)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, arrival: Arrival) -> Response:
        operation = self._operation
        if _announced(arrival) > self._body_bytes_max:
            raise BodyTooLargeError
        found = await self._judge(scope, arrival)
        if isinstance(found, Response):
            return found
        call = Call(
            scope,
            receive,
            arrival=arrival,
            found=found,
            dialect=self._dialect,
            body_bytes_max=self._body_bytes_max,
            is_demo=self._is_demo,
        )
        if not operation.waits:
            return await operation.endpoint(call)
        response = await while_there(receive, operation.endpoint(call))
        # What it waited for may have been the end of the credential itself.
        again = await self._judge(scope, arrival, is_use=False)
        return again if isinstance(again, Response) else response

    async def _judge(
        self, scope: Scope, arrival: Arrival, *, is_use: bool = True
    ) -> Caller | CredentialProblem | Response:
        """Return who asks, or why nobody is known where nobody has to be; else the answer."""
        if self._operation.opens_cookie_session and is_cross_site(arrival.fields):
            return self._refuse_page()
        presented = self._presented(scope, arrival)
        found: Caller | CredentialProblem | Refused
        if isinstance(presented, Presented):
            if self._is_foreign(presented, arrival, is_proven=bool(csrf_token(arrival.fields))):
                return self._refuse_page()
            found = await self._caller_of(presented, is_use=is_use)
        else:
            found = presented
        if isinstance(found, Refused):
            return self._voice.render_refusal(found)
        if isinstance(found, Caller) and isinstance(presented, Presented):
            return self._refuse_change(found, presented, arrival) or found
        if isinstance(found, CredentialProblem) and self._minds(found):
            return self._voice.render_unauthenticated(found)
        return found

    async def _caller_of(
        self, presented: Presented, *, is_use: bool
    ) -> Caller | CredentialProblem | Refused:
        """Return who asks, if they may with what they came with."""
        found = await caller_of(
            presented, authenticate=self._authenticate, check_key=self._check_key, is_use=is_use
        )
        if isinstance(found, Caller):
            if self._operation.keys_only and found.key is None:
                return Refused(Refusal.KEYS_ONLY)
            if not (found.may(self._operation.scope) or found.may(self._operation.or_scope)):
                return Refused(Refusal.KEY_SCOPE)
        return found or CredentialProblem.BAD

    def _presented(self, scope: Scope, arrival: Arrival) -> Presented | CredentialProblem:
        if self._operation.credential is Credential.NONE:
            return CredentialProblem.MISSING
        query = scope["query_string"] if self._operation.allows_query_token else None
        return find_credential(arrival.fields, query)

    def _refuse_change(
        self, caller: Caller, presented: Presented, arrival: Arrival
    ) -> Response | None:
        """Refuse a change for which a session needs more than its token."""
        session = caller.session
        if session is None or not self._operation.changes:
            return None
        if not self._csrf.allows(session, csrf_token(arrival.fields)):
            return self._voice.render_refusal(Refused(Refusal.CSRF))
        # No CSRF token belongs to a bearer session, so one beside it proves nothing.
        is_proven = session.kind is Kind.COOKIE
        if self._is_foreign(presented, arrival, is_proven=is_proven):
            return self._refuse_page()
        return None

    def _is_foreign(self, presented: Presented, arrival: Arrival, *, is_proven: bool) -> bool:
        """Say whether a page of another site may have sent this.

        What is proven by a CSRF token need not say where it comes from.
        """
        return (
            presented.carrier is Carrier.COOKIE
            and self._operation.changes
            and self._cookie_rule.refuses(
                arrival.fields,
                is_secure=arrival.client.is_secure,
                says_where=self._operation.method == "GET" and not is_proven,
            )
        )

    def _refuse_page(self) -> Response:
        return self._voice.render_status(HTTPStatus.FORBIDDEN, FOREIGN_PAGE)

    def _minds(self, problem: CredentialProblem) -> bool:
        if problem is CredentialProblem.BAD:
            return True
        return self._operation.credential is Credential.REQUIRED

    def _explain(self, error: Exception) -> Response:
        match error:
            case UnavailableError():
                reports.unavailable(error)
                response = self._voice.render_error(error)
                response.headers["retry-after"] = str(error.retry_after)
                return response
            case CoreError():
                return self._voice.render_error(error)
            case BodyTooLargeError():
                return say_status(self._voice, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        reports.bug(error)
        return say_status(self._voice, HTTPStatus.INTERNAL_SERVER_ERROR)


class Methods:
    """All that one path does, by method. HEAD is there only where an operation says so."""

    def __init__(
        self, handlers: Mapping[str, Handler], *, route: str, dialect: str, voice: Voice
    ) -> None:
        self._handlers = handlers
        self._route = route
        self._dialect = dialect
        self._voice = voice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrival = arrival_of(scope)
        arrival.dialect, arrival.route = self._dialect, self._route
        if handler := self._handlers.get(scope["method"]):
            await handler(scope, receive, send)
            return
        response = say_status(self._voice, HTTPStatus.METHOD_NOT_ALLOWED)
        response.headers["allow"] = ", ".join(sorted(self._handlers))
        await response(scope, receive, send)


def _announced(arrival: Arrival) -> int:
    """Return the announced length of the body, 0 if it is not said."""
    lengths = arrival.fields.all(b"content-length")
    # Sixteen digits are too many for any limit, and int() itself refuses thousands of them.
    return max((int(length[:16]) for length in lengths if length.isdecimal()), default=0)
