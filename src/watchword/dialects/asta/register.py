"""POST /api/auth/register: somebody makes an account, as a rule for themselves."""

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
    async def answer(call: Call, form: wire.NewUser) -> Response:
        wish = Wish(
            name=form.username,
            password=form.password,
            role=form.role,
            name_min=wire.NAME_MIN,
            password_min=wire.PASSWORD_MIN,
        )
        by = call.actor if call.caller else None
        outcome = await signup.register(wish, origin=call.origin, by=by)
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        return JsonResponse(wire.Registered(user=wire.write_user(outcome)))

    return reading(wire.NewUser, answer)
