"""POST /services/logout: the session ends, and the cookie of it."""

from starlette.responses import Response

from watchword.core.services.sessions import Sessions
from watchword.dialects.assets import wire
from watchword.dialects.assets.errors import AssetsResponse
from watchword.dialects.assets.options import Options
from watchword.dialects.assets.sessioncookie import take_back
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def logout(sessions: Sessions, options: Options) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        await sessions.sign_out(call.actor)
        response = AssetsResponse(wire.Logout(logout_success=True))
        take_back(response, call=call, options=options)
        return response

    return endpoint
