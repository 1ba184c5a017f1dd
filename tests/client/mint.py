"""Whoever signs tokens and tells of revocations: what a guard trusts, and what a forger tries."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact
from joserfc.util import urlsafe_b64encode

from client.standin import BILLING, HOME, HOUR, HandTime

KEY = "ww_" + "f" * 43 + "abcdef"
Json = dict[str, Any]  # what a forger writes has no type
SigningKey = OKPKey | ECKey | RSAKey


def make_key(algorithm: str = "EdDSA") -> SigningKey:
    match algorithm:
        case "ES256":
            return ECKey.generate_key("P-256")
        case "RS256":
            return RSAKey.generate_key(2048)
    return OKPKey.generate_key("Ed25519")


@dataclass
class Mint:
    """Keys by their id, the tokens they sign, and a feed; it is also the server of all that."""

    time: HandTime = field(default_factory=HandTime)
    keys: dict[str, SigningKey] = field(default_factory=lambda: {"k1": make_key()})
    algorithm: str = "EdDSA"
    news: list[Json] = field(default_factory=list)
    first: int = 1
    page_max: int = 1000
    status: dict[str, int] = field(default_factory=dict)
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    jwks: object = None
    """What to show instead of our keys."""

    def header(self, **changes: object) -> Json:
        key_id = next(iter(self.keys), "none")
        return _changed({"alg": self.algorithm, "kid": key_id, "typ": "at+jwt"}, changes)

    def claims(self, **changes: object) -> Json:
        now = int(self.time.wall)
        claims = {
            "iss": HOME,
            "aud": BILLING,
            "sub": "account-1",
            "sid": "session-1",
            "jti": "token-1",
            "client_id": "precrime",
            "iat": now,
            "exp": now + int(HOUR),
        }
        return _changed(claims, changes)

    def token(self, header: Json | None = None, **changes: object) -> str:
        """Sign claims, right ones but for these changes, with the key that the header names."""
        named = header or self.header()
        return self.spelled(named, json.dumps(self.claims(**changes)).encode())

    def spelled(self, header: Json | bytes, payload: bytes, *, by: SigningKey | None = None) -> str:
        """Write a compact JWS by hand, so that nothing in it is put right."""
        octets = header if isinstance(header, bytes) else json.dumps(header).encode()
        kid = header.get("kid") if isinstance(header, dict) else None
        key = by or self.keys.get(str(kid)) or next(iter(self.keys.values()))
        signed = urlsafe_b64encode(octets) + b"." + urlsafe_b64encode(payload)
        signature = JWSRegistry.algorithms[self.algorithm].sign(signed, key)
        return (signed + b"." + urlsafe_b64encode(signature)).decode()

    def jwk(self, key_id: str) -> Json:
        public = self.keys[key_id].as_dict(private=False)
        return {**public, "kid": key_id, "use": "sig", "alg": self.algorithm}

    def revoke(self, session: str = "session-1") -> None:
        self._tell({"kind": "session", "sid": hashlib.sha256(session.encode()).hexdigest()})

    def distrust(self, **keys: SigningKey) -> None:
        """Trust none of the keys that there were."""
        self.keys = dict(keys)
        self._tell({"kind": "keys"})

    def _tell(self, item: Json) -> None:
        self.news.append({"number": self.first + len(self.news), **item})
        self.told.set()
        self.told = asyncio.Event()

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the server does; for news, wait as long as it takes."""
        waits = int(request.url.params.get("wait", 0)) > 0
        while waits and not self._after(request) and not self.status and not self.is_down:
            await self.told.wait()
        return self.answer_now(request)

    def answer_now(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if self.is_down:
            raise httpx.ConnectError("Connection refused", request=request)
        if status := self.status.get(path):
            return httpx.Response(status)
        if path == "/.well-known/jwks.json":
            listed = {"keys": [self.jwk(key_id) for key_id in self.keys]}
            return httpx.Response(200, json=listed if self.jwks is None else self.jwks)
        return self._feed(request)

    def fail(self, path: str, status: int) -> None:
        """Answer like this from now on, and at once to whoever waits."""
        self.status[path] = status
        self.told.set()
        self.told = asyncio.Event()

    def _feed(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("X-Authorization") != KEY:
            return httpx.Response(401)
        since = int(request.url.params["since"])
        if since and since >= self.first + len(self.news):
            return httpx.Response(410)
        page = self._after(request)[: self.page_max]
        following = page[-1]["number"] if page else since
        return httpx.Response(200, json={"revocations": page, "next": following})

    def _after(self, request: httpx.Request) -> list[Json]:
        since = int(request.url.params.get("since", 0))
        return [item for item in self.news if item["number"] > since]


def _changed(members: Mapping[str, object], changes: Mapping[str, object]) -> Json:
    """Return members with some changed; None leaves one out."""
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def by_library(mint: Mint, header: Json, claims: Json) -> str:
    """Sign as joserfc does, to see that what we write by hand is the same."""
    key = mint.keys[header["kid"]]
    return serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[header["alg"]])
