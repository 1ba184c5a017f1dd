"""POST /user/password: a name and a password set another one; the way out of an expired one."""

from http import HTTPStatus

from starlette.responses import Response

from watchword.core.services.passwords import Passwords
from watchword.dialects.precrime import wire
from watchword.dialects.precrime.errors import render_refusal, say
from watchword.dialects.precrime.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def change_password(passwords: Passwords) -> Endpoint:
    async def answer(call: Call, form: wire.PasswordChange) -> Response:
        if form.new != form.confirm:
            # Said before anybody looks at an account: it tells nothing of one.
            return say(HTTPStatus.BAD_REQUEST, "new and confirm differ")
        refused = await passwords.change_by_name(
            form.username,
            current=form.old,
            new=form.new,
            documented=wire.PASSWORD_MIN,
            origin=call.origin,
        )
        if refused:
            return render_refusal(refused)
        return JsonResponse(wire.Message(message="Password changed"))

    return reading(wire.PasswordChange, answer)
