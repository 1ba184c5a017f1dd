"""POST /api/account/loginAD: a directory's password, or a Kerberos ticket, becomes a token."""

from http import HTTPStatus

from starlette.responses import Response

from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.directorysignin import DirectorySignIn
from watchword.core.services.sessiondoor import SignedIn, Terms
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import (
    TICKET_WANTED,
    TICKETS_NOT_TAKEN,
    render_refusal,
    render_ticket_refusal,
    say,
)
from watchword.dialects.astera.negotiate import (
    ask_for_ticket,
    brings_ticket,
    prove_ourselves,
    read_ticket,
)
from watchword.dialects.astera.options import Options
from watchword.dialects.astera.validation import read_body, refuse_clash
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.cookies import is_foreign
from watchword.http.handling import FOREIGN_PAGE
from watchword.http.operation import Endpoint
from watchword.http.reading import read_json


def login_ad(signin: DirectorySignIn, options: Options) -> Endpoint:
    return _LogInAD(signin, options).answer


class _LogInAD:
    """Tells who types a name and a password from who has a ticket."""

    def __init__(self, signin: DirectorySignIn, options: Options) -> None:
        self._signin = signin
        self._options = options

    async def answer(self, call: Call) -> Response:
        body, content_type = await call.body(), call.headers.get("content-type", "")
        may_be_without = self._signin.takes_tickets or brings_ticket(call)
        if may_be_without and not _is_typed(body, content_type):
            return await self._without_name(call, body, content_type)
        # What somebody typed goes before the ticket that a browser adds by itself.
        form = read_body(wire.DirectoryCredentials, body, content_type)
        return form if isinstance(form, Response) else await self._with_password(call, form)

    async def _with_password(self, call: Call, form: wire.DirectoryCredentials) -> Response:
        if refused := refuse_clash(form.user, form.domain):
            return refused
        outcome = await self._signin.with_password(
            form.user,
            form.password,
            domain=(form.domain or "").strip(),
            origin=call.origin,
            terms=self._terms(form),
        )
        return render_refusal(outcome) if isinstance(outcome, Refused) else _welcome(outcome)

    async def _without_name(self, call: Call, body: bytes, content_type: str) -> Response:
        if not self._signin.takes_tickets:
            return say(HTTPStatus.UNAUTHORIZED, TICKETS_NOT_TAKEN)
        if not brings_ticket(call):
            return ask_for_ticket(say(HTTPStatus.UNAUTHORIZED, TICKET_WANTED))
        if is_foreign(call.arrival.fields):
            # A browser adds the ticket by itself, whoever wrote the page that asks.
            return say(HTTPStatus.FORBIDDEN, FOREIGN_PAGE)
        form = read_body(wire.Remembering, body, content_type) if body else wire.Remembering()
        return form if isinstance(form, Response) else await self._with_ticket(call, form)

    async def _with_ticket(self, call: Call, form: wire.Remembering) -> Response:
        ticket = read_ticket(call)
        if ticket is None:
            return ask_for_ticket(render_ticket_refusal(Refused(Refusal.WRONG_CREDENTIALS)))
        came = await self._signin.with_ticket(ticket, origin=call.origin, terms=self._terms(form))
        if isinstance(came.outcome, Refused):
            response = ask_for_ticket(render_ticket_refusal(came.outcome))
        else:
            response = _welcome(came.outcome)
        return prove_ourselves(response, came.reply)

    def _terms(self, form: wire.Remembering | wire.DirectoryCredentials) -> Terms:
        return Terms(lifetime=self._options.lifetime(is_remembered=form.is_remembered))


def _is_typed(body: bytes, content_type: str) -> bool:
    """Say whether somebody typed a user or a password, or nobody can tell what this is."""
    if not body:
        return False
    read = read_json(wire.Typed, body, content_type, folds_case=True)
    return not isinstance(read, wire.Typed) or read.is_something


def _welcome(signed_in: SignedIn) -> Response:
    return JsonResponse(wire.write_log_in(signed_in))
