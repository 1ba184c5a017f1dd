"""A Watchword in one hand, and time that moves when told to: what the client's rules need."""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from watchword.client.surroundings import Surroundings

HOME = "https://id.example"
NAME, PASSWORD = "ada", "a staple for every horse"
BILLING = "https://billing.example"
HOUR = 3600.0

Reply = Callable[[httpx.Request], httpx.Response]


@dataclass
class HandTime:
    """Time and chance that somebody holds in their hand."""

    elapsed: float = 1000.0
    wall: float = 1_900_000_000.0
    chance: float = 0.0

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(lambda: self.elapsed, lambda: self.wall, lambda: self.chance)

    def advance(self, seconds: float) -> None:
        self.elapsed += seconds
        self.wall += seconds


@dataclass
class StandIn:
    """Answers as the precrime API does, and remembers what it was asked.

    `instead` holds what to answer at a path in place of that.
    """

    time: HandTime = field(default_factory=HandTime)
    life: float = HOUR
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    instead: dict[str, Reply] = field(default_factory=dict)
    good: set[str] = field(default_factory=set)
    made: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.asked.append(f"{request.method} {request.url.path}")
            self.requests.append(request)
            if self.is_down:
                raise httpx.ConnectError("Connection refused", request=request)
            if reply := self.instead.get(request.url.path):
                return reply(request)
            if request.url.path == "/user/login":
                return self._log_in(request)
            return self._serve(request)

    def token(self) -> str:
        """Return a new token that this server will take."""
        self.made += 1
        claims = {"iat": int(self.time.wall), "exp": int(self.time.wall + self.life)}
        body = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        made = f"e30.{body}.{self.made}"
        self.good.add(made)
        return made

    def revoke(self) -> None:
        """End every session."""
        self.good.clear()

    def count(self, call: str) -> int:
        return self.asked.count(call)

    def _log_in(self, request: httpx.Request) -> httpx.Response:
        if json.loads(request.content) != {"username": NAME, "password": PASSWORD}:
            return httpx.Response(401, json={"message": "Incorrect credentials"})
        return httpx.Response(200, json={"Username": NAME, "Token": self.token()})

    def _serve(self, request: httpx.Request) -> httpx.Response:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in self.good:
            return httpx.Response(401, json={"message": "Invalid or expired token"})
        if request.url.path in {"/user/renew", "/user/token"}:
            return httpx.Response(200, json={"Token": self.token()})
        if request.url.path == "/user/logout":
            self.revoke()
        return httpx.Response(200, json={"message": "Hi"})


def say(status: int, **headers: str) -> Reply:
    """Return what always answers like this."""
    return lambda _: httpx.Response(status, headers=headers, json={"message": "no"})
