"""POST /api/account/registerAD: an admin makes an account for somebody of a directory."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.directoryaccounts import DirectoryAccounts
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import render_person_refusal
from watchword.dialects.astera.validation import reading, refuse_clash
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def register_ad(accounts: DirectoryAccounts) -> Endpoint:
    async def answer(call: Call, form: wire.DirectoryUser) -> Response:
        if refused := refuse_clash(form.user, form.domain):
            return refused
        outcome = await accounts.register(
            call.actor,
            form.user,
            domain=(form.domain or "").strip(),
            role=form.role or None,
        )
        if isinstance(outcome, Refused):
            return render_person_refusal(outcome)
        return JsonResponse(wire.write_account(outcome))

    return reading(wire.DirectoryUser, answer)
