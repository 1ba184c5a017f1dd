"""POST /user/login: a name and a password become a token."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.sessiondoor import Terms
from watchword.core.services.signin import SignIn
from watchword.dialects.precrime import wire
from watchword.dialects.precrime.errors import render_refusal
from watchword.dialects.precrime.options import Options
from watchword.dialects.precrime.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def login(signin: SignIn, options: Options) -> Endpoint:
    async def answer(call: Call, form: wire.Credentials) -> Response:
        outcome = await signin.with_password(
            form.username,
            form.password,
            origin=call.origin,
            terms=Terms(lifetime=options.lifetime),
        )
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        return JsonResponse(wire.write_log_in(outcome))

    return reading(wire.Credentials, answer)
