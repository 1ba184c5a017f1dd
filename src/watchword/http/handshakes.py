"""The door for TLS: it takes connections, and lets only so many be in their handshake at once.

The server of asyncio takes any number of them. A connection in its handshake is none yet for
the gate and costs sixty kilobytes, so clients that only connect could fill the memory.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

from watchword.http.gate import TransportLimits

FULL_PAUSE_S = 1.0
"""After an accept that failed, since no file can be opened, the next comes so much later."""


class TlsDoor:
    """Listens on one socket. There may be as many handshakes as there may be connections."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        *,
        context: ssl.SSLContext,
        limits: TransportLimits,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._protocol = protocol
        self._context = context
        self._limits = limits
        self._handshakes: set[asyncio.Task[None]] = set()
        self._is_open = True
        self._watch()

    def close(self) -> None:
        """Take no more connections."""
        self._is_open = False
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()

    def admit(self, connection: socket.socket) -> None:
        """Begin the handshake of somebody who has connected, or hang up if there are too many."""
        if len(self._handshakes) >= self._limits.connections_max:
            connection.close()
            return
        connection.settimeout(0)
        handshake = self._loop.create_task(self._shake_hands(connection))
        self._handshakes.add(handshake)
        handshake.add_done_callback(self._handshakes.discard)

    async def settle(self) -> None:
        """Give the handshakes that have begun a moment to end."""
        if self._handshakes:
            await asyncio.wait(self._handshakes, timeout=self._limits.drain_idle_seconds)

    def _watch(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        # One at a time: of several processes each shall have its share.
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:
            self._loop.remove_reader(self._listener.fileno())
            self._loop.call_later(FULL_PAUSE_S, self._watch)
            return
        self.admit(connection)

    async def _shake_hands(self, connection: socket.socket) -> None:
        # Who does not manage a handshake is nobody that we could answer.
        with suppress(OSError):
            await self._loop.connect_accepted_socket(
                self._protocol,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=self._limits.head_seconds,
                ssl_shutdown_timeout=self._limits.linger_seconds,
            )
