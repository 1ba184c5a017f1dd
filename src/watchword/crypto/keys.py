"""The key ring: which stored keys sign and verify now, ready for use and up to date."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc.errors import JoseError

from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import ConflictError, InvalidError, UnavailableError
from watchword.core.ports import OpenWork, Revocations
from watchword.core.signing.model import Algorithm, SigningKey
from watchword.crypto.keypairs import KeyPair, make_stored_key, signing_half, verifying_half
from watchword.crypto.master import MasterKey, SealError

UNKNOWN_KEY_PAUSE = timedelta(seconds=1)
"""Tokens that name unknown keys make us look at the store no more often than this."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the store held, and the stamp that was taken before it was read."""

    keys: tuple[SigningKey, ...]
    stamp: int | None
    at: datetime


class StoredKeyRing:
    """The KeyRing over the store.

    What was read counts while the revocation stamp stays the same (a rotation changes it),
    and no longer than that stamp may be believed. Keys are parsed and unsealed once.
    `verifies_for` is the longest life of a token: that long a retired key still verifies.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        revocations: Revocations,
        master: MasterKey,
        clock: Clock,
        algorithm: Algorithm = Algorithm.EDDSA,
        verifies_for: timedelta,
    ) -> None:
        self._open_work = open_work
        self._revocations = revocations
        self._master = master
        self._clock = clock
        self._algorithm = algorithm
        self._verifies_for = verifies_for
        self._seen: _Seen | None = None
        self._unknown_at: datetime | None = None
        self._verifying: dict[str, KeyPair] = {}
        self._signing: KeyPair | None = None

    async def ensure_first(self) -> SigningKey | None:
        """Make sure at start that there is a key to sign with; return it if it is new.

        A new key is made when the store has none, and when the newest one has another
        algorithm than the settings ask for: then the others retire. Processes may start
        at once: of several first keys one is kept; of several rotations the last one
        signs, and the others verify. Raises InvalidError("master_key") if the newest key
        was sealed under another master key.
        """
        if not await self._read() and await self._add_first():
            return await self._read_signing()
        newest = await self._read_signing()
        self._unseal_at_start(newest)
        if newest.algorithm == self._algorithm:
            return None
        return await self._rotate()

    async def public_keys(self) -> tuple[str, ...]:
        return tuple(key.public for key in self._in_use(await self._keys()))

    def generate(self) -> SigningKey:
        return make_stored_key(self._algorithm, master=self._master, at=self._clock.now())

    async def signing(self) -> KeyPair:
        """Return the newest key that is not retired, able to sign."""
        newest = _newest(await self._keys())
        if self._signing is None or self._signing.id != newest.id:
            try:
                self._signing = signing_half(newest, master=self._master)
            except (SealError, JoseError, ValueError) as error:
                raise UnavailableError("The signing key cannot be opened.") from error
        return self._signing

    async def verifying(self, key_id: str) -> KeyPair | None:
        """Return the key of this id if its signatures count, None if not."""
        stored = self._find(key_id, await self._keys())
        if stored is None and self._may_look_again():
            stored = self._find(key_id, await self._read())
        if stored is None:
            return None
        if key_id not in self._verifying:
            try:
                self._verifying[key_id] = verifying_half(stored)
            except (JoseError, ValueError) as error:
                raise UnavailableError("A signing key in the store is damaged.") from error
        return self._verifying[key_id]

    async def _keys(self) -> tuple[SigningKey, ...]:
        seen = self._seen
        if seen is None or seen.stamp is None or seen.stamp != self._revocations.stamp():
            return await self._read()
        lifetime = self._revocations.lifetime
        # A clock that was set back makes the age negative: that is not young.
        age = self._clock.now() - seen.at
        if lifetime is not None and not timedelta(0) <= age < lifetime:
            return await self._read()
        return seen.keys

    async def _read(self) -> tuple[SigningKey, ...]:
        # The stamp comes first: a rotation between it and the read makes it stale.
        stamp, at = self._revocations.stamp(), self._clock.now()
        async with self._open_work() as work:
            keys = await work.signing_keys.all()
        self._seen = _Seen(keys, stamp, at)
        ids = {key.id for key in keys}
        self._verifying = {id_: pair for id_, pair in self._verifying.items() if id_ in ids}
        return keys

    def _may_look_again(self) -> bool:
        now = self._clock.now()
        if self._unknown_at is not None and abs(now - self._unknown_at) < UNKNOWN_KEY_PAUSE:
            return False
        self._unknown_at = now
        return True

    def _find(self, key_id: str, keys: tuple[SigningKey, ...]) -> SigningKey | None:
        return next((key for key in self._in_use(keys) if key.id == key_id), None)

    def _in_use(self, keys: tuple[SigningKey, ...]) -> list[SigningKey]:
        now = self._clock.now()
        return [
            key
            for key in keys
            if key.retired_at is None or now < key.retired_at + self._verifies_for
        ]

    async def _add_first(self) -> bool:
        """Store the first key; False if another process was first."""
        # RSA takes a while to find its primes, and OpenSSL does that off the lock.
        key = await asyncio.to_thread(self.generate)
        try:
            async with self._open_work() as work:
                work.signing_keys.add_first(key)
                await work.commit()
        except ConflictError:
            return False
        return True

    async def _rotate(self) -> SigningKey:
        key = await asyncio.to_thread(self.generate)
        async with self._open_work() as work:
            work.signing_keys.rotate(key)
            await work.commit()
        await self._read()
        return key

    async def _read_signing(self) -> SigningKey:
        return _newest(await self._read())

    def _unseal_at_start(self, key: SigningKey) -> None:
        try:
            signing_half(key, master=self._master)
        except SealError as error:
            message = (
                f"{self._master.source} holds another master key than the one that the signing "
                "keys in the database are sealed under. Put the right one back, below this one "
                "if this is its successor; if it is lost, `watchword signing-key rotate` makes a "
                "signing key under this one."
            )
            raise InvalidError("master_key", message) from error


def _newest(keys: tuple[SigningKey, ...]) -> SigningKey:
    for key in keys:
        if key.retired_at is None:
            return key
    raise UnavailableError("There is no key to sign with.")
