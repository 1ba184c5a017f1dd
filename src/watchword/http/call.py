"""One call of an operation: what an endpoint may know about the request."""

from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from watchword.core.kernel.caller import Actor, Origin
from watchword.core.services.authenticate import Caller
from watchword.http.arrival import Arrival
from watchword.http.credentials import CredentialProblem
from watchword.http.language import best_language


class BodyTooLargeError(Exception):
    """The body is larger than its operation allows."""


class ClientGoneError(Exception):
    """The client left before its request was whole."""


class Call:
    """A request that got as far as its endpoint.

    `caller` is who asks, None where nobody has to say; `credential_problem` then tells
    none from bad. `is_local` means that it came from this machine, through no proxy.
    `origin` is made when it is first asked for, since it has the language in it, which
    those that only look at a token need not read.
    """

    __slots__ = (
        "_body_bytes_max",
        "_dialect",
        "_headers",
        "_origin",
        "_receive",
        "_scope",
        "arrival",
        "caller",
        "credential_problem",
        "is_demo",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        *,
        arrival: Arrival,
        found: Caller | CredentialProblem,
        dialect: str,
        body_bytes_max: int,
        is_demo: bool,
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._headers: Headers | None = None
        self._body_bytes_max = body_bytes_max
        self.arrival = arrival
        self.is_demo = is_demo
        self._dialect = dialect
        self._origin: Origin | None = None
        self.caller = found if isinstance(found, Caller) else None
        self.credential_problem = found if isinstance(found, CredentialProblem) else None

    @property
    def origin(self) -> Origin:
        """Return where this came from, and what the person there reads best of our languages."""
        if self._origin is None:
            accepted = ",".join(self.headers.getlist("accept-language"))
            language = best_language(accepted) if accepted else ""
            self._origin = Origin(self.arrival.client.address, self._dialect, language)
        return self._origin

    @property
    def actor(self) -> Actor:
        """Return the caller as services ask for them, where a credential is required."""
        assert self.caller is not None, "the operation requires no credential"
        return self.caller.actor(self.origin)

    @property
    def is_local(self) -> bool:
        return self.arrival.client.is_local

    @property
    def is_secure(self) -> bool:
        return self.arrival.client.is_secure

    @property
    def method(self) -> str:
        method: str = self._scope["method"]
        return method

    @property
    def http_version(self) -> str:
        version: str = self._scope["http_version"]
        return version

    @property
    def path(self) -> dict[str, str]:
        """Return the parameters in the path."""
        parameters: dict[str, str] = self._scope.get("path_params", {})
        return parameters

    @property
    def query_string(self) -> bytes:
        """Return the query as it came."""
        query: bytes = self._scope["query_string"]
        return query

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return the parameters in the query, in order, empty ones too."""
        return parse_qsl(self.query_string.decode("latin-1"), keep_blank_values=True)

    @property
    def headers(self) -> Headers:
        if self._headers is None:
            self._headers = Headers(scope=self._scope)
        return self._headers

    async def body(self) -> bytes:
        """Return the whole body; what is too large is never held."""
        received = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            received += message.get("body", b"")
            if len(received) > self._body_bytes_max:
                raise BodyTooLargeError
            if not message.get("more_body", False):
                return bytes(received)
