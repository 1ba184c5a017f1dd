"""Signs access tokens (RFC 9068), and reads only those that we signed."""

from datetime import timedelta

from watchword.core.kernel.clock import Clock
from watchword.core.sessions.model import AccessToken
from watchword.crypto.claims import TYPE, read_claims, read_header, write_claims
from watchword.crypto.keys import StoredKeyRing

CLOCKS_APART = timedelta(seconds=120)
"""How far another node's clock may be ahead of ours before its tokens are refused."""


class TokenSigner:
    """The Signer over the key ring, for one issuer."""

    def __init__(self, *, keys: StoredKeyRing, clock: Clock, issuer: str) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer

    async def sign(self, token: AccessToken) -> str:
        key = await self._keys.signing()
        return key.sign(TYPE, write_claims(token, issuer=self._issuer))

    async def read(self, text: str) -> AccessToken | None:
        header = read_header(text)
        if header is None:
            return None
        key = await self._keys.verifying(header.key_id)
        # RFC 8725, 3.1: the key says which algorithm it is for, never the token.
        if key is None or key.algorithm != header.algorithm:
            return None
        payload = key.verified(text)
        if payload is None:
            return None
        token = read_claims(payload, issuer=self._issuer, key_id=key.id)
        if token is None or token.issued_at > self._clock.now() + CLOCKS_APART:
            return None
        return token

    async def trusts(self, token: AccessToken) -> bool:
        return await self._keys.verifying(token.key_id) is not None
