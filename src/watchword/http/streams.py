"""Answers that are sent piece by piece, so that nobody has to hold the whole."""

from collections.abc import AsyncIterator, Callable, Mapping

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from watchword.http.call import Call
from watchword.http.presence import while_there

Pieces = Callable[[], AsyncIterator[str]]


async def streamed(
    call: Call, pieces: Pieces, *, media_type: str, headers: Mapping[str, str]
) -> Response:
    """Return an answer of these pieces, in UTF-8.

    The first is fetched now: what keeps us from it can still be said with a status. After
    that the connection is cut before the end, so that half an answer never looks whole.
    """
    said = dict(headers)
    if call.http_version == "1.0":
        # It knows no chunks (RFC 9112, 6.1), and an end that is none would not show.
        said["content-length"] = str(await _length(pieces()))
    content = _nothing() if call.method == "HEAD" else await _begun(pieces())
    return _Stream(content, headers=said, media_type=f"{media_type}; charset=utf-8")


class _Stream(StreamingResponse):
    """Sends pieces while somebody is there to read them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await while_there(receive, self.stream_response(send))


async def _begun(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    first = await anext(pieces, "")

    async def resumed() -> AsyncIterator[str]:
        yield first
        async for piece in pieces:
            yield piece

    return resumed()


async def _nothing() -> AsyncIterator[str]:
    for piece in ("",):
        yield piece


async def _length(pieces: AsyncIterator[str]) -> int:
    """Return how many octets there are. What is written can be read twice, and holds still."""
    length = 0
    async for piece in pieces:
        length += len(piece.encode())
    return length
