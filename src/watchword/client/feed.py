"""What a guard knows of revocations, and what it asks next. Does no I/O itself.

A guard that has not heard of the feed for a while knows nothing, whatever it remembers.
"""

import hashlib
import logging
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus

import httpx

from watchword.client.answers import Answer, NoAnswer, read_object, retry_after
from watchword.client.surroundings import Surroundings

PATH = "/revocations"
POLL_MAX_S = 5
"""An answer comes so often at least, though nothing happened."""

SETTLE_POLL_S = 1
"""The first poll after keys became void is short, since the keys are then read once more: another
node of the server may for a moment have shown the old ones still."""

RETRY_FIRST_S = 0.1
RETRY_LONGEST_S = 1.0
"""Nobody gets in while we do not hear, so the pause between two tries stays short."""

ANSWER_LATE_S = 1.0
"""An answer that comes later than this after its time tells of that time, not of now."""

KEY_BAD_PAUSE_S = 5.0
KEY_BAD_SAY_EVERY_S = 60.0

_log = logging.getLogger("watchword.client")


class Keys(Enum):
    """What an answer means for the signing keys that we know."""

    KEEP = auto()
    READ = auto()
    VOID = auto()
    """Forget them at once, then read."""


@dataclass(frozen=True, slots=True)
class Next:
    """What to do after an answer: something about keys, then a pause, then the next request."""

    pause: float = 0.0
    keys: Keys = Keys.KEEP


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer of the feed: digests of the sessions that ended, and whether keys are void."""

    digests: tuple[bytes, ...]
    voids_keys: bool
    next: int
    is_empty: bool


def digest_of(session: str) -> bytes:
    """Return the name of a session in the feed."""
    return hashlib.sha256(session.encode()).digest()


class EndedSessions:
    """Digests of sessions, in the order in which they were learnt."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()
        self._pages: deque[tuple[float, tuple[bytes, ...]]] = deque()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._digests

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, digests: tuple[bytes, ...], *, at: float) -> None:
        if digests:
            self._digests.update(digests)
            self._pages.append((at, digests))

    def forget(self, *, before: float) -> None:
        while self._pages and self._pages[0][0] < before:
            self._digests.difference_update(self._pages.popleft()[1])


