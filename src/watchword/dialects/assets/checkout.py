"""POST /services/checkout/{asset_id}: the caller gets an asset, if nobody else has it."""

from starlette.responses import Response

from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.checkouts import Checkouts, HeldByOther
from watchword.dialects.assets import wire
from watchword.dialects.assets.errors import AssetsResponse, Speech
from watchword.dialects.assets.options import Options
from watchword.dialects.assets.parameters import read_flag, reading
from watchword.http.call import Call
from watchword.http.credentials import CredentialProblem
from watchword.http.forms import Parameters
from watchword.http.operation import Endpoint


def check_out(checkouts: Checkouts, options: Options) -> Endpoint:
    speech = Speech(options)

    async def answer(call: Call, given: Parameters) -> Response:
        assert call.caller is not None
        is_download = read_flag(given, "download", blank_is_no=True)
        if is_download is None:
            return speech.bad_request("download must be true or false")
        outcome = await checkouts.take(call.caller, call.path["asset_id"], is_download=is_download)
        match outcome:
            case HeldByOther():
                return speech.held(outcome.checkout, asked_by=call.caller.account)
            case Refused(Refusal.WRONG_CREDENTIALS):
                # The account went since the token was looked at.
                return speech.unauthenticated(CredentialProblem.BAD)
            case Refused():
                return speech.refusal(outcome)
        return AssetsResponse(wire.write_checkout(outcome))

    return reading(answer, refuse=speech.bad_request)
