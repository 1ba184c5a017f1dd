"""The client library: log in, use API keys, and let other services trust Watchword's tokens.

It needs httpx and joserfc, and nothing of the server. This is its door:
`watchword.client.starlette` is the only other module to import from.
"""

from watchword.client.asgi import GuardMiddleware
from watchword.client.asynchronous import AsyncClient
from watchword.client.auth import ApiKeyAuth, TokenAuth
from watchword.client.blocking import Client
from watchword.client.errors import (
    InvalidToken,
    PasswordExpired,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
    UnknownAudience,
    WatchwordError,
    WrongCredentials,
)
from watchword.client.guard import Guard
from watchword.client.principal import Principal
from watchword.client.threaded import ThreadedGuard

__all__ = [
    "ApiKeyAuth",
    "AsyncClient",
    "Client",
    "Guard",
    "GuardMiddleware",
    "InvalidToken",
    "PasswordExpired",
    "Principal",
    "ThreadedGuard",
    "Throttled",
    "TokenAuth",
    "Unavailable",
    "UnexpectedAnswer",
    "UnknownAudience",
    "WatchwordError",
    "WrongCredentials",
]
