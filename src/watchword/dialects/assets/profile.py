"""GET and POST /services/profile: who the caller is."""

from starlette.responses import Response

from watchword.core.services.groups import Groups
from watchword.dialects.assets import wire
from watchword.dialects.assets.errors import AssetsResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def profile(groups: Groups) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        assert call.caller is not None
        account = call.caller.account
        return AssetsResponse(wire.write_profile(account, await groups.of(account.id)))

    return endpoint
