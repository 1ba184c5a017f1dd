"""PUT /api/auth/users/{id}: an admin sets somebody's role, or whether they may come in."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.accounts import Accounts
from watchword.dialects.asta import wire
from watchword.dialects.asta.errors import render_refusal
from watchword.dialects.asta.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def change_user(accounts: Accounts) -> Endpoint:
    async def answer(call: Call, form: wire.UserChange) -> Response:
        outcome = await accounts.change(
            call.actor, wire.read_id(call.path["id"]), role=form.role, active=form.active
        )
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        return JsonResponse(wire.Changed(user=wire.write_changed(outcome)))

    return reading(wire.UserChange, answer)
