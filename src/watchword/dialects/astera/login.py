"""POST /api/account/login: a name and a password become a token."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.sessiondoor import Terms
from watchword.core.services.signin import SignIn
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.options import Options
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def login(signin: SignIn, options: Options) -> Endpoint:
    async def answer(call: Call, form: wire.Credentials) -> Response:
        terms = Terms(lifetime=options.lifetime(is_remembered=form.is_remembered))
        outcome = await signin.with_password(
            form.user, form.password, origin=call.origin, terms=terms
        )
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        return JsonResponse(wire.write_log_in(outcome))

    return reading(wire.Credentials, answer)
