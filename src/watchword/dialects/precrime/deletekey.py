"""POST /authheader/delete: an API key of the caller's ends, at once and everywhere."""

from starlette.responses import Response

from watchword.core.services.apikeys import ApiKeys
from watchword.dialects.precrime import wire
from watchword.dialects.precrime.errors import render_refusal
from watchword.dialects.precrime.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def delete_key(api_keys: ApiKeys) -> Endpoint:
    async def answer(call: Call, form: wire.KeyNamed) -> Response:
        refused = await api_keys.delete(call.actor, form.text)
        if refused:
            return render_refusal(refused)
        return JsonResponse(wire.Message(message="Success"))

    return reading(wire.KeyNamed, answer)
