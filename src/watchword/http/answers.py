"""Answers in JSON, straight from structs."""

import msgspec
from starlette.responses import Response

_encode = msgspec.json.Encoder().encode


class JsonResponse(Response):
    """A JSON answer; the content is whatever msgspec can write."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return _encode(content)
