"""Which of our languages a browser asks for (RFC 9110, 12.5.4)."""

import re
from collections.abc import Iterator
from functools import lru_cache

LANGUAGES = ("en", "de")
"""What our pages are written in; the first is for everybody else."""

_LENGTH_MAX = 256
"""Browsers with a dozen languages send half of that."""

_ITEM = re.compile(
    r"([a-z]{2})(?:-[a-z0-9]{1,8})*(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?",
    re.IGNORECASE | re.ASCII,
)


@lru_cache(maxsize=256)
def best_language(accepted: str) -> str:
    """Return the language of ours that an Accept-Language likes best, empty if it names none.

    Of two that it likes alike the first counts. What is not understood is passed over, and
    so is all of a field that is longer than any browser's.
    """
    if len(accepted) > _LENGTH_MAX:
        return ""
    best, best_weight = "", 0.0
    for language, weight in _weighed(accepted):
        if weight > best_weight:
            best, best_weight = language, weight
    return best


def _weighed(accepted: str) -> Iterator[tuple[str, float]]:
    for item in accepted.split(","):
        found = _ITEM.fullmatch(item.strip(" \t"))
        if found and (language := found[1].lower()) in LANGUAGES:
            yield language, float(found[2] or 1)
