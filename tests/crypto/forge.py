"""Somebody who forges tokens: a signer with one key, and all that can be written by hand."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from joserfc import jws
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64encode

from crypto.keyshelf import KeyShelf
from fakes import HandClock
from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.sessions.model import AccessToken
from watchword.core.signing.model import Algorithm
from watchword.crypto.keys import StoredKeyRing
from watchword.crypto.master import MasterKey
from watchword.crypto.tokens import TokenSigner

ISSUER = "https://id.example"
Json = dict[str, Any]  # what a forger writes has no type
Sign = Callable[[bytes], bytes]


class House:
    """A signer with one key, and the tools of somebody who forges tokens."""

    def __init__(self, algorithm: Algorithm = Algorithm.EDDSA, *, issuer: str = ISSUER) -> None:
        self.shelf = KeyShelf()
        self.clock = HandClock()
        self.keys = StoredKeyRing(
            open_work=self.shelf.open_work,
            revocations=self.shelf,
            master=MasterKey(b"m" * 32, source="a test", randomness=SystemRandomness()),
            clock=self.clock,
            algorithm=algorithm,
            verifies_for=timedelta(days=30),
        )
        self.signer = TokenSigner(keys=self.keys, clock=self.clock, issuer=issuer)
        self.token = AccessToken(
            id="token-1",
            session_id=SessionId("session-1"),
            account_id=AccountId("5f3c2c1e-0000-4000-8000-000000000001"),
            client_id="asta",
            issued_at=self.clock.now(),
            expires_at=self.clock.now() + timedelta(hours=1),
        )

    @property
    def key_id(self) -> str:
        return self.shelf.keys[0].id

    @property
    def public(self) -> Json:
        jwk: Json = json.loads(self.shelf.keys[0].public)
        return jwk

    def claims(self, **changes: object) -> Json:
        """Return right claims with some changed; None leaves one out."""
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": ISSUER,
            "sub": self.token.account_id,
            "sid": self.token.session_id,
            "jti": self.token.id,
            "client_id": "asta",
            "iat": now,
            "exp": now + 3600,
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def header(self, **changes: object) -> Json:
        header = {"alg": str(self.public["alg"]), "kid": self.key_id, "typ": "at+jwt"}
        return {name: value for name, value in (header | changes).items() if value is not None}

    async def signed(self, header: bytes | Json, payload: bytes | Json) -> str:
        """Sign anything with the right key, as only we can: what is wrong is what it says."""
        return spelled(header, payload, ed25519((await self.keys.signing()).key))


def spelled(header: bytes | Json, payload: bytes | Json, sign: Sign) -> str:
    """Write a compact JWS by hand, so that nothing in it is put right."""
    parts = [part if isinstance(part, bytes) else as_json(part) for part in (header, payload)]
    signed = b".".join(urlsafe_b64encode(part) for part in parts)
    return (signed + b"." + urlsafe_b64encode(sign(signed))).decode()


def ed25519(key: Key) -> Sign:
    return partial(jws.JWSRegistry.algorithms["EdDSA"].sign, key=key)


def as_json(value: Json) -> bytes:
    return json.dumps(value).encode()


_shared: list[House] = []


async def shared_house() -> House:
    """Return one house for all of hypothesis' examples: reading changes nothing in it."""
    if not _shared:
        house = House()
        await house.keys.ensure_first()
        _shared.append(house)
    return _shared[0]
