"""POST /api/account/changePassword: by token, or by name where an expired password gets none."""

from starlette.responses import Response

from watchword.core.services.passwords import Passwords
from watchword.dialects.astera import wire
from watchword.dialects.astera.errors import (
    render_own_refusal,
    render_refusal,
    render_unauthenticated,
)
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.credentials import CredentialProblem
from watchword.http.operation import Endpoint


def change_password(passwords: Passwords) -> Endpoint:
    async def own(call: Call, form: wire.PasswordChange) -> Response:
        refused = await passwords.change(
            call.actor,
            current=form.old_password,
            new=form.new_password,
            documented=wire.PASSWORD_MIN,
        )
        return render_own_refusal(refused) if refused else _done()

    async def by_name(call: Call, form: wire.PasswordChange, name: str) -> Response:
        refused = await passwords.change_by_name(
            name,
            current=form.old_password,
            new=form.new_password,
            documented=wire.PASSWORD_MIN,
            origin=call.origin,
        )
        return render_refusal(refused) if refused else _done()

    async def answer(call: Call, form: wire.PasswordChange) -> Response:
        if call.caller is not None:
            return await own(call, form)
        if form.user:
            return await by_name(call, form, form.user)
        return render_unauthenticated(CredentialProblem.MISSING)

    return reading(wire.PasswordChange, answer)


def _done() -> Response:
    return JsonResponse(wire.Message(message="The password is changed."))
