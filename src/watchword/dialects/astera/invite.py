"""POST /api/account/invite: an admin sends somebody a letter that lets them register. Ours."""

from starlette.responses import Response

from watchword.core.accounts.model import Role
from watchword.core.policy.refusals import Refused
from watchword.core.services.invitations import Invitations
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_refusal
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def invite(invitations: Invitations) -> Endpoint:
    async def answer(call: Call, form: wire.Guest) -> Response:
        role = form.role or Role.USER
        outcome = await invitations.invite(call.actor, form.email, role=role)
        if isinstance(outcome, Refused):
            return render_refusal(outcome)
        return JsonResponse(wire.write_invited(outcome))

    return reading(wire.Guest, answer)
