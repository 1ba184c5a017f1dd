"""Values that must not be shown, and how they look when they are shown all the same."""

import re
from typing import Any

MASK = "***"

_SECRET_KEY = re.compile(r"passw|secret|token|credential|private|(^|_)(api_?)?key$", re.IGNORECASE)
# The last @ ends the password: one with a bare @ or / in it is no URL, yet people write it.
_URL_PASSWORD = re.compile(r"(://[^/?#:@]*):.*@")
_QUERY_SECRET = re.compile(
    r"((?:password|scram_client_key|scram_server_key|oauth_client_secret)=)[^&#]*", re.IGNORECASE
)


class Secret:
    """Text that is given only to who asks for it by `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return MASK if self else ""


def without_password(url: str) -> str:
    """Return a database URL without the password and other secrets that stand in it."""
    # The query first: an @ in its password would look like the end of the other one.
    return _URL_PASSWORD.sub(rf"\1:{MASK}@", _QUERY_SECRET.sub(rf"\1{MASK}", url))


def masked(value: Any) -> Any:  # noqa: ANN401 - what a file or a variable may hold
    """Return plain data with a mask over each value whose key sounds like a secret."""
    if isinstance(value, dict):
        return {
            key: MASK if _SECRET_KEY.search(key) and _is_text(item) else masked(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def _is_text(item: object) -> bool:
    # `token_lifetime_days = 7` is no secret, `token = "..."` is one.
    return isinstance(item, str | list | dict)
