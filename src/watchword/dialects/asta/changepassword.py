"""POST and PUT /api/auth/change-password: the caller's own password."""

from starlette.responses import Response

from watchword.core.services.passwords import Passwords
from watchword.dialects.asta import wire
from watchword.dialects.asta.errors import render_refusal
from watchword.dialects.asta.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def change_password(passwords: Passwords) -> Endpoint:
    async def answer(call: Call, form: wire.PasswordChange) -> Response:
        refused = await passwords.change(
            call.actor,
            current=form.current_password,
            new=form.new_password,
            documented=wire.PASSWORD_MIN,
        )
        return render_refusal(refused) if refused else JsonResponse(wire.Done())

    return reading(wire.PasswordChange, answer)
