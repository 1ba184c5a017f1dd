"""POST /api/account/changeEmail: a token from the new address makes it the account's."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.emailchange import EmailChange
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def change_email(email_change: EmailChange) -> Endpoint:
    async def answer(call: Call, form: wire.EmailToken) -> Response:
        outcome = await email_change.change(
            form.token,
            new_email=form.new_email,
            origin=call.origin,
            actor=call.actor if call.caller else None,
        )
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        return JsonResponse(wire.Message(message="The address is changed."))

    return reading(wire.EmailToken, answer)
