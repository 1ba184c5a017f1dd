"""A connection without a certificate is none, on whatever loop."""

import asyncio
import socket
from collections.abc import Callable, Coroutine

import pytest
import uvloop

from watchword.directory.line import Line, LineLostError

Run = Callable[[Coroutine[object, object, list[str]]], list[str]]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_who_hangs_up_at_once_is_not_there(run: Run) -> None:
    """Like a balancer that has nobody behind it; a line would have no certificate to show."""

    async def hang_up(server: socket.socket) -> None:
        while True:
            peer, _ = await asyncio.get_running_loop().sock_accept(server)
            peer.close()

    async def open_often() -> list[str]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0)
            hanging_up = asyncio.ensure_future(hang_up(server))
            url = f"ldaps://127.0.0.1:{server.getsockname()[1]}"
            reasons = [await because(url) for _ in range(20)]
            hanging_up.cancel()
            await asyncio.gather(hanging_up, return_exceptions=True)
        return reasons

    async def because(url: str) -> str:
        with pytest.raises(LineLostError) as lost:
            await Line.open(url, ca_file=None, timeout_s=30)
        return lost.value.because

    assert set(run(open_often())) <= {"connection", "tls"}
