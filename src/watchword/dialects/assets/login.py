"""POST /services/login: a name and a password become a cookie, and a CSRF token beside it."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.csrf import Csrf
from watchword.core.services.sessiondoor import Terms
from watchword.core.services.signin import SignIn
from watchword.core.sessions.model import Kind
from watchword.dialects.assets import wire
from watchword.dialects.assets.errors import AssetsResponse, Speech
from watchword.dialects.assets.options import Options
from watchword.dialects.assets.parameters import read_flag, reading
from watchword.dialects.assets.sessioncookie import hand_out
from watchword.dialects.assets.typed import read_typed_or_cred
from watchword.http.call import Call
from watchword.http.forms import Parameters
from watchword.http.operation import Endpoint


def login(signin: SignIn, csrf: Csrf, options: Options) -> Endpoint:
    speech = Speech(options)

    async def answer(call: Call, given: Parameters) -> Response:
        typed, wants_profile = (
            read_typed_or_cred(given),
            read_flag(given, "returnProfile", blank_is_no=True),
        )
        if isinstance(typed, str):
            return speech.fail_log_in(typed)
        if wants_profile is None:
            return speech.fail_log_in("returnProfile must be true or false")
        outcome = await signin.with_password(
            typed.username,
            typed.password,
            origin=call.origin,
            terms=Terms(
                lifetime=options.lifetime,
                kind=Kind.COOKIE,
                client=given.get("clientId") or "",
                dialect_max=options.sessions_max,
            ),
        )
        if isinstance(outcome, Refused):
            return speech.refuse_log_in(outcome)
        said = wire.write_login(
            outcome,
            version=options.server_version,
            csrf_token=csrf.token_of(outcome.session),
            shows_profile=wants_profile,
        )
        response = AssetsResponse(said)
        hand_out(outcome, response, call=call, options=options, same_site=options.login_same_site)
        return response

    return reading(answer, refuse=speech.fail_log_in)
