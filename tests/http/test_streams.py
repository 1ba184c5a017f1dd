"""Answers in pieces: whole, cut, left alone, and by old clients."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx
import pytest
from starlette.responses import Response

from parts.loglines import LogLines
from parts.peer import Peer, get
from parts.serving import serving
from parts.waiting import until
from toy import TOY, ToyOptions, toybox
from watchword.core.kernel.errors import CoreError, UnavailableError
from watchword.core.services import Services
from watchword.http.call import Call
from watchword.http.gate import Served, TransportLimits
from watchword.http.operation import Answer, Operation
from watchword.http.pages import with_head
from watchword.http.server import ServerConfig
from watchword.http.streams import streamed

PIECE = "ä" * 32_768
MANY = 2000
"""So many pieces are more than all buffers between us hold."""

OLD = b"GET /toy/pieces HTTP/1.0\r\nHost: localhost\r\n\r\n"


@dataclass
class Source:
    """Gives pieces, and remembers how many. The last of its openings fails after some."""

    pieces: int
    fails_after: int = MANY
    error: CoreError | RuntimeError | None = None
    openings: int = 1
    given: int = 0

    async def open(self) -> AsyncIterator[str]:
        self.openings -= 1
        for number in range(self.pieces):
            await asyncio.sleep(0)  # a database lets others run
            if number == self.fails_after and self.error and not self.openings:
                raise self.error
            self.given += 1
            yield PIECE

    async def endpoint(self, call: Call) -> Response:
        headers = {"content-disposition": "attachment"}
        return await streamed(call, self.open, media_type="text/csv", headers=headers)

    def operations(self, services: Services, options: ToyOptions) -> Sequence[Operation]:
        del services, options
        operation = Operation(
            method="GET",
            path="/toy/pieces",
            endpoint=self.endpoint,
            summary="Everything",
            answers={200: Answer(description="It.", shape=str, media_type="text/csv")},
        )
        return with_head(operation)


@contextmanager
def giving(source: Source, limits: TransportLimits | None = None) -> Iterator[int]:
    """Serve what a source gives at /toy/pieces of this port."""
    app = toybox(dialects=(replace(TOY, operations=source.operations),)).app
    config = ServerConfig(limits=limits or TransportLimits(), grace_seconds=1)
    with serving(Served(app=app), config) as (port, _):
        yield port


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}/toy/pieces"


def test_all_pieces_arrive_as_one() -> None:
    """In UTF-8, with their type and what else was said, and the connection stays."""
    with giving(Source(3)) as port, httpx.Client() as client:
        answer = client.get(url(port))
        again = client.get(url(port))

    assert answer.text == again.text == PIECE * 3
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["cache-control"] == "no-store"


def test_nothing_is_an_answer_too() -> None:
    """Empty, and whole."""
    with giving(Source(0)) as port:
        answer = httpx.get(url(port))

    assert (answer.status_code, answer.text) == (200, "")


def test_what_fails_before_it_begins_has_a_status() -> None:
    """A database that is down is a 503, in the words of the dialect."""
    source = Source(3, fails_after=0, error=UnavailableError(retry_after=4))
    with giving(source) as port:
        answer = httpx.get(url(port))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "4")
    assert answer.json()["moo"] == "moo: unavailable"


@pytest.mark.parametrize(
    ("error", "event", "status"),
    [(UnavailableError(), "unavailable", 503), (RuntimeError("a secret: Admin123"), "bug", 500)],
)
def test_half_an_answer_does_not_look_whole(
    log_lines: LogLines, error: UnavailableError | RuntimeError, event: str, status: int
) -> None:
    """The connection ends before the answer does, and the operator hears why."""
    source = Source(3, fails_after=2, error=error)
    with giving(source) as port, httpx.stream("GET", url(port)) as answer:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            answer.read()
        until(lambda: log_lines.of("request"))

    [request] = log_lines.of("request")
    assert answer.status_code == 200
    assert request["status"] == status
    assert len(log_lines.of(event)) == 1
    assert "Admin123" not in log_lines.text()


def test_who_leaves_is_given_no_more(log_lines: LogLines) -> None:
    """Nobody reads on for a client that is gone."""
    source = Source(MANY)
    with giving(source) as port:
        with Peer(port) as peer:
            peer.send(get("/toy/pieces"))
            until(lambda: source.given)
        until(lambda: log_lines.of("request"))

    [request] = log_lines.of("request")
    assert request["status"] == 499
    assert source.given < MANY
    assert log_lines.of("bug") == []


def test_who_reads_nothing_holds_up_the_pieces(log_lines: LogLines) -> None:
    """No more of them are fetched than the buffers hold, and then the connection is cut."""
    source = Source(MANY)
    with giving(source, TransportLimits(body_seconds=0.2)) as port, Peer(port) as peer:
        peer.send(get("/toy/pieces"))
        until(lambda: log_lines.of("request"))

    [request] = log_lines.of("request")
    assert request["status"] == 499
    assert source.given < MANY


def test_a_head_reads_nothing() -> None:
    """It says what the answer would be."""
    source = Source(3)
    with giving(source) as port:
        answer = httpx.head(url(port))

    assert (answer.status_code, answer.content, source.given) == (200, b"", 0)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "content-length" not in answer.headers


def test_an_old_client_is_told_the_length() -> None:
    """HTTP/1.0 knows no chunks: by the length it sees whether all of it came."""
    with giving(Source(3)) as port, Peer(port) as peer:
        answer = peer.ask(OLD)

    assert answer.body.decode() == PIECE * 3
    assert "transfer-encoding" not in answer.headers


def test_an_old_client_sees_that_something_is_missing() -> None:
    """Less comes than was announced. It is counted first, so this is the second time."""
    source = Source(3, fails_after=2, error=RuntimeError(), openings=2)
    with giving(source) as port, Peer(port) as peer:
        peer.send(OLD)
        head, _, body = peer.last_words().partition(b"\r\n\r\n")

    assert b"content-length: %d" % len(PIECE.encode() * 3) in head
    assert body.decode() == PIECE * 2
