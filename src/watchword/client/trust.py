"""Which tokens a guarded service accepts. Does no I/O itself."""

from dataclasses import dataclass, field

from watchword.client.claims import Expected, read_claims, read_header
from watchword.client.errors import InvalidToken, Unavailable
from watchword.client.feed import Feed, digest_of
from watchword.client.keyset import KeySet, VerifyingKey
from watchword.client.principal import Principal
from watchword.client.remembered import Remembered
from watchword.client.surroundings import Surroundings

DEAF = "Nothing was heard of revocations for a while, so no token is accepted."
KEYLESS = "The keys of Watchword are not known yet, so no token is accepted."


@dataclass(frozen=True, slots=True)
class _Known:
    """A token that was verified; whether it counts still is asked at each use."""

    principal: Principal
    ends_at: float
    digest: bytes = field(repr=False)
    key_id: str
    key: VerifyingKey


class Trust:
    """Verifies tokens, and remembers those that it has verified."""

    def __init__(
        self,
        keys: KeySet,
        feed: Feed,
        expected: Expected,
        *,
        remembered_max: int,
        surroundings: Surroundings,
    ) -> None:
        self._keys = keys
        self._feed = feed
        self._expected = expected
        self._remembered = Remembered[_Known](remembered_max)
        self._surroundings = surroundings

    def judge(self, token: str) -> Principal | None:
        """Return who holds a token; None if it names a key that we have not seen.

        Raises InvalidToken, and Unavailable while we cannot know.
        """
        if not self._feed.is_heard:
            raise Unavailable(DEAF)
        known = self._recall(token) or self._verify(token)
        if known is None:
            return None
        if known.ends_at <= self._surroundings.now():
            raise InvalidToken("expired")
        if self._feed.has_ended(known.digest):
            raise InvalidToken("revoked")
        return known.principal

    def _recall(self, token: str) -> _Known | None:
        known = self._remembered.get(token)
        # A key that was taken away takes what it signed along.
        if known is None or self._keys.find(known.key_id) is not known.key:
            return None
        return known

    def _verify(self, token: str) -> _Known | None:
        header = read_header(token)
        key = self._keys.find(header.key_id)
        if key is None:
            return None
        if key.algorithm != header.algorithm:
            raise InvalidToken("wrong algorithm")
        payload = key.verified(token)
        if payload is None:
            raise InvalidToken("wrong signature")
        principal = read_claims(payload, self._expected, now=self._surroundings.now())
        ends_at = principal.expires_at.timestamp()
        known = _Known(principal, ends_at, digest_of(principal.session), header.key_id, key)
        self._remembered.add(token, known)
        return known
