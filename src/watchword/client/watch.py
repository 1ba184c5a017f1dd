"""What a guard is made of, whether it works with asyncio or with a thread."""

import logging
from datetime import timedelta
from typing import TypedDict, Unpack

import httpx

from watchword.client.answers import Answer
from watchword.client.claims import Expected
from watchword.client.errors import InvalidToken, Unavailable
from watchword.client.feed import Feed, Keys, Next
from watchword.client.keyset import KeySet
from watchword.client.places import base_url_of, key_of
from watchword.client.surroundings import SURROUNDINGS, Surroundings
from watchword.client.trust import KEYLESS, Trust

SILENCE_MAX_S = 10.0
SILENCE_LEAST_S = 2.0
TOKEN_LIFE_MAX = timedelta(days=31)
REMEMBERED_MAX = 10_000

START_PATIENCE_S = 5.0
"""How long a start waits until tokens can be judged; then a service starts, and answers 503."""

MARGIN_S = 300.0
"""What was revoked is remembered so much longer than a token can live: clocks differ."""

_log = logging.getLogger("watchword.client")


class GuardOptions(TypedDict, total=False):
    """What a guard may be told beyond the server, the audience and the key.

    `issuer`: the `iss` of the tokens, if it is not the URL of the server.
    `silence_max`: for how many seconds tokens are accepted though nothing is heard.
    `token_life_max`: a token that lives longer is refused; revocations are remembered as long.
    `remembered_max`: how many verified tokens are remembered.
    """

    issuer: str
    silence_max: float
    token_life_max: timedelta
    remembered_max: int
    surroundings: Surroundings


class Watch:
    """The keys, the feed and the judge over both. Does no I/O itself."""

    def __init__(
        self, server: str, audience: str, api_key: str, **options: Unpack[GuardOptions]
    ) -> None:
        place = base_url_of(server)
        silence_max = options.get("silence_max", SILENCE_MAX_S)
        if silence_max < SILENCE_LEAST_S:
            raise ValueError(f"silence_max must be {SILENCE_LEAST_S:g} seconds at least.")
        if not audience:
            raise ValueError("A guard needs an audience: the name of its service.")
        life_max = options.get("token_life_max", TOKEN_LIFE_MAX).total_seconds()
        surroundings = options.get("surroundings", SURROUNDINGS)
        self.keys = KeySet(place, surroundings)
        self.feed = Feed(
            place,
            key_of(api_key),
            silence_max=silence_max,
            keep_for=life_max + MARGIN_S,
            surroundings=surroundings,
        )
        self._trust = Trust(
            self.keys,
            self.feed,
            Expected(options.get("issuer") or place, audience, life_max),
            remembered_max=options.get("remembered_max", REMEMBERED_MAX),
            surroundings=surroundings,
        )
        self.judge = self._trust.judge
        patience = (silence_max - self.feed.poll_s) / 2
        self.timeout = httpx.Timeout(patience, read=self.feed.poll_s + patience)
        self._are_keys_due = False

    @property
    def is_ready(self) -> bool:
        """Say whether tokens can be judged now."""
        return self.feed.is_heard and self.keys.is_known

    def take(self, answer: Answer) -> Next:
        """Learn from an answer of the feed. Void keys are gone when this returns."""
        following = self.feed.take(answer)
        if following.keys is Keys.VOID:
            self.keys.void()
        if following.keys is not Keys.KEEP:
            self._are_keys_due = True
        return following

    @property
    def are_keys_due(self) -> bool:
        """Say whether the keys are to be read before the next look at the feed."""
        return self._are_keys_due

    def take_keys(self, answer: Answer, *, edition: int) -> None:
        """Use the keys that an answer brings; what is wrong with it goes to the log."""
        trouble = self.keys.take(answer, edition=edition)
        if trouble:
            _log.warning("The keys of Watchword cannot be read: %s.", trouble)
        else:
            self._are_keys_due = False

    def give_up(self) -> InvalidToken | Unavailable:
        """Return what to raise for a token whose key we cannot find."""
        return InvalidToken("unknown key") if self.keys.is_known else Unavailable(KEYLESS)
