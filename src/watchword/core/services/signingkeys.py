"""Look after the keys that sign our tokens."""

from collections.abc import Callable
from datetime import timedelta

from watchword.core.audit.model import Action, event_by
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.ports import KeyRing, OpenWork, Work
from watchword.core.signing.model import SigningKey


def _nothing(work: Work, key: SigningKey) -> None:
    del work, key


class SigningKeys:
    """Shows the signing keys and rotates them."""

    def __init__(
        self, *, open_work: OpenWork, keys: KeyRing, clock: Clock, longest: timedelta
    ) -> None:
        self._open_work = open_work
        self._keys = keys
        self._clock = clock
        self._longest = longest

    async def public(self) -> tuple[str, ...]:
        """Return the public keys as JWKs (RFC 7517), each as JSON text, newest first."""
        return await self._keys.public_keys()

    async def all(self) -> tuple[SigningKey, ...]:
        """Return the stored keys, newest first."""
        async with self._open_work() as work:
            return await work.signing_keys.all()

    async def rotate(
        self,
        actor: Actor,
        *,
        distrust: bool = False,
        along: Callable[[Work, SigningKey], None] = _nothing,
    ) -> SigningKey:
        """Sign with a new key from now on.

        What older keys signed stays good to its own end, unless they are distrusted:
        then every token made before this moment is void at once. `along` records something
        of the caller's in the same commit.
        """
        key = self._keys.generate()
        async with self._open_work() as work:
            work.signing_keys.rotate(key)
            work.signing_keys.delete_retired(before=key.created_at - self._longest)
            if distrust:
                work.signing_keys.delete_others(key.id)
            at, detail = key.created_at, "distrust" if distrust else ""
            rotated = Action.SIGNING_KEY_ROTATE
            work.audit.add(event_by(actor, rotated, at=at, subject=key.id, detail=detail))
            along(work, key)
            await work.commit()
        return key
