"""POST /api/account/verifyResetToken: would this token reset the password? It is not used up."""

from starlette.responses import Response

from watchword.core.services.recovery import Recovery
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading_whom
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def verify_reset_token(recovery: Recovery) -> Endpoint:
    async def answer(call: Call, form: wire.ResetToken, name: str) -> Response:
        refused = await recovery.verify(form.token, identifier=name, origin=call.origin)
        return render_refusal(refused) if refused else JsonResponse(wire.Valid())

    return reading_whom(wire.ResetToken, answer)
