"""One connection to a mail server: opened, encrypted, logged in, and ended."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from socket import gethostname
from typing import TypeVar, cast

from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPServerDisconnected

from watchword.mail.ear import Ear

TIMEOUT_S = 30.0
DOT_TIMEOUT_S = 600.0
"""RFC 5321, 4.5.3.2.6: a server that has all of a letter may take ten minutes to say so, and
whoever gives up earlier makes it a letter that comes twice."""

_Answer = TypeVar("_Answer")
_DOTS = re.compile(rb"^\.", re.MULTILINE)
_HOST_NAME = re.compile(r"[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63})+")
_NO_NAME = "[127.0.0.1]"


class Tls(StrEnum):
    """How the connection is encrypted: by STARTTLS, from its first octet, or not."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpOptions:
    """Which mail server takes our letters, and how it is reached.

    Its certificate must be good for `host`, from an authority in `ca_file` or else from one
    that this machine trusts. Without a `username` nobody logs in; with one, and without TLS,
    the host must be this machine. `timeout_s` is for each step, `dot_timeout_s` for the last.
    """

    host: str
    port: int
    tls: Tls = Tls.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_s: float = TIMEOUT_S
    dot_timeout_s: float = DOT_TIMEOUT_S


class Line:
    """A conversation with a mail server. Each step raises SMTPException or OSError."""

    def __init__(self, options: SmtpOptions, context: ssl.SSLContext | None) -> None:
        self._options = options
        self._client = _Client(
            hostname=options.host,
            port=options.port,
            local_hostname=_own_name(),
            # Times are kept here: `wait_for`, which aiosmtplib has for it, loses cancellations.
            timeout=None,
            use_tls=options.tls is Tls.IMPLICIT,
            start_tls=False,
            tls_context=context,
        )

    @property
    def takes_utf8(self) -> bool:
        return self._client.supports_extension("smtputf8")

    async def begin(self) -> None:
        """Connect, encrypt and log in, as the options say; nothing less will do."""
        await self._within(self._client.connect())
        await self._within(self._client.ehlo())
        if self._options.tls is Tls.STARTTLS:
            # It raises if the server does not offer this, or somebody between us hides it.
            await self._within(self._client.starttls())
            await self._within(self._client.ehlo())
        if self._options.username:
            await self._within(self._log_in())

    async def ask(self, *words: bytes) -> SMTPResponse:
        """Send a command and return the answer."""
        return await self._within(self._client.execute_command(*words))

    async def hand_over(self, octets: bytes, *, on_yes: Callable[[], None]) -> SMTPResponse:
        """Send a letter and the final dot after it; return the answer to that.

        If it is a yes, `on_yes` is called as soon as it is here.
        """
        protocol, transport = self._client.protocol, self._client.transport
        if protocol is None or transport is None:
            raise SMTPServerDisconnected("not connected")
        transport.set_protocol(Ear(protocol, on_yes))
        try:
            async with asyncio.timeout(self._options.dot_timeout_s):
                protocol.write(_DOTS.sub(b"..", octets) + b".\r\n")
                return await protocol.read_response()
        except (SMTPException, OSError):
            self.drop()
            raise

    def leave(self) -> None:
        """Say goodbye without waiting for the answer, which could change nothing any more."""
        protocol, transport = self._client.protocol, self._client.transport
        if protocol is not None and transport is not None:
            with suppress(Exception):
                protocol.write(b"QUIT\r\n")
                transport.close()
            # What was written is on its way by then. TLS would wait for the server's end of it,
            # for 30 s, and a command that ends with its letter would leave the socket open.
            asyncio.get_running_loop().call_soon(self.drop)

    def drop(self) -> None:
        """End the connection now, whatever it was about."""
        self._client.close()

    async def _log_in(self) -> None:
        # One way, not one after the other: three wrong passwords at once can lock an account.
        ways: dict[str, Callable[[str, str], Awaitable[SMTPResponse]]] = {
            "plain": self._client.auth_plain,
            "login": self._client.auth_login,
            "cram-md5": self._client.auth_crammd5,
        }
        offered = self._client.server_auth_methods
        log_in = next((way for name, way in ways.items() if name in offered), None)
        if log_in is None:
            raise SMTPException("It offers no way to log in that we know.")
        await log_in(self._options.username, self._options.password)

    async def _within(self, step: Awaitable[_Answer]) -> _Answer:
        async with asyncio.timeout(self._options.timeout_s):
            return await step


@asynccontextmanager
async def open_line(options: SmtpOptions, context: ssl.SSLContext | None) -> AsyncIterator[Line]:
    """Talk to a mail server until the end of the block.

    After a good end it hears our goodbye in the next turn of the loop, after any other
    nothing more.
    """
    line = Line(options, context)
    try:
        await line.begin()
        yield line
    except BaseException:
        line.drop()
        raise
    asyncio.get_running_loop().call_soon(line.leave)


class _Client(SMTP):
    """An SMTP client that waits for nobody when it closes."""

    def close(self) -> None:
        # Without this a server that says nothing more holds a TLS connection for 30 s longer.
        if self.transport is not None:
            # uvloop's transports have no class in common with those of asyncio.
            cast("asyncio.WriteTransport", self.transport).abort()
        super().close()


def _own_name() -> str:
    """Return how we greet: by the name of this machine if it is a whole one (RFC 5321, 4.1.4)."""
    name = gethostname()
    return name if _HOST_NAME.fullmatch(name) else _NO_NAME
