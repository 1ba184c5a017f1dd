"""POST /api/account/register: somebody makes an account, as a rule for themselves."""

from starlette.responses import Response

from watchword.core.accounts.model import Role
from watchword.core.policy.refusals import Refused
from watchword.core.services.signup import SignUp, Wish
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def register(signup: SignUp) -> Endpoint:
    async def answer(call: Call, form: wire.NewUser) -> Response:
        by = call.actor if call.caller else None
        outcome = await signup.register(_wish(form), origin=call.origin, by=by)
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        return JsonResponse(wire.write_account(outcome))

    return reading(wire.NewUser, answer)


def _wish(form: wire.NewUser) -> Wish:
    return Wish(
        name=form.user,
        password=form.password,
        role=form.role or Role.USER,
        email=form.email or "",
        first_name=form.first_name or "",
        last_name=form.last_name or "",
        invitation=form.invitation or "",
        password_min=wire.PASSWORD_MIN,
    )
