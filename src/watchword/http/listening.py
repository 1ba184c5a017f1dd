"""Listening sockets: bound before anything else starts, or refused with an advice."""

import errno
import resource
import socket
import struct
from contextlib import suppress

from watchword.http.gate import TransportLimits

PORT_MAX = 65535
FILES_BESIDE_CONNECTIONS = 256
"""Open files that databases, logs and the loop need beside the connections."""

# Linux; Python has no name for it. The filter is one instruction of BPF: return 0, keep nothing.
SO_ATTACH_FILTER = 26
KEEP_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)

_NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class ServeError(Exception):
    """The server cannot start or go on; the text says why, and what to do."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Bind every address that the host has; port 0 takes a free one, the same for all."""
    if not 0 <= port <= PORT_MAX:
        raise ServeError(f"There is no port {port}. Choose one from 1 to {PORT_MAX}.")
    listeners: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            # Where the first took a free port, the others take the same.
            port = listeners[0].getsockname()[1] if listeners else port
            listeners += _bound(family, (address[0], port, *address[2:]), optional=bool(listeners))
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise ServeError(_advice(error, host, port)) from error
    return listeners


def urls(listeners: list[socket.socket], scheme: str) -> tuple[str, ...]:
    """Return where clients reach these sockets."""
    names = [listener.getsockname()[:2] for listener in listeners]
    return tuple(
        f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
        for host, port in names
    )


def allow_open_files(limits: TransportLimits, *, is_tls: bool = False) -> None:
    """Raise the soft limit of open files: connections must not starve the database of them.

    With TLS as many more may be in their handshake.
    """
    connections = limits.connections_max * (2 if is_tls else 1)
    wanted = connections + limits.turned_away_max + FILES_BESIDE_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise ServeError(
            f"{limits.connections_max} connections need {wanted} open files, and this machine "
            f"allows {hard}. Allow fewer connections, or more files (ulimit -Hn)."
        )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def hold_off(listeners: list[socket.socket]) -> None:
    """Let nobody connect any more, also in other processes that share the sockets.

    Between the last accept and the close the kernel would still take connections, to reset
    them at once. So it drops their first packet: the client tries again a second later, and
    is refused or finds the next server. Where this cannot be done, the gap is microseconds.
    """
    import ctypes  # noqa: PLC0415 - only the end needs it

    instruction = ctypes.create_string_buffer(KEEP_NOTHING)
    program = struct.pack("HP", 1, ctypes.addressof(instruction))
    for listener in listeners:
        with suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise ServeError(
            f"Cannot listen on {host!r}: no such host. Choose an address of this machine, "
            "for instance 127.0.0.1 (this machine alone) or 0.0.0.0 (the whole network)."
        ) from error
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bound(
    family: socket.AddressFamily, address: tuple[object, ...], *, optional: bool
) -> list[socket.socket]:
    """Return the bound socket; nothing if `localhost` names an IPv6 that this machine lacks."""
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if optional and error.errno in _NOT_HERE:
            return []
        raise
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # 0.0.0.0 and :: are two choices; an IPv4 client must not come as ::ffff:a.b.c.d.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        # Two servers may bind one port as long as none listens, so only this finds the other.
        listener.listen()
        listener.settimeout(0)
    except OSError as error:
        listener.close()
        if optional and error.errno in _NOT_HERE:
            return []
        raise
    return [listener]


def _advice(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program. "
            "Stop it, or choose another port with --port."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is for the system administrator. Choose one above 1023 with --port."
    if error.errno in _NOT_HERE:
        return f"This machine has no address {host}. Choose another with --host."
    return f"Cannot listen on {host}, port {port}: {error.strerror}."
