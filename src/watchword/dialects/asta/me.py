"""GET /api/auth/me: who holds the token; in single-user mode, the default user."""

from starlette.responses import Response

from watchword.core.services.authenticate import Caller
from watchword.core.services.setup import Setup
from watchword.dialects.asta import wire
from watchword.dialects.asta.errors import render_unauthenticated
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.credentials import CredentialProblem
from watchword.http.operation import Endpoint

DEFAULT_USER = wire.User(id="default", username="admin", role="admin")
"""What the original calls its only user while it has no account."""


def say_user(caller: Caller) -> wire.User:
    return wire.write_user(caller.account)


def me(setup: Setup) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        if call.caller is not None:
            return JsonResponse(say_user(call.caller))
        if call.is_demo and call.is_local and await setup.is_single_user():
            return JsonResponse(DEFAULT_USER)
        return render_unauthenticated(CredentialProblem.MISSING)

    return endpoint
