"""POST /api/auth/users: an admin makes an account; whoever sets the server up makes the first."""

from starlette.responses import Response

from watchword.core.accounts.model import Account
from watchword.core.policy.refusals import Refused
from watchword.core.services.setup import Setup
from watchword.core.services.signup import SignUp, Wish
from watchword.dialects.asta import wire
from watchword.dialects.asta.errors import render_refusal, render_unauthenticated
from watchword.dialects.asta.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.credentials import CredentialProblem
from watchword.http.operation import Endpoint

SETUP_TOKEN = "X-Setup-Token"  # noqa: S105 - the name of the header


def create_user(signup: SignUp, setup: Setup) -> Endpoint:
    async def by_admin(call: Call, form: wire.NewUser) -> Response:
        return _write(await signup.create(call.actor, _wish(form)))

    async def by_founder(call: Call, form: wire.NewUser) -> Response:
        return _write(
            await setup.first_admin(
                _wish(form),
                token=call.headers.get(SETUP_TOKEN),
                origin=call.origin,
                is_trusted=_is_trusted(call),
            )
        )

    for_admin, for_founder = reading(wire.NewUser, by_admin), reading(wire.NewUser, by_founder)

    async def endpoint(call: Call) -> Response:
        if call.caller is not None:
            return await for_admin(call)
        if not _may_found(call) or not await setup.is_single_user():
            return render_unauthenticated(CredentialProblem.MISSING)
        return await for_founder(call)

    return endpoint


def _may_found(call: Call) -> bool:
    return _is_trusted(call) or SETUP_TOKEN in call.headers


def _is_trusted(call: Call) -> bool:
    return call.is_demo and call.is_local


def _wish(form: wire.NewUser) -> Wish:
    # The original asks no length of a name here; that a name is one, core decides.
    return Wish(
        name=form.username,
        password=form.password,
        role=form.role,
        name_min=0,
        password_min=wire.PASSWORD_MIN,
    )


def _write(outcome: Account | Refused) -> Response:
    if isinstance(outcome, Refused):
        return render_refusal(outcome)
    return JsonResponse(wire.Created(user=wire.write_listed(outcome)))
