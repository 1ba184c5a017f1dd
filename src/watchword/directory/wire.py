"""The bytes of one connection to a controller: TCP, then TLS, by the event loop alone.

python-ldap speaks LDAP but waits in its TLS handshake, whoever else has something to do. So it
never sees the network: it gets one end of a pair of sockets, and the loop carries bytes between
the other end and a TLS connection of Python's own.
"""

import asyncio
import socket
import ssl
from contextlib import suppress
from errno import ECONNRESET
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from watchword.directory.starttls import REQUEST, Reply

PORTS = {"ldaps": 636, "ldap": 389}
_ADDRESSES_MAX = 4
"""A domain's own name leads to all its controllers, and we do not try a hundred."""


class Wire:
    """An open connection; `fd` is where LDAP is spoken, and whoever speaks it closes that."""

    def __init__(self, far: "_End", near: "_End", fd: int) -> None:
        self._far = far
        self._near = near
        self.fd = fd

    @property
    def certificate(self) -> dict[str, object]:
        """What the controller showed, as Python's ssl tells it."""
        assert self._far.transport is not None
        return cast("dict[str, object]", self._far.transport.get_extra_info("peercert"))

    def abort(self) -> None:
        """End it now. Goodbyes would wait for a controller that may not answer any more."""
        self._near.abort()
        self._far.abort()


async def open_wire(url: str, ca_file: Path | None, timeout_s: float) -> Wire:
    """Connect and encrypt. Raises OSError, of which ssl.SSLError is one, or ValueError.

    The caller sees to it that all of it takes `timeout_s` at most.
    """
    parts = urlsplit(url)
    assert parts.hostname is not None
    context = context_for(ca_file)
    far = _End()
    near, fd = await _pair(far)
    try:
        await _connect(far, parts.hostname, parts.port or PORTS[parts.scheme], timeout_s)
        if parts.scheme == "ldap":
            await _ask_for_tls(far)
        await _encrypt(far, near, context, parts.hostname)
    except BaseException:
        far.abort()
        near.abort()
        socket.close(fd)
        raise
    return Wire(far, near, fd)


def context_for(ca_file: Path | None) -> ssl.SSLContext:
    """Return what checks certificates and host names. Raises OSError if the file is no good."""
    return _context(ca_file, ca_file.stat().st_mtime_ns if ca_file else 0)


@lru_cache(maxsize=16)
def _context(ca_file: Path | None, changed_at: int) -> ssl.SSLContext:
    # To read all the authorities of a machine takes as long as many log-ins.
    del changed_at
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def addresses_of(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises OSError, or UnicodeError for an impossible name."""
    try:
        return [str(ip_address(host))]
    except ValueError:
        pass
    # This takes a thread of the loop's own, of which there are some and never more.
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class _End(asyncio.Protocol):
    """One of the two connections; what it hears goes out at the other, at its pace."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self.reply: Reply | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have no class in common with those of asyncio.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.reply is not None:
            self.reply.feed(data)
        elif self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self.reply is not None:
            self.reply.end()
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()  # after what is on its way

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


async def _pair(far: _End) -> tuple[_End, int]:
    """Return our end of a new pair of sockets, and the file descriptor of the other."""
    ours, theirs = socket.socketpair()
    # Else whoever reads LDAP there would wait for the rest of a message that is cut in two.
    theirs.settimeout(0)
    near = _End()
    near.other = far
    try:
        await asyncio.get_running_loop().create_unix_connection(lambda: near, sock=ours)
    except BaseException:
        near.abort()
        ours.close()
        theirs.close()
        raise
    return near, theirs.detach()


async def _connect(far: _End, host: str, port: int, timeout_s: float) -> None:
    """Connect to the first address of a host that answers; each has its share of the time."""
    found = (await addresses_of(host, port))[:_ADDRESSES_MAX]
    trouble: OSError = OSError("no address")
    for address in found:
        try:
            async with asyncio.timeout(timeout_s / len(found)):
                await asyncio.get_running_loop().create_connection(lambda: far, address, port)
        except OSError as error:
            trouble = error
        else:
            return
    raise trouble


async def _ask_for_tls(far: _End) -> None:
    """Let the controller begin TLS on a connection that is plain up to here."""
    assert far.transport is not None
    far.reply = Reply()
    far.transport.write(REQUEST)
    await far.reply.is_yes()


async def _encrypt(far: _End, near: _End, context: ssl.SSLContext, host: str) -> None:
    loop = asyncio.get_running_loop()
    plain = far.transport
    assert plain is not None
    # Nothing is awaited between here and the moment when all bytes go through TLS: what came
    # before it must not pass for an answer (RFC 4513, 6.1).
    if far.reply is not None:
        far.reply.check_rest()
    far.reply, far.other = None, near
    if plain.is_closing():
        # uvloop would take what has ended for a handshake that was done.
        raise ConnectionResetError(ECONNRESET, "it was ended before TLS")
    try:
        far.transport = await loop.start_tls(plain, far, context, server_hostname=host)
    except BaseException:
        with suppress(Exception):
            plain.abort()
        raise
    if not (far.transport and far.transport.get_extra_info("peercert")):
        raise ConnectionResetError(ECONNRESET, "it was ended during TLS")
