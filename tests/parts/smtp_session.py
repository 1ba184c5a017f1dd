"""One connection to the SMTP server of the tests: aiosmtpd, which asks at each step what to do."""

# ruff: noqa: N802 - aiosmtpd calls the methods of these names

import asyncio
import hmac
import ssl
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as Peer

from parts.smtp_faults import DROP, STALL, Faults, Phase
from parts.smtp_letters import Received


@dataclass(frozen=True)
class Terms:
    """What the server asks of clients, and what it offers them."""

    login: tuple[str, str] | None
    utf8: bool


class Session(SMTP):
    """A connection."""

    def __init__(
        self,
        terms: Terms,
        faults: Faults,
        letters: list[Received],
        sessions: "set[Session]",
        starttls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(
            self,
            hostname="mail.test",
            enable_SMTPUTF8=terms.utf8,
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_require_tls=starttls is not None,
            auth_exclude_mechanism=None if terms.login else ["PLAIN", "LOGIN"],
            authenticator=self._judge_login,
            loop=asyncio.get_running_loop(),
        )
        self._terms = terms
        self._faults = faults
        self._letters = letters
        self._sessions = sessions
        self._taken: Received | None = None
        self._user: str | None = None
        self.stalls = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        # Not when the command is read: a client may say QUIT and be gone, and that is enough.
        if self._taken is not None:
            self._taken.heard = True
        super().data_received(data)

    def cut(self) -> None:
        """End the connection at once."""
        for transport in (self._original_transport, self.transport):
            if isinstance(transport, asyncio.Transport):
                transport.abort()

    async def _handle_client(self) -> None:
        try:
            if await self._fails("CONNECT"):
                self.cut()
                return
        except asyncio.CancelledError:
            self.cut()
            raise
        await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._fails("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if await self._fails("STARTTLS"):
            return
        if self._faults.at("HANDSHAKE", "") is not None:
            await self.push("220 go on")
            await self._stand_still()
        await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._fails("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if self._terms.login and self._user is None:
            await self.push("530 5.7.0 authentication required")
        elif not await self._fails("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._fails("RCPT", arg or ""):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self._fails("DATA", self._recipient()):
            await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        if not await self._fails("QUIT"):
            await super().smtp_QUIT(arg)

    async def handle_DATA(self, _server: SMTP, _peer: Peer, envelope: Envelope) -> str:
        """Take the letter, or not. The answer is sent by who calls."""
        if answer := await self._instead("DOT", self._recipient()):
            return answer
        assert isinstance(envelope.content, bytes)
        letter = Received(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            options=tuple(envelope.mail_options),
            octets=envelope.content,
            is_encrypted=self.transport is not None
            and self.transport.get_extra_info("sslcontext") is not None,
            user=self._user,
        )
        self._letters.append(letter)
        if answer := await self._instead("TAKEN", self._recipient()):
            return answer
        self._taken = letter
        return "250 2.0.0 taken"

    async def handle_exception(self, error: Exception) -> str:
        return f"451 4.3.0 {type(error).__name__}"

    def _judge_login(
        self, _server: SMTP, _session: Peer, _envelope: Envelope, _way: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        wanted = "\0".join(self._terms.login or ()).encode()
        success = hmac.compare_digest(b"\0".join(data), wanted)
        self._user = data.login.decode() if success else None
        # handled=False, or aiosmtpd never answers an AUTH that failed.
        return AuthResult(success=success, handled=False)

    def _recipient(self) -> str:
        return " ".join(self.envelope.rcpt_tos) if self.envelope else ""

    async def _fails(self, phase: Phase, recipient: str = "") -> bool:
        """Do what is to go wrong at a command; return False if nothing is."""
        answer = await self._instead(phase, recipient)
        if answer is not None:
            await self.push(answer)
        return answer is not None

    async def _instead(self, phase: Phase, recipient: str) -> str | None:
        act = self._faults.at(phase, recipient)
        if act == STALL:
            await self._stand_still()
        if act == DROP:
            self.cut()
            await self._stand_still()
        return act

    async def _stand_still(self) -> None:
        """Wait for ever; whoever loses the connection ends it."""
        self.stalls = True
        await asyncio.get_running_loop().create_future()
