"""POST /api/auth/register: a stranger makes an account."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.signup import SignUp, Wish
from watchword.dialects.asta import wire
from watchword.dialects.asta.errors import render_refusal
from watchword.dialects.asta.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def register(signup: SignUp) -> Endpoint:
    async def answer(call: Call, form: wire.Credentials) -> Response:
        wish = Wish(
            name=form.username,
            password=form.password,
            name_min=wire.NAME_MIN,
            password_min=wire.PASSWORD_MIN,
        )
        outcome = await signup.register(wish, origin=call.origin)
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        return JsonResponse(wire.Registered(user=wire.write_user(outcome)))

    return reading(wire.Credentials, answer)
