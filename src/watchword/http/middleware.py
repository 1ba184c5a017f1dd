"""What happens around every request: a request id, safe headers, one log line, one count."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from itertools import count
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.randomness import Randomness
from watchword.http import reports
from watchword.http.address import Addresses, Client
from watchword.http.arrival import KEY, Arrival
from watchword.http.call import ClientGoneError
from watchword.http.dialect import say_status
from watchword.http.fields import Fields
from watchword.http.problems import shared_voice
from watchword.observability.log import request_id
from watchword.observability.metrics import Metrics

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
PREFIX_BYTES = 6
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""What log and metrics name; a client can write any word there."""

CLIENT_GONE = 499
"""What the log says of a request whose client left; nginx made the number known."""

ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
# Almost every answer has an account or a secret in it; who wants it kept says so.
NO_STORE = (b"cache-control", b"no-store")
# A year, as RFC 6797 and hstspreload expect; without subdomains, which may not be ours.
HSTS = (b"strict-transport-security", b"max-age=31536000")

_LAST_WORD = say_status(shared_voice(), HTTPStatus.INTERNAL_SERVER_ERROR)


class RequestIds:
    """Names requests: a random word for the process, and a number."""

    def __init__(self, randomness: Randomness) -> None:
        self._prefix = randomness.token(PREFIX_BYTES)
        self._numbers: Iterator[int] = count(1)

    def of(self, client: Client, fields: Fields) -> str:
        """Return the name a trusted proxy gave the request, or a new one."""
        given = fields.all(b"x-request-id")
        if client.by_proxy and len(given) == 1 and REQUEST_ID.fullmatch(given[0]):
            return given[0]
        return f"{self._prefix}-{next(self._numbers)}"


class Frame:
    """The outermost layer."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        addresses: Addresses,
        request_ids: RequestIds,
        metrics: Metrics | None,
    ) -> None:
        self._app = app
        self._addresses = addresses
        self._request_ids = request_ids
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        arrival = scope[KEY] = self._arrive(scope)

        async def send_framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                arrival.status = message["status"]
                message["headers"] = [*message["headers"], *_added(message, arrival)]
            await send(message)

        outer = request_id.set(arrival.request_id)
        try:
            await self._app(scope, receive, send_framed)
        except ClientGoneError:
            arrival.status = CLIENT_GONE
        except Exception as error:  # noqa: BLE001 - where even saying no failed, this is the last word
            failed = _report(error)
            if arrival.status:
                # What was cut in the middle is no success, whatever its head said.
                arrival.status = failed
            else:
                await _LAST_WORD(scope, receive, send_framed)
        finally:
            self._leave(scope, arrival, perf_counter() - began)
            request_id.reset(outer)

    def _leave(self, scope: Scope, arrival: Arrival, seconds: float) -> None:
        arrival.status = arrival.status or CLIENT_GONE
        method = scope["method"] if scope["method"] in METHODS else "-"
        reports.answered(method, arrival, seconds)
        if self._metrics:
            operation = f"{method} {arrival.route}"
            self._metrics.request(arrival.dialect, operation, arrival.status, seconds)

    def _arrive(self, scope: Scope) -> Arrival:
        fields = Fields(scope["headers"])
        client = self._addresses.of(scope, fields)
        return Arrival(client, fields, self._request_ids.of(client, fields))


def _report(error: Exception) -> int:
    """Tell the operator what failed; return the status that it would have had."""
    if isinstance(error, UnavailableError):
        reports.unavailable(error)
        return HTTPStatus.SERVICE_UNAVAILABLE
    reports.bug(error)
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _added(message: Message, arrival: Arrival) -> Iterator[tuple[bytes, bytes]]:
    yield (b"x-request-id", arrival.request_id.encode())
    yield from ALWAYS
    if not any(name == NO_STORE[0] for name, _ in message["headers"]):
        yield NO_STORE
    if arrival.client.is_secure:
        yield HSTS
