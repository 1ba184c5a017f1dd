"""The limits of the transport, held by uvicorn's own protocol before the app sees a request.

What is refused here is answered here, in the words of `Served.render`, and the connection is
closed: 400 what is no HTTP/1.1 or could be read two ways (request smuggling), 408 a head or a
body that does not arrive in time, 413 a body that is too long, 431 a head that is, 503 a
connection past the limit. A connection that idles between two requests is closed silently.
What needs no app is answered here too (`prompt.py`).
What the app notices: nothing of a refused head. uvicorn starts the app as soon as the head
is there, so when the *body* turns out to be too long or too slow, the app's `receive()` says
`http.disconnect`, whatever it sends is thrown away, and we answer in its place. An app that
ends quietly on `http.disconnect` has nothing else to do.

Answers keep their order: if earlier requests of the connection are still being answered, the
refusal waits for them. After a refusal we read on for a moment and throw away what comes,
since a close with unread bytes makes the kernel reset the connection and the client lose the
answer (RFC 9112, 9.6). Most malformed heads are refused by llhttp, which httptools wraps.
"""

import asyncio
from typing import Any, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from watchword.http.gate import NEVER, Gate
from watchword.http.heads import head_bytes, head_without_upgrade, is_host, names_host, path_of
from watchword.http.middleware import HSTS

# Where the connection stands in reading, in order. Plain numbers, since each read compares them.
AWAIT: Final = 0  # between requests
HEAD: Final = 1
BODY: Final = 2
FULL: Final = 3  # past the connection limit: its request will be answered 503
GONE: Final = 4  # refused or closing: what still comes is thrown away

# A body in one-byte chunks is six times as long on the wire. Past eight it is made of chunk
# extensions or trailers, which no limit of llhttp stops.
CHUNKED_WIRE_FACTOR: Final = 8

WATCHED: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})
SLASH: Final = ord("/")


