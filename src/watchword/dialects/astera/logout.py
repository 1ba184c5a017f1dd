"""POST /api/account/logout: the session of the token ends, and no other."""

from starlette.responses import Response

from watchword.core.services.sessions import Sessions
from watchword.dialects.astera import wire
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def logout(sessions: Sessions) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        await sessions.sign_out(call.actor)
        return JsonResponse(wire.Message(message="Logged out."))

    return endpoint
