"""The guard for services that block, such as WSGI: it follows the feed in a thread."""

import logging
import ssl
import threading
from types import TracebackType
from typing import Self, Unpack

import httpx

from watchword.client.answers import Answer, no_answer
from watchword.client.principal import Principal
from watchword.client.watch import START_PATIENCE_S, GuardOptions, Watch

STUMBLE_PAUSE_S = 1.0

_log = logging.getLogger("watchword.client")


class ThreadedGuard:
    """Says whose an access token is, as Guard does, for any number of threads.

    Start it in the process that serves, not before a fork. To stop it takes until the open
    question to the feed is answered: some seconds.
    """

    def __init__(
        self,
        server: str,
        *,
        audience: str,
        api_key: str,
        transport: httpx.BaseTransport | None = None,
        verify: ssl.SSLContext | bool = True,
        **options: Unpack[GuardOptions],
    ) -> None:
        self._watch = Watch(server, audience, api_key, **options)
        self._transport = transport
        self._verify = verify
        self._http: httpx.Client | None = None
        self._reader: threading.Thread | None = None
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._turn = threading.Lock()

    def start(self) -> None:
        """Begin to follow the feed; come back when tokens can be judged, or after 5 seconds."""
        if self._http is None:
            self._stopping.clear()
            http = self._http = httpx.Client(
                transport=self._transport, verify=self._verify, timeout=self._watch.timeout
            )
            # A daemon, so that a program which forgets to stop it can end.
            self._reader = threading.Thread(
                target=self._read, args=(http,), name="watchword-guard", daemon=True
            )
            self._reader.start()
        self._ready.wait(START_PATIENCE_S)

    def stop(self) -> None:
        """Follow the feed no more."""
        reader, http = self._reader, self._http
        self._reader = self._http = None
        self._ready.clear()
        self._stopping.set()
        if reader is not None:
            reader.join()
        if http is not None:
            http.close()

    def check(self, token: str) -> Principal:
        """Return who holds a token. Raises InvalidToken, or Unavailable while we cannot know."""
        http = self._http
        if http is None:
            raise RuntimeError("The guard was not started: use `with guard` or start().")
        found = self._watch.judge(token)
        if found is None:
            self._look_for_keys(http, token)
            found = self._watch.judge(token)
        if found is None:
            raise self._watch.give_up()
        return found

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _read(self, http: httpx.Client) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            try:
                pause = self._follow(http)
            except Exception:  # noqa: BLE001 - if it ended, nobody would be let in until a restart
                _log.exception("The feed of revocations cannot be followed.")
                pause = STUMBLE_PAUSE_S

    def _follow(self, http: httpx.Client) -> float:
        """Ask the feed once; return the pause before the next time."""
        following = self._watch.take(_ask(http, self._watch.feed.request()))
        if self._watch.are_keys_due:
            with self._turn:
                self._read_keys(http)
        if self._watch.is_ready:
            self._ready.set()
        return following.pause

    def _look_for_keys(self, http: httpx.Client, token: str) -> None:
        """Read the keys for a token that names another; whoever waits here gains by one reading."""
        with self._turn:
            if self._watch.judge(token) is None and self._watch.keys.may_ask():
                self._read_keys(http)

    def _read_keys(self, http: httpx.Client) -> None:
        edition = self._watch.keys.edition
        answer = _ask(http, self._watch.keys.request())
        self._watch.take_keys(answer, edition=edition)


def _ask(http: httpx.Client, request: httpx.Request) -> Answer:
    try:
        return http.send(request)
    except httpx.HTTPError as error:
        return no_answer(error)
