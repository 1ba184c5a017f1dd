"""Which of our types of answer a client likes best (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterator, Sequence

_LENGTH_MAX = 1024
"""Browsers send less than two hundred letters."""

_RANGE = re.compile(r"([!#$%&'*+.^_`|~0-9a-z-]+)/([!#$%&'*+.^_`|~0-9a-z-]+)", re.ASCII)
_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)

_Range = tuple[str, str, float]


def best_type(accepted: str, offered: Sequence[str]) -> str:
    """Return the type that an Accept field likes best; the first of ours if it likes none.

    Of two that it likes alike, that counts which it names more exactly, else our first.
    What is not understood is passed over, as is all of a field that is too long.
    """
    ranges = list(_ranges(accepted.lower())) if len(accepted) <= _LENGTH_MAX else []
    best = max(offered, key=lambda kind: _liking(kind, ranges))
    return best if _liking(best, ranges)[0] else offered[0]


def _liking(kind: str, ranges: Sequence[_Range]) -> tuple[float, int]:
    """Return how much a type is liked, and how exactly it is named: the most exact one counts."""
    main, _, sub = kind.partition("/")
    exactness = {(main, sub): 3, (main, "*"): 2, ("*", "*"): 1}
    found = ((exactness.get((one, other), 0), weight) for one, other, weight in ranges)
    exact, weight = max(found, default=(0, 0.0))
    return (weight if exact else 0.0, exact)


def _ranges(accepted: str) -> Iterator[_Range]:
    for item in accepted.split(","):
        kind, *parameters = (part.strip(" \t") for part in item.split(";"))
        found = _RANGE.fullmatch(kind)
        weight = next((one for one in parameters if one.startswith("q=")), "q=1")
        if found and (weighed := _WEIGHT.fullmatch(weight)):
            yield found[1], found[2], float(weighed[1])
