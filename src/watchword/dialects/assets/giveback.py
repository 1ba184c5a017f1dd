"""POST /services/undocheckout/{asset_id} and /services/checkin/{asset_id}: an asset is free again.

Files come and go elsewhere, so the two differ in who may do it and in what they say.
"""

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.checkouts import Checkouts, GivenBack, HeldByOther
from watchword.dialects.assets import wire
from watchword.dialects.assets.errors import AssetsResponse, Speech
from watchword.dialects.assets.options import Options
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def undo_check_out(checkouts: Checkouts, options: Options) -> Endpoint:
    speech = Speech(options)

    async def endpoint(call: Call) -> Response:
        ended = await _end(checkouts, speech, call, is_for_anybody=True)
        if isinstance(ended, Response):
            return ended
        return AssetsResponse(wire.Undone(checked_out=False, asset_id=ended.checkout.asset_id))

    return endpoint


def check_in(checkouts: Checkouts, options: Options) -> Endpoint:
    speech = Speech(options)

    async def endpoint(call: Call) -> Response:
        assert call.caller is not None
        ended = await _end(checkouts, speech, call, is_for_anybody=False)
        if isinstance(ended, Response):
            return ended
        return AssetsResponse(wire.write_check_in(call.caller.account, ended.at))

    return endpoint


async def _end(
    checkouts: Checkouts, speech: Speech, call: Call, *, is_for_anybody: bool
) -> GivenBack | Response:
    assert call.caller is not None
    outcome = await checkouts.give_back(
        call.caller, call.path["asset_id"], is_for_anybody=is_for_anybody
    )
    match outcome:
        case HeldByOther():
            return speech.held(outcome.checkout, asked_by=call.caller.account)
        case Refused():
            return speech.refusal(outcome)
    return outcome
