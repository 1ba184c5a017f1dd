"""GET /services/ping: the server is there, and says which it is."""

from starlette.responses import Response

from watchword.dialects.assets import wire
from watchword.dialects.assets.errors import AssetsResponse
from watchword.dialects.assets.options import Options
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def ping(options: Options) -> Endpoint:
    async def endpoint(_: Call) -> Response:
        return AssetsResponse(wire.write_ping(version=options.server_version))

    return endpoint
