"""Make values fit for a log: no secret in them, and no more of them than a reader can use.

Two nets. A name that sounds like a secret hides its value, wherever it stands. A text is
searched for what looks like a secret by itself: a token, a key, a hash, a password in a URL.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import Any

MASK = "***"
TEXT_MAX = 2000
ITEMS_MAX = 50
DEPTH_MAX = 5
FRAMES_MAX = 12
CAUSES_MAX = 3

# What is searched, and so what a single text may cost.
_SCAN_MAX = 16_384
_INTEGER_MAX = 2**63
_PAIR = 2
_TELLING = {"datetime", "ipaddress", "pathlib", "uuid"}
"""The modules whose objects may be shown as text."""

_STEM = r"passw|passphrase|pwd|secret|token|credential|(?:api|private|master|signing)[_\-]?key"
_SECRET_NAME = re.compile(
    rf"{_STEM}|authorization|cookie|jwt|bearer|keys?(?:$|[_\-.\s])|(?:^|[_\-.\s])(?:pass|otp|totp|pin)$"
)
_HARMLESS_NAME = re.compile(r"[_\-.](?:ids?|type)$")

# No pattern below matches a text with none of these; most texts have none.
_HINT = re.compile(r"[=:$%\"'\s]|eyJ|ww_", re.IGNORECASE)
_QUOTED = r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|\\+[\"'].*?(?:\\+[\"']|$)"
_KEY_PREFIX = r"ww(?:_|%5F)"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}-----|\Z)",
            re.DOTALL,
        ),
        "",
    ),
    # PostgreSQL puts the whole row there.
    (re.compile(r"(DETAIL:\s?).*", re.DOTALL), r"\1"),
    # Headers, as text or as the pairs of ASGI: all to the end of the line.
    (
        re.compile(
            r"((?:authorization|cookie)(?:[\"']?\s{0,3}[:=]|[\"'],)\s{0,3}(?-i:b)?[\"']?)[^\r\n]+",
            re.IGNORECASE,
        ),
        r"\1",
    ),
    # What begins with eyJ is JSON in base64: a JWT, or a piece of one.
    (re.compile(r"eyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*){0,4}"), ""),
    # Our API keys, whole or in part, and one with slips in it: it is 49 signs long, and whoever
    # knows 40 of them guesses the others.
    (
        re.compile(
            rf"{_KEY_PREFIX}(?:(?:[^\sa-z0-9]{{0,2}}[a-z0-9]){{40,49}}[a-z0-9_\-]*|[a-z0-9_\-]{{6,}})",
            re.IGNORECASE,
        ),
        "",
    ),
    (
        re.compile(r"\b((?:bearer|basic|negotiate)\s{1,3})[A-Za-z0-9+/=._~\-]{6,}", re.IGNORECASE),
        r"\1",
    ),
    # name=value, "name": value, ('name', value), and the same once more inside a JSON text.
    (
        re.compile(
            rf"((?:{_STEM})[\w.\-]{{0,40}}(?:\\*[\"']?\s{{0,3}}(?:=|%3D)|\\*[\"']\s{{0,3}}[:,])\s{{0,3}}(?-i:b)?)"
            rf"(?:{_QUOTED}|[^\s&#,;)\]}}]+)",
            re.IGNORECASE,
        ),
        r"\1",
    ),
    (re.compile(r"([?&](?:code|key|ticket|state)(?:=|%3D))[^\s&#\"']+", re.IGNORECASE), r"\1"),
    # Stored hashes: $argon2id$..., $2b$..., $pbkdf2-sha256$...
    (re.compile(r"\$[A-Za-z0-9\-]{1,20}\$[^\s\"';)]{8,}"), ""),
    (re.compile(r"(://[^\s/?#:@]{0,64}:)\S{0,256}@"), rf"\1{MASK}@"),
)


def scrub(value: object, depth: int = 0) -> Any:  # noqa: ANN401 - plain data of any shape
    """Return the value as plain data for JSON, without secrets.

    A kind of object that we do not know is named by its type: its text may hold anything.
    """
    match value:
        case str():
            return scrub_text(value)
        case bytes() | bytearray():
            return scrub_text(bytes(value[:_SCAN_MAX]).decode("utf-8", "backslashreplace"))
        case BaseException():
            return describe(value)
        case Mapping() | list() | tuple() | set() | frozenset():
            return _scrub_many(value, depth) if depth < DEPTH_MAX else "..."
        case _:
            return _scrub_one(value)


def scrub_field(name: str, value: object) -> Any:  # noqa: ANN401 - as `scrub`
    """Return a named value as `scrub` does, or a mask if the name says that it is a secret."""
    return _held(name, value, 0)


def scrub_text(text: str) -> str:
    """Return the text without what looks like a secret, cut to a readable length."""
    text = text[:_SCAN_MAX]
    if _HINT.search(text):
        for pattern, kept in _PATTERNS:
            text = pattern.sub(kept if MASK in kept else kept + MASK, text)
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}..."


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Say whether a value of this name is likely to be a secret."""
    folded = name.lower()
    return bool(_SECRET_NAME.search(folded)) and not _HARMLESS_NAME.search(folded)


def describe(error: BaseException, depth: int = 0) -> dict[str, Any]:
    """Return an exception as plain data: type, message, where, and what caused it.

    Local variables stay out, and so do the lines of the source.
    """
    told: dict[str, Any] = {
        "type": _type_name(type(error)),
        "message": _message(error),
        "stack": _stack(error),
    }
    if depth < CAUSES_MAX:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is not None:
            told["cause"] = describe(cause, depth + 1)
        if isinstance(error, BaseExceptionGroup):
            inner = islice(error.exceptions, CAUSES_MAX)
            told["inner"] = [describe(each, depth + 1) for each in inner]
    return told


def _scrub_one(value: object) -> Any:  # noqa: ANN401 - as `scrub`
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) < _INTEGER_MAX else "<int>"
        case float():
            return value if isfinite(value) else str(value)
    if type(value).__module__.partition(".")[0] in _TELLING:
        return scrub_text(str(value))
    return f"<{type(value).__qualname__}>"


def _scrub_many(value: Mapping[Any, Any] | Iterable[Any], depth: int) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        pairs = islice(value.items(), ITEMS_MAX)
        return {_name(key): _held(_name(key), item, depth) for key, item in pairs}
    row = list(islice(value, ITEMS_MAX))
    # A header is a pair in ASGI, (b"cookie", b"..."): the first names the second.
    if len(row) == _PAIR and isinstance(row[0], str | bytes):
        name = _name(row[0])
        return [name, _held(name, row[1], depth)]
    return [scrub(item, depth + 1) for item in row]


def _held(name: str, value: object, depth: int) -> Any:  # noqa: ANN401 - as `scrub`
    if is_secret_name(name) and not isinstance(value, bool | None):
        return MASK
    return scrub(value, depth + 1)


def _name(key: object) -> str:
    return str(scrub(key, DEPTH_MAX))[:100]


def _type_name(kind: type) -> str:
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _message(error: BaseException) -> str:
    try:
        return scrub_text(str(error))
    except Exception:  # noqa: BLE001 - a foreign __str__ may raise what it likes
        return "<no text>"


def _stack(error: BaseException) -> list[str]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        module = trace.tb_frame.f_globals.get("__name__", "?")
        frames.append(f"{module}:{trace.tb_lineno} {code.co_qualname}")
        trace = trace.tb_next
    return frames[-FRAMES_MAX:]
