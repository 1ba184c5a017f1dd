"""POST /api/account/resetPassword: a mailed token sets another password, once."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.recovery import Recovery
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading_whom
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def reset_password(recovery: Recovery) -> Endpoint:
    async def answer(call: Call, form: wire.PasswordReset, name: str) -> Response:
        outcome = await recovery.reset(
            form.token,
            identifier=name,
            new=form.password,
            documented=wire.PASSWORD_MIN,
            origin=call.origin,
        )
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        return JsonResponse(wire.Message(message="The password is set. Log in with it."))

    return reading_whom(wire.PasswordReset, answer)
