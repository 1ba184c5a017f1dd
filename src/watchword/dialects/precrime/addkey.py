"""POST /authheader/add: an API key by its name; the answer shows it whole."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.apikeys import ApiKeys
from watchword.dialects.precrime import wire
from watchword.dialects.precrime.errors import render_refusal, render_unauthenticated
from watchword.dialects.precrime.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.credentials import CredentialProblem
from watchword.http.operation import Endpoint


def add_key(api_keys: ApiKeys) -> Endpoint:
    async def answer(call: Call, form: wire.NewKey) -> Response:
        outcome = await api_keys.make(call.actor, form.name)
        match outcome:
            case Refused(Refusal.NOT_FOUND):
                # The account went since the token was looked at.
                return render_unauthenticated(CredentialProblem.BAD)
            case Refused():
                return render_refusal(outcome)
        return JsonResponse(wire.write_key(outcome))

    return reading(wire.NewKey, answer)
