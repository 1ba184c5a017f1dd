"""DELETE /api/auth/users/{id}: an admin deletes somebody's account."""

from starlette.responses import Response

from watchword.core.services.accounts import Accounts
from watchword.dialects.asta import wire
from watchword.dialects.asta.errors import render_deletion_refused
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def delete_user(accounts: Accounts) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        refused = await accounts.delete(call.actor, wire.read_id(call.path["id"]))
        return render_deletion_refused(refused) if refused else JsonResponse(wire.Done())

    return endpoint
