"""/api/account/confirmEmail: a letter's code proves that its reader has the address.

By GET it is a page with a button, which posts a form here; programs post JSON and get JSON.
"""

from starlette.responses import Response

from watchword.core.accounts.names import is_address
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.refusals import Refused
from watchword.core.services.confirmation import Confirmation
from watchword.dialects.astera import confirmpage, wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.forms import FormProblem, Parameters, read_form
from watchword.http.operation import Endpoint
from watchword.http.pages import page_language

CODE_LENGTH_MAX = 100
"""More than any code or secret of ours has."""

_NO_FORM = frozenset({FormProblem.NO_FORM, FormProblem.TYPE_TWICE})


async def show_confirmation(call: Call) -> Response:
    """Show the page. Its link is followed by programs too, so it looks at nothing."""
    language = page_language(call)
    given = {name.lower(): text for name, text in reversed(call.query)}
    form = _form(given.get("email"), given.get("code"))
    if form is None:
        return confirmpage.tell_incomplete(language=language)
    return confirmpage.ask(form, language=language)


def confirm_email(confirmation: Confirmation) -> Endpoint:
    async def confirm(call: Call, form: wire.EmailCode) -> Refused | None:
        outcome = await confirmation.confirm(form.code, email=form.email, origin=call.origin)
        return outcome if isinstance(outcome, Refused) else None

    async def for_program(call: Call, form: wire.EmailCode) -> Response:
        if refused := await confirm(call, form):
            return render_refusal(refused)
        return JsonResponse(wire.Message(message="The address is confirmed."))

    async def for_person(call: Call, given: Parameters | FormProblem) -> Response:
        language = page_language(call)
        form = None
        if isinstance(given, Parameters):
            form = _form(given.get("email"), given.get("code"))
        if form is None:
            return confirmpage.tell_incomplete(language=language)
        try:
            refused = await confirm(call, form)
        except UnavailableError as error:
            return confirmpage.tell_busy(error.retry_after, language=language)
        if refused:
            return confirmpage.tell_refused(refused, language=language)
        return confirmpage.tell_done(language=language)

    reading_json = reading(wire.EmailCode, for_program)

    async def endpoint(call: Call) -> Response:
        given = await read_form(call)
        return await (reading_json(call) if given in _NO_FORM else for_person(call, given))

    return endpoint


def _form(email: str | None, code: str | None) -> wire.EmailCode | None:
    """Return what a link or a form says, None if it cannot be one of ours."""
    if not email or not code or not is_address(email) or len(code) > CODE_LENGTH_MAX:
        return None
    return wire.EmailCode(email=email, code=code)
