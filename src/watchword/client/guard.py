"""The guard for asyncio: it follows the feed in a task, and judges tokens."""

import asyncio
import logging
import ssl
from contextlib import suppress
from types import TracebackType
from typing import Self, Unpack

import httpx

from watchword.client.answers import Answer, no_answer
from watchword.client.principal import Principal
from watchword.client.watch import START_PATIENCE_S, GuardOptions, Watch

STUMBLE_PAUSE_S = 1.0

_log = logging.getLogger("watchword.client")


class Guard:
    """Says whose an access token is, for one service that trusts a Watchword.

    It accepts nothing before it has read all revocations, and nothing while it does not hear
    of new ones.
    """

    def __init__(
        self,
        server: str,
        *,
        audience: str,
        api_key: str,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | bool = True,
        **options: Unpack[GuardOptions],
    ) -> None:
        self._watch = Watch(server, audience, api_key, **options)
        self._transport = transport
        self._verify = verify
        self._http: httpx.AsyncClient | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Begin to follow the feed; come back when tokens can be judged, or after 5 seconds."""
        if self._reader is None:
            self._http = httpx.AsyncClient(
                transport=self._transport, verify=self._verify, timeout=self._watch.timeout
            )
            self._reader = asyncio.create_task(self._read(self._http), name="watchword-guard")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), START_PATIENCE_S)

    async def stop(self) -> None:
        """Follow the feed no more."""
        reader, http = self._reader, self._http
        self._reader = self._http = None
        self._ready.clear()
        if reader is not None:
            reader.cancel()
            await asyncio.wait([reader])
        if http is not None:
            await http.aclose()

    async def check(self, token: str) -> Principal:
        """Return who holds a token. Raises InvalidToken, or Unavailable while we cannot know."""
        http = self._http
        if http is None:
            raise RuntimeError("The guard was not started: use `async with guard` or start().")
        found = self._watch.judge(token)
        if found is None:
            await self._look_for_keys(http, token)
            found = self._watch.judge(token)
        if found is None:
            raise self._watch.give_up()
        return found

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _read(self, http: httpx.AsyncClient) -> None:
        while True:
            try:
                pause = await self._follow(http)
            except Exception:  # noqa: BLE001 - if it ended, nobody would be let in until a restart
                _log.exception("The feed of revocations cannot be followed.")
                pause = STUMBLE_PAUSE_S
            await asyncio.sleep(pause)

    async def _follow(self, http: httpx.AsyncClient) -> float:
        """Ask the feed once; return the pause before the next time."""
        following = self._watch.take(await _ask(http, self._watch.feed.request()))
        if self._watch.are_keys_due:
            async with self._turn:
                await self._read_keys(http)
        if self._watch.is_ready:
            self._ready.set()
        return following.pause

    async def _look_for_keys(self, http: httpx.AsyncClient, token: str) -> None:
        """Read the keys for a token that names another; whoever waits here gains by one reading."""
        async with self._turn:
            if self._watch.judge(token) is None and self._watch.keys.may_ask():
                await self._read_keys(http)

    async def _read_keys(self, http: httpx.AsyncClient) -> None:
        edition = self._watch.keys.edition
        answer = await _ask(http, self._watch.keys.request())
        self._watch.take_keys(answer, edition=edition)


async def _ask(http: httpx.AsyncClient, request: httpx.Request) -> Answer:
    try:
        return await http.send(request)
    except httpx.HTTPError as error:
        return no_answer(error)
