"""Say who holds an API key, on every request, without writing anything on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchword.core.apikeys.model import ApiKey, is_key
from watchword.core.apikeys.store import KeyUse
from watchword.core.joined import KeyHolder
from watchword.core.kernel.clock import Clock
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import KeyRates, KeySafe, OpenWork, Revocations, Witness
from watchword.core.services.authenticate import Caller
from watchword.core.services.presence import Presence
from watchword.core.services.remembered import Remembered

_MINUTE = timedelta(minutes=1)
_USES_AT_ONCE = 500


@dataclass(slots=True)
class _Verified:
    """A key that was found, who holds it, and from when its next use is worth a note."""

    caller: Caller
    key: ApiKey
    note_from: datetime


class CheckKey:
    """Checks keys: the checksum, the keyed digest, expiry, the account, and the rate.

    When a key was used is noted in memory, once a minute, and written by `write_uses`:
    what is not written yet when a process is killed is lost, and nothing else.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        safe: KeySafe,
        rates: KeyRates,
        revocations: Revocations,
        clock: Clock,
        cache_max: int,
        presence: Presence,
        witness: Witness,
    ) -> None:
        self._open_work = open_work
        self._presence = presence
        self._safe = safe
        self._rates = rates
        self._clock = clock
        self._witness = witness
        self._remembered: Remembered[_Verified] = Remembered(revocations, most=cache_max)
        self._uses: dict[str, KeyUse] = {}

    async def caller(self, text: str, *, is_use: bool = True) -> Caller | Refused | None:
        """Return who holds this key, None if it is not good now, Refused past its rate.

        Who only looks again whether the key is still good makes no use of it.
        """
        now = self._clock.now()
        verified = self._recall(text, now)
        self._witness.token_checked(was_known=verified is not None)
        if verified is None:
            verified = await self._look(text, now)
        if verified is None or not verified.key.works(now):
            self._remembered.drop(text)
            return None
        if not self._presence.knows(verified.caller.account):
            return None
        return self._admit(verified, now) if is_use else verified.caller

    def at_once(self, text: str, *, reaches: Callable[[Caller], bool]) -> Caller | None:
        """Return the same of a key that memory alone can speak for, and which reaches so far.

        None says nothing of the key, and is no use of it.
        """
        now = self._clock.now()
        verified = self._recall(text, now)
        if verified is None or not verified.key.works(now) or not reaches(verified.caller):
            return None
        if not self._presence.knows(verified.caller.account):
            return None
        admitted = self._admit(verified, now)
        if isinstance(admitted, Refused):
            return None
        self._witness.token_checked(was_known=True)
        return admitted

    def _recall(self, text: str, now: datetime) -> _Verified | None:
        known = self._remembered.get(text)
        return known.fact if known is not None and self._remembered.counts(known, now) else None

    async def write_uses(self) -> None:
        """Store what was noted. What cannot be stored now is tried again the next time."""
        while self._uses:
            some = [self._uses.pop(one) for one in list(self._uses)[:_USES_AT_ONCE]]
            try:
                async with self._open_work() as work:
                    work.api_keys.used(some)
                    await work.commit()
            except BaseException:
                # Cancelled or failed. A note that came in the meantime is newer.
                self._uses = {use.key_id: use for use in some} | self._uses
                raise

    async def _look(self, text: str, now: datetime) -> _Verified | None:
        if not is_key(text):
            return None
        # The stamp comes first: a revocation between it and the read makes it stale.
        stamp = self._remembered.stamp()
        digests = self._safe.digests(text)
        async with self._open_work() as work:
            holder = await work.key_holder(digests)
        if holder is None or not holder.account.is_active:
            return None
        verified = _Verified(Caller(holder.account, key=holder.key), holder.key, now)
        if holder.key.digest != digests[0]:
            self._note_renewed(holder, text, digests[0], now)
        self._remembered.put(text, verified, stamp=stamp, now=now)
        return verified

    def _admit(self, verified: _Verified, now: datetime) -> Caller | Refused:
        key = verified.key
        if key.per_minute and (wait := self._rates.take(key.id, per_minute=key.per_minute, at=now)):
            return Refused(Refusal.KEY_THROTTLED, number=key.per_minute, retry_after=wait)
        if now >= verified.note_from:
            minute = now.replace(second=0, microsecond=0)
            verified.note_from = minute + _MINUTE
            noted = self._uses.get(key.id)
            self._uses[key.id] = KeyUse(
                key_id=key.id,
                at=minute,
                digest=noted.digest if noted else "",
                sealed=noted.sealed if noted else "",
            )
        return verified.caller

    def _note_renewed(self, holder: KeyHolder, text: str, digest: str, now: datetime) -> None:
        """Have a key kept under our current key from now on: we hold its text only here."""
        key = holder.key
        sealed = self._safe.seal(text, about=key.id) if key.sealed else ""
        self._uses[key.id] = KeyUse(key_id=key.id, at=now, digest=digest, sealed=sealed)
