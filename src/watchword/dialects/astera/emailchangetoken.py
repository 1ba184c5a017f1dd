"""POST /api/account/emailChangeToken: a letter to the address that the caller wants to have."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.emailchange import EmailChange
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_own_refusal
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def email_change_token(email_change: EmailChange) -> Endpoint:
    async def answer(call: Call, form: wire.EmailWish) -> Response:
        refused = await email_change.ask(call.actor, form.new_email, password=form.password)
        if isinstance(refused, Refused):
            return render_own_refusal(refused)
        return JsonResponse(wire.Message(message="A letter is on its way to the new address."))

    return reading(wire.EmailWish, answer)
