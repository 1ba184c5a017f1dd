"""GET /user/renew: another token of the same session; the one presented goes on working."""

from starlette.responses import Response

from watchword.core.services.renewal import Renewal
from watchword.dialects.precrime import wire
from watchword.dialects.precrime.options import Options
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def renew(renewal: Renewal, options: Options) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        assert call.caller is not None
        renewed = await renewal.renew(call.caller, origin=call.origin, lifetime=options.lifetime)
        return JsonResponse(wire.write_renewed(renewed))

    return endpoint
