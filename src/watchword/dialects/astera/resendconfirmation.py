"""POST /api/account/resendConfirmation: the letter that confirms an address, once more. Ours."""

from starlette.responses import Response

from watchword.core.services.confirmation import Confirmation
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading_whom
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint

# Known and unknown, confirmed and not: who asks is told the same.
ASKED = wire.Message(
    message="If there is such an account and its address waits for this, a letter is on its way."
)


def resend_confirmation(confirmation: Confirmation) -> Endpoint:
    async def answer(call: Call, _: wire.Whom, name: str) -> Response:
        refused = await confirmation.resend(name, origin=call.origin)
        return render_refusal(refused) if refused else JsonResponse(ASKED)

    return reading_whom(wire.Whom, answer)
