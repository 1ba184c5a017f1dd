"""GET /test/unsecure and /test/secure: say hello to whoever asks."""

from starlette.responses import Response

from watchword.dialects.precrime import wire
from watchword.http.answers import JsonResponse
from watchword.http.call import Call


async def greet_anybody(_: Call) -> Response:
    return _hello("anonymous")


async def greet_caller(call: Call) -> Response:
    assert call.caller is not None
    return _hello(call.caller.account.name)


def _hello(name: str) -> Response:
    return JsonResponse(wire.Message(message=f"Hi {name}"))
