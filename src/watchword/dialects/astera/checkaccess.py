"""GET /api/account/checkAccess: is this credential good, whose is it, and for how long?"""

from starlette.responses import Response

from watchword.dialects.astera import wire
from watchword.http.answers import JsonResponse
from watchword.http.call import Call


async def check_access(call: Call) -> Response:
    assert call.caller is not None
    return JsonResponse(wire.write_access(call.caller))
