"""GET /user/token: a token that lives as long as was asked, or one for a service that trusts us."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from starlette.responses import Response

from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.renewal import Renewal
from watchword.core.services.tokens import Issued
from watchword.dialects.precrime import wire
from watchword.dialects.precrime.errors import render_refusal, render_unauthenticated, say
from watchword.dialects.precrime.options import Options
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.credentials import CredentialProblem
from watchword.http.operation import Endpoint

# Nine digits are a valid span of days, and more than any limit.
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_UNITS = {"m": timedelta(minutes=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the query asks for."""

    lifetime: timedelta
    audience: str | None = None


def exchange(renewal: Renewal, options: Options) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        asked = _read(call.query, options)
        if isinstance(asked, Response):
            return asked
        return _write(await _ask(renewal, options, call, asked), options)

    return endpoint


async def _ask(renewal: Renewal, options: Options, call: Call, asked: _Asked) -> Issued | Refused:
    assert call.caller is not None
    if asked.audience is not None:
        return await renewal.for_service(
            call.caller, asked.audience, lifetime=asked.lifetime, longest=options.longest
        )
    return await renewal.exchange(
        call.caller, origin=call.origin, lifetime=asked.lifetime, longest=options.longest
    )


def _read(query: Sequence[tuple[str, str]], options: Options) -> _Asked | Response:
    given = [(name.lower(), text) for name, text in query]
    spans = [(name, text) for name, text in given if name in _UNITS]
    audiences = [text for name, text in given if name == "aud"]
    if len(audiences) > 1:
        return say(HTTPStatus.BAD_REQUEST, "aud can be given once")
    lifetime = _lifetime(spans, options)
    if lifetime is None:
        return _refuse_lifetime(options)
    return _Asked(lifetime, audiences[0] if audiences else None)


def _lifetime(spans: Sequence[tuple[str, str]], options: Options) -> timedelta | None:
    if not spans:
        return options.lifetime
    name, text = spans[0]
    if len(spans) > 1 or not _WHOLE.fullmatch(text):
        return None
    return int(text) * _UNITS[name]


def _write(outcome: Issued | Refused, options: Options) -> Response:
    match outcome:
        case Issued():
            return JsonResponse(wire.write_exchanged(outcome))
        case Refused(Refusal.LIFETIME_INVALID):
            return _refuse_lifetime(options)
        case Refused(Refusal.WRONG_CREDENTIALS):
            # Somebody else ended the session first: the token is as dead as any other.
            return render_unauthenticated(CredentialProblem.BAD)
    return render_refusal(outcome)


def _refuse_lifetime(options: Options) -> Response:
    minutes = options.longest // _UNITS["m"]
    days = options.token_days_max
    text = f"Give m from 1 to {minutes} minutes or d from 1 to {days} days, as one whole number"
    return say(HTTPStatus.BAD_REQUEST, text)
