"""Which keys begin alike: a range, since both engines order text by its code points."""

LAST_CHARACTER = "\U0010ffff"
"""No character at all, so no key has it: they all come before."""

_SURROGATES = ("\ud800", "\udfff")


def range_of(prefix: str) -> tuple[str, str]:
    """Return the first key that begins so could be, and what comes after the last."""
    rest = prefix.rstrip(LAST_CHARACTER)
    return prefix, rest[:-1] + _next(rest[-1]) if rest else LAST_CHARACTER


def after(key: str) -> str:
    """Return the first text that comes after a key; none that we store has a NUL."""
    return f"{key}\x01"


def _next(char: str) -> str:
    following = chr(ord(char) + 1)
    # No text that can be stored has a surrogate.
    return "\ue000" if _SURROGATES[0] <= following <= _SURROGATES[1] else following
