"""Answers in JSON, straight from structs."""

import msgspec
from starlette.responses import Response

from watchword.http.call import Call
from watchword.http.operation import Endpoint, Saying

encode = msgspec.json.Encoder().encode


class JsonResponse(Response):
    """A JSON answer; the content is whatever msgspec can write."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return encode(content)


def saying(says: Saying) -> Endpoint:
    """Make the endpoint of an operation that needs a caller, and nothing else of its call."""

    async def endpoint(call: Call) -> Response:
        assert call.caller is not None
        return JsonResponse(says(call.caller))

    return endpoint
