"""GET /test/unsecure and /test/secure: say hello to whoever asks."""

from starlette.responses import Response

from watchword.core.services.authenticate import Caller
from watchword.dialects.precrime import wire
from watchword.http.answers import JsonResponse
from watchword.http.call import Call


async def greet_anybody(_: Call) -> Response:
    return JsonResponse(_hello("anonymous"))


def greet_caller(caller: Caller) -> wire.Message:
    return _hello(caller.account.name)


def _hello(name: str) -> wire.Message:
    return wire.Message(message=f"Hi {name}")
