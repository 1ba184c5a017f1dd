"""GET /authheader/list: the caller's API keys that work, oldest first, a thousand at a time."""

from urllib.parse import urlencode

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.apikeys import ApiKeys
from watchword.dialects.precrime import wire
from watchword.dialects.precrime.errors import render_refusal
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint

PATH = "/authheader/list"


def list_keys(api_keys: ApiKeys) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        page = await api_keys.own(call.actor, after=dict(call.query).get("after"))
        if isinstance(page, Refused):
            return render_refusal(page)
        return JsonResponse([wire.write_key(one) for one in page.items], headers=_rest(page.next))

    return endpoint


def _rest(cursor: str | None) -> dict[str, str]:
    """Return the way to the rest (RFC 8288)."""
    if cursor is None:
        return {}
    return {"Link": f'<{PATH}?{urlencode({"after": cursor})}>; rel="next"'}
