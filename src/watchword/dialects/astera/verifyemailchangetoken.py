"""POST /api/account/verifyEmailChangeToken: would it change the address? It is not used up."""

from starlette.responses import Response

from watchword.core.services.emailchange import EmailChange
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def verify_email_change_token(email_change: EmailChange) -> Endpoint:
    async def answer(call: Call, form: wire.EmailToken) -> Response:
        refused = await email_change.verify(
            form.token,
            new_email=form.new_email,
            origin=call.origin,
            actor=call.actor if call.caller else None,
        )
        return render_refusal(refused) if refused else JsonResponse(wire.Valid())

    return reading(wire.EmailToken, answer)