class Feed:
    """Follows the feed by its numbers."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        silence_max: float,
        keep_for: float,
        surroundings: Surroundings,
    ) -> None:
        self._url = f"{base_url}{PATH}"
        self._api_key = api_key
        self._silence_max = silence_max
        self._keep_for = keep_for
        self._surroundings = surroundings
        self.poll_s = int(min(POLL_MAX_S, max(1, silence_max // 2)))
        self._ended = EndedSessions()
        self._reading: EndedSessions | None = EndedSessions()
        self._since = 0
        self._heard_at: float | None = None
        self._asked_at = 0.0
        self._wait = 0
        self._failures = 0
        self._is_settling = False
        self._complained_at: float | None = None

    @property
    def is_heard(self) -> bool:
        """Say whether what we know of revocations may be believed."""
        heard_at = self._heard_at
        return heard_at is not None and self._now() - heard_at <= self._silence_max

    def has_ended(self, digest: bytes) -> bool:
        reading = self._reading
        return digest in self._ended or (reading is not None and digest in reading)

    def request(self) -> httpx.Request:
        """Return what to ask now. What we are behind with, we do not wait for."""
        hurries = self._reading is not None or self._failures or not self.is_heard
        self._wait = 0 if hurries else SETTLE_POLL_S if self._is_settling else self.poll_s
        self._asked_at = self._now()
        return httpx.Request(
            "GET",
            self._url,
            params={"since": self._since, "wait": self._wait},
            headers={"Accept": "application/json", "X-Authorization": self._api_key},
        )

    def take(self, answer: Answer) -> Next:
        """Learn from an answer, and return what to do next."""
        if isinstance(answer, NoAnswer):
            return self._fail(answer.why)
        match answer.status_code:
            case HTTPStatus.OK:
                page = _read_page(answer, self._since)
                return self._learn(page) if page else self._fail("an answer we cannot read")
            case HTTPStatus.GONE:
                return self._begin_again()
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                return self._refused(answer.status_code)
            case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
                return self._fail(f"status {answer.status_code}", at_least=retry_after(answer))
        return self._fail(f"status {answer.status_code}")

    def _learn(self, page: _Page) -> Next:
        now = self._now()
        if self._failures:
            _log.info("The feed of revocations is heard again.")
        self._failures = 0
        self._since = page.next
        if self._reading is not None:
            return self._read_on(self._reading, page, now)
        self._ended.add(page.digests, at=now)
        self._ended.forget(before=now - self._keep_for)
        self._hear(now)
        # Who is told nothing before it was time asks again, but not in a circle without end.
        is_early = page.is_empty and now - self._asked_at < self._wait / 2
        pause = self._spread(RETRY_FIRST_S) if is_early else 0.0
        was_settling, self._is_settling = self._is_settling, page.voids_keys
        if page.voids_keys:
            return Next(pause, Keys.VOID)
        return Next(pause, Keys.READ if was_settling else Keys.KEEP)

    def _read_on(self, reading: EndedSessions, page: _Page, now: float) -> Next:
        """Learn a part of the whole feed; it counts when there is no more of it."""
        reading.add(page.digests, at=now)
        if not page.is_empty:
            return Next()
        self._ended, self._reading = reading, None
        self._hear(now)
        return Next(keys=Keys.VOID)

    def _hear(self, now: float) -> None:
        # An answer that lay in the socket while this process stood still is old news.
        self._heard_at = min(now, self._asked_at + self._wait + ANSWER_LATE_S)

    def _begin_again(self) -> Next:
        """Read another database's feed from the start; what we know counts until that is done."""
        if self._since == 0:
            return self._fail("it cannot be read from its start")
        _log.warning("The feed of revocations begins again.")
        self._reading = EndedSessions()
        self._since = 0
        return Next(self._spread(RETRY_FIRST_S))

    def _refused(self, status: int) -> Next:
        # We are told that we shall not hear: there is nothing to wait for.
        self._heard_at = None
        self._failures += 1
        now = self._now()
        if self._complained_at is None or now - self._complained_at >= KEY_BAD_SAY_EVERY_S:
            self._complained_at = now
            _log.error(
                "Nobody is let in: the feed of revocations answers %s. "
                "Does the API key exist, with the scope revocations:read?",
                status,
            )
        return Next(self._spread(KEY_BAD_PAUSE_S))

    def _fail(self, why: str, *, at_least: float = 0.0) -> Next:
        self._failures += 1
        if self._failures == 1:
            _log.warning("The feed of revocations cannot be read: %s.", why)
        # A doubling that stops before it becomes a number without end.
        backoff = min(RETRY_LONGEST_S, RETRY_FIRST_S * 2 ** min(self._failures - 1, 8))
        return Next(at_least + self._spread(backoff))

    def _spread(self, pause: float) -> float:
        """Return a pause around this one, so that a fleet does not come back together."""
        return pause * (0.5 + self._surroundings.chance())

    def _now(self) -> float:
        return self._surroundings.elapsed()


def _read_page(answer: httpx.Response, since: int) -> _Page | None:
    """Return a page, None if there is anything in it that we do not understand.

    What we do not understand may be a revocation, so it is not passed over.
    """
    found = read_object(answer) or {}
    items, following = found.get("revocations"), found.get("next")
    if not isinstance(items, list) or type(following) is not int or following < since:
        return None
    if items and following == since:
        return None
    digests, voids_keys = [], False
    for item in items:
        match item:
            case {"kind": "session", "sid": str(sid)} if (digest := _digest(sid)) is not None:
                digests.append(digest)
            case {"kind": "keys"}:
                voids_keys = True
            case _:
                return None
    return _Page(tuple(digests), voids_keys, following, not items)


def _digest(sid: str) -> bytes | None:
    try:
        digest = bytes.fromhex(sid)
    except ValueError:
        return None
    return digest if len(digest) == hashlib.sha256().digest_size else None
