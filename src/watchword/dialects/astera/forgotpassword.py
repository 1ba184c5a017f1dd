"""POST /api/account/forgotPassword: a letter that lets the owner set another password."""

from starlette.responses import Response

from watchword.core.services.recovery import Recovery
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading_whom
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint

# Known and unknown, waiting and not: who asks is told the same.
ASKED = wire.Message(
    message="If there is such an account and we know its address, a letter is on its way."
)


def forgot_password(recovery: Recovery) -> Endpoint:
    async def answer(call: Call, _: wire.Whom, name: str) -> Response:
        refused = await recovery.ask(name, origin=call.origin)
        return render_refusal(refused) if refused else JsonResponse(ASKED)

    return reading_whom(wire.Whom, answer)