class _Stop(Exception):  # noqa: N818 (stops the parser; nobody sees it)
    """Ends parsing; the protocol knows the status."""


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 connection, with limits."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        gate: Gate,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self.deadline = NEVER
        self.url = b""
        self._gate = gate
        self._at_once = gate.served.at_once
        self._limits = gate.limits
        self._fields_max = gate.limits.head_fields_max
        self._stage = AWAIT
        self._status = 0  # why the parser was stopped
        self._farewell: bytes | None = None  # a refusal that waits for earlier answers
        self._answering: RequestResponseCycle | None = None
        self._stall: asyncio.TimerHandle | None = None
        # Bytes received with and since the first of the current head: at most and at least its own.
        self._fed = self._fed_surely = 0
        self._untimed = False
        self._has_heard = False  # the head of any request
        self._answer: bytes | None = None  # what the current request gets without the app,
        self._answered = 0  # and how many did of what came in one piece
        # What the current head said.
        self._hosts = 0
        self._host = b""
        self._length = 0
        self._chunked = False
        # What is left of the current body, and of all the bytes it is wrapped in.
        self._body_left = self._wire_left = 0
        self._discarded = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        if self._gate.enter(self):
            self.deadline = self._due(self._limits.head_seconds)
            return
        self._stage = FULL
        self.deadline = self.loop.time() + self._limits.linger_seconds
        if self._gate.crowded:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gate.leave(self)
        self.resume_writing()
        # uvicorn tells only the newest request, which may still wait for the one being answered.
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        # Who asks for much and reads none of it must not keep it in our memory.
        self._stall = self.loop.call_later(self._limits.body_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def shutdown(self) -> None:
        """End after the answer that is being made, or soon if there is none."""
        if self._stage >= FULL:
            return
        cycle, limits = self.cycle, self._limits
        if cycle is not None and not cycle.response_started:
            cycle.keep_alive = False
        # A connection that was promised to stay, stays for a moment: a request may be on its way.
        idle = self._stage == AWAIT
        patience = limits.drain_idle_seconds if idle else limits.drain_request_seconds
        if self.deadline != NEVER:
            self.deadline = min(self.deadline, self.loop.time() + patience)

    def expire(self) -> None:
        """Do what is due: the deadline has passed."""
        if self._stage >= FULL:
            self.transport.abort()
        elif self.flow.read_paused:  # we stopped reading, so the client cannot be blamed
            self.deadline = self._due(self._limits.head_seconds)
        elif self._stage == AWAIT and (self._has_heard or self._gate.draining):
            self._part(b"")
        else:
            self._refuse(408)

    def data_received(self, data: bytes) -> None:
        size = len(data)
        self._answered = 0
        if self._stage == AWAIT:
            self._fed = self._fed_surely = size
        elif self._stage == HEAD:
            self._fed += size
            self._fed_surely += size
        elif self._stage == BODY:
            self._fed = size
            self._wire_left -= size
            if self._wire_left < 0:
                self._refuse(413)
                return
        else:
            self._unwanted(data)
            return
        self._feed(data)

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._feed_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._status or 400)
        else:
            if self._stage == HEAD:
                self._head_goes_on()

    def _feed_without_upgrade(self, rest: bytes) -> None:
        """Read a request again as if it had not asked for another protocol, which we may ignore.

        llhttp ends the request at its head then, so a body would be read as the next request
        (smuggling), and Java's HttpClient asks for h2c on every first POST.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(400)
            return
        head = head_without_upgrade(method, self.url, self.parser.get_http_version(), self.headers)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._feed(head + rest)

    def _head_goes_on(self) -> None:
        """Look at a head that is not complete yet."""
        if self._untimed:
            self._untimed = False
            self.deadline = self._due(self._limits.head_seconds)
        limit = self._limits.head_bytes_max
        if self._fed > limit and (self._fed_surely > limit or self._head_bytes() > limit):
            self._refuse(431)

    def _unwanted(self, data: bytes) -> None:
        """Take what comes when nothing is read any more."""
        if self._stage == FULL:
            # The path is for the wording only, so the first line need not be all there.
            method, _, rest = data.partition(b" ")
            self.url = rest.partition(b" ")[0]
            self._say(503, head_only=method == b"HEAD")
        elif self._farewell is None:
            self._discarded += len(data)
            if self._discarded > self._limits.linger_bytes_max:
                self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._stage = HEAD
        self._hosts = self._length = 0
        self._chunked = False
        # The first request's time began with the connection.
        self._untimed = self._has_heard

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        headers = self.headers
        if len(headers) >= self._fields_max:
            self._stop(431)
        if name in WATCHED:
            self._watch(name, value)
        headers.append((name, value))

    def _watch(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            self._hosts += 1
            # What came before needs no second look; only an empty one could never come before.
            if (not value or value != self._host) and not is_host(value):
                self._stop(400)
            self._host = value
        elif name == b"content-length":
            self._length = int(value)
        elif name == b"transfer-encoding":
            self._chunked = True
            if value.strip().lower() != b"chunked":  # llhttp takes "gzip, chunked" too
                self._stop(400)
        elif value.lower() == b"100-continue":
            self.expect_100_continue = True

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # `_feed_without_upgrade` brings it again
        self._check_head()
        self._has_heard = True
        if self._is_plain():
            self._answer = self._at_once(self.url, self.scope, self.server_state.default_headers)
            if self._answer is not None:
                self._stage = BODY
                return
        super().on_headers_complete()
        if not self.pipeline:
            self._answering = self.cycle
        self._stage = BODY
        # Trailers must not become headers of a request that has begun (RFC 9110, 6.5.1).
        self.headers = []
        if self._gate.draining:
            self.cycle.keep_alive = False

    def _is_plain(self) -> bool:
        """Say whether this is a GET alone, after which the connection goes on as it is."""
        parser = self.parser
        # Who sends much in one piece: other connections have requests too.
        is_greedy = self._answered >= self._limits.pipelined_max
        if is_greedy or self._length or self._chunked or self.expect_100_continue:
            return False
        if parser.get_method() != b"GET" or parser.get_http_version() != "1.1":
            return False
        if self.flow.write_paused or self._gate.draining or not parser.should_keep_alive():
            return False
        return self.cycle is None or self.cycle.response_complete

    def _check_head(self) -> None:
        """Refuse what llhttp accepts and we do not."""
        version = self.parser.get_http_version()
        if self._hosts != 1 and (self._hosts or version == "1.1"):
            self._stop(400)  # RFC 9112, 3.2: exactly one
        if version != "1.1" and (version != "1.0" or self._chunked):
            self._stop(400)  # RFC 9112, 6.1: HTTP/1.0 knows no chunks
        if self.url[0] != SLASH and not (self._hosts and names_host(self.url, self._host)):
            self._stop(400)  # an absolute target counts more than Host, so they have to agree
        if self._fed > self._limits.head_bytes_max < self._head_bytes():
            self._stop(431)
        if self._length or self._chunked:
            self._check_body()
        if len(self.pipeline) >= self._limits.pipelined_max:
            self._stop(503)

    def _check_body(self) -> None:
        limit = self._gate.body_bytes_max(self.url)
        if self._length > limit:
            self._stop(413)
        self._body_left = limit
        self._wire_left = limit * CHUNKED_WIRE_FACTOR + self._limits.head_bytes_max
        self.deadline = self._due(self._limits.body_seconds)

    def on_body(self, body: bytes) -> None:
        self._body_left -= len(body)
        if self._body_left < 0:
            self._stop(413)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._stage == HEAD:
            return  # an upgrade: the head was not taken
        self._stage = AWAIT
        self._fed_surely = 0
        if self._answer is not None:
            self.transport.write(self._answer)
            self._answer = None
            self._answered += 1
            self.server_state.total_requests += 1
            self._rest()
            return
        super().on_message_complete()
        if self.cycle.response_complete:
            self._rest()
        else:
            self.deadline = NEVER

    def on_response_complete(self) -> None:
        # uvicorn's own, but for the timer that it makes for each request; the gate has one.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._part(b"")
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._answering, app = self.pipeline.pop()
            self._start_asgi_task(self._answering, app)
        elif self._farewell is not None:
            self._part(self._farewell)
        elif self._stage == AWAIT:
            self._rest()

    def _stop(self, status: int) -> None:
        self._status = status
        raise _Stop

    def _refuse(self, status: int) -> None:
        """End the connection with an answer to the request that is being read."""
        cycle = self.cycle
        if self._stage != BODY:
            self._say(status, after_others=cycle is not None and not cycle.response_complete)
            return
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
            self._say(status, after_others=True)
            return
        cycle.disconnected = True
        cycle.message_event.set()
        if cycle.response_started:
            self._part(b"")  # it had its answer, or a part of it, before we had its body
        else:
            self._say(status)

    def _say(self, status: int, *, after_others: bool = False, head_only: bool = False) -> None:
        head_only = head_only or (self.url != b"" and self.parser.get_method() == b"HEAD")
        path = "" if self._stage == AWAIT else path_of(self.url)
        headers = [*self.server_state.default_headers, *([HSTS] if self.scheme == "https" else [])]
        answer = self._gate.refusal(status, path, head_only=head_only, headers=headers)
        if not after_others:
            self._part(answer)
            return
        self._stage = GONE
        self.deadline = NEVER
        self._farewell = answer
        self.flow.pause_reading()

    def _part(self, answer: bytes) -> None:
        """Say the last thing and give the client a moment to read it and close."""
        self._stage = GONE
        self._farewell = None
        self.deadline = self.loop.time() + self._limits.linger_seconds
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self.transport.write(answer)
        # TLS has no half-close, and needs none: its own close throws away what still comes.
        if answer and self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _rest(self) -> None:
        """Wait for the next request."""
        draining, limits = self._gate.draining, self._limits
        self.deadline = self.loop.time() + (
            limits.drain_idle_seconds if draining else limits.idle_seconds
        )

    def _due(self, patience: float) -> float:
        if self._gate.draining:
            patience = min(patience, self._limits.drain_request_seconds)
        return self.loop.time() + patience

    def _head_bytes(self) -> int:
        """Return how long the head is, as far as it was read."""
        return head_bytes(self.parser.get_method(), self.url, self.headers)
