"""GET /services/checkouts: the caller's check-outs, or everybody's, a thousand at a time."""

from urllib.parse import urlencode

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.checkouts import Checkouts
from watchword.dialects.assets import wire
from watchword.dialects.assets.errors import AssetsResponse, Speech
from watchword.dialects.assets.options import Options
from watchword.dialects.assets.parameters import read_flag, reading
from watchword.http.call import Call
from watchword.http.forms import Parameters
from watchword.http.operation import Endpoint

PATH = "/services/checkouts"


def list_checkouts(checkouts: Checkouts, options: Options) -> Endpoint:
    speech = Speech(options)

    async def answer(call: Call, given: Parameters) -> Response:
        assert call.caller is not None
        of_all = read_flag(given, "all")
        if of_all is None:
            return speech.bad_request("all must be true or false")
        page = await checkouts.page(call.caller, of_all=of_all, after=given.get("after"))
        if isinstance(page, Refused):
            return speech.refusal(page)
        listed = [wire.write_listed(one) for one in page.items]
        said = wire.CheckoutList(checkouts=listed)
        return AssetsResponse(said, headers=_rest(page.next, of_all=of_all))

    return reading(answer, refuse=speech.bad_request)


def _rest(cursor: str | None, *, of_all: bool) -> dict[str, str]:
    """Return the way to the rest (RFC 8288)."""
    if cursor is None:
        return {}
    query = urlencode(({"all": "true"} if of_all else {}) | {"after": cursor})
    return {"Link": f'<{PATH}?{query}>; rel="next"'}
