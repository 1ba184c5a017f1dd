"""POST /api/account/undoEmailChange: the old address takes the account back. Ours."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.emailchange import EmailChange
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def undo_email_change(email_change: EmailChange) -> Endpoint:
    async def answer(call: Call, form: wire.UndoToken) -> Response:
        outcome = await email_change.undo(form.token, origin=call.origin)
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        text = "The old address is back, and every session has ended. Set another password now."
        return JsonResponse(wire.Message(message=text))

    return reading(wire.UndoToken, answer)
