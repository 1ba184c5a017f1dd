"""POST /services/apilogin: a name and a password become a token, for programs alone."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.sessiondoor import Terms
from watchword.core.services.signin import SignIn
from watchword.core.sessions.model import Kind
from watchword.dialects.assets import wire
from watchword.dialects.assets.errors import AssetsResponse, Speech
from watchword.dialects.assets.options import Options
from watchword.dialects.assets.parameters import reading
from watchword.dialects.assets.sessioncookie import hand_out
from watchword.dialects.assets.typed import read_typed
from watchword.http.call import Call
from watchword.http.cookies import SameSite
from watchword.http.forms import Parameters
from watchword.http.operation import Endpoint

# Every browser of today sends it, and nothing else does: not Node's fetch, which sends
# Sec-Fetch-Mode, and no desktop client, some of which send Origin.
BROWSERS_SEND = "sec-fetch-site"

NO_BROWSERS = "apilogin cannot be used in a web browser"


def api_login(signin: SignIn, options: Options) -> Endpoint:
    speech = Speech(options)

    async def answer(call: Call, given: Parameters) -> Response:
        if BROWSERS_SEND in call.headers:
            return speech.fail_log_in(NO_BROWSERS)
        typed = read_typed(given)
        if isinstance(typed, str):
            return speech.fail_log_in(typed)
        outcome = await signin.with_password(
            typed.username,
            typed.password,
            origin=call.origin,
            terms=Terms(
                lifetime=options.lifetime,
                kind=Kind.BEARER,
                client=given.get("clientId") or "",
                dialect_max=options.sessions_max,
            ),
        )
        if isinstance(outcome, Refused):
            return speech.refuse_log_in(outcome)
        response = AssetsResponse(wire.write_api_login(outcome, version=options.server_version))
        if options.apilogin_cookie:
            hand_out(outcome, response, call=call, options=options, same_site=SameSite.STRICT)
        return response

    return reading(answer, refuse=speech.fail_log_in)
