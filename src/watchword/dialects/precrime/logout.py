"""GET and POST /user/logout: the session of the token ends, with all its tokens."""

from starlette.responses import Response

from watchword.core.services.sessions import Sessions
from watchword.dialects.precrime import wire
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def logout(sessions: Sessions) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        await sessions.sign_out(call.actor)
        return JsonResponse(wire.Message(message="User logged out"))

    return endpoint
