"""DCs that are no good: one that accepts and never answers, and one that is slow.

    with silent_dc() as silent: ...            # silent.port
    with slow_dc(domain, delay=2.0) as slow:   # slow.ldaps_url, trusted by domain.ca_file
        slow.delay = 0.0                       # it may change; so does what was not told yet

They run in a thread of their own, so tests with and without a loop use them alike.
"""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from parts.domain import LDAP, LDAPS, Domain

PIECE_BYTES = 65536
LOOKS_EACH_S = 0.02
READY_S = 30.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Between:
    """Stands where a DC could be, on 127.0.0.1."""

    dc: Domain | None
    delay: float
    tls: bool
    port: int = 0
    accepted: int = 0
    _open: set["asyncio.Task[None] | None"] = field(default_factory=set)

    @property
    def ldaps_url(self) -> str:
        return f"ldaps://127.0.0.1:{self.port}"

    @property
    def starttls_url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._open)

    def server_context(self) -> ssl.SSLContext | None:
        """Return what it shows its clients: the certificate of the DC."""
        if not self.tls:
            return None
        assert self.dc is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.dc.ca_file, self.dc.key_file)
        return context

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection until one of its ends is gone."""
        self.accepted += 1
        self._open.add(asyncio.current_task())
        try:
            with suppress(OSError):
                if self.dc is None:
                    await hear_out(reader)
                else:
                    await self._pass_on(self.dc, (reader, writer))
        except asyncio.CancelledError:
            writer.transport.abort()  # whoever closes with TLS waits for the other to agree
            raise
        finally:
            self._open.discard(asyncio.current_task())
            writer.close()

    async def _pass_on(self, dc: Domain, client: Streams) -> None:
        context = ssl.create_default_context(cafile=dc.ca_file) if self.tls else None
        port = LDAPS if self.tls else LDAP
        far_reader, far_writer = await asyncio.open_connection(dc.address, port, ssl=context)
        reader, writer = client
        ways = [
            asyncio.ensure_future(self._copy(reader, far_writer, late=False)),
            asyncio.ensure_future(self._copy(far_reader, writer, late=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            far_writer.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, late: bool
    ) -> None:
        clock = asyncio.get_running_loop().time
        while piece := await reader.read(PIECE_BYTES):
            came = clock()
            while late and clock() < came + self.delay:  # noqa: ASYNC110 (it may change meanwhile)
                await asyncio.sleep(LOOKS_EACH_S)
            writer.write(piece)
            await writer.drain()


async def hear_out(reader: asyncio.StreamReader) -> None:
    while await reader.read(PIECE_BYTES):
        pass


@contextmanager
def silent_dc() -> Iterator[Between]:
    """Accept whoever comes, and never say a word, of TLS or of LDAP."""
    with _running(Between(None, 0.0, tls=False)) as silent:
        yield silent


@contextmanager
def slow_dc(domain: Domain, delay: float, *, tls: bool = True) -> Iterator[Between]:
    """Stand before a DC, and tell so late what it answers.

    With `tls` the handshake is ours and quick, and its answers alone come late. Without, it is
    for StartTLS, and everything comes late.
    """
    with _running(Between(domain, delay, tls=tls)) as slow:
        yield slow


@contextmanager
def _running(between: Between) -> Iterator[Between]:
    # By its name: with another policy it would be uvloop's, which logs what is cut.
    loop, ready = asyncio.SelectorEventLoop(), threading.Event()
    thread = threading.Thread(target=_run, args=(loop, between, ready), daemon=True)
    thread.start()
    try:
        assert ready.wait(READY_S)
        yield between
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _run(loop: asyncio.AbstractEventLoop, between: Between, ready: threading.Event) -> None:
    asyncio.set_event_loop(loop)
    context = between.server_context()
    listener = loop.run_until_complete(
        asyncio.start_server(between.serve, "127.0.0.1", 0, ssl=context)
    )
    between.port = listener.sockets[0].getsockname()[1]
    loop.call_soon(ready.set)
    try:
        loop.run_forever()
    finally:
        listener.close()
        loop.run_until_complete(_cut())
        loop.close()


async def _cut() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)  # what was aborted is closed in the next turn
