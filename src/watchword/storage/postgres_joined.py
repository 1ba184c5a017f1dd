"""Makes one question to PostgreSQL of several statements that are apart from each other."""

import re
from functools import lru_cache

_PLACE = re.compile(r"\$(\d+)")


@lru_cache(maxsize=64)
def joined(texts: tuple[str, ...]) -> str:
    """Return one statement that does them all and tells how many rows each brought back.

    Each becomes a WITH query, whose values come after those before it. PostgreSQL does
    each once and to its end; none sees what another changed (its manual, 7.8.2: "Data-
    Modifying Statements in WITH"), which is what `apart` promises. Counting them in turn
    is what makes it do them in turn.
    """
    parts, counts, before = [], [], 0
    for number, text in enumerate(texts):
        parts.append(f"part{number} AS ({_telling(_moved(text, before))})")
        counts.append(f"(SELECT COUNT(*) FROM part{number})")  # noqa: S608 - a number of ours
        before += _places(text)
    return f"WITH {', '.join(parts)} SELECT {', '.join(counts)}"


def _places(text: str) -> int:
    return max((int(place) for place in _PLACE.findall(text)), default=0)


def _moved(text: str, by: int) -> str:
    return _PLACE.sub(lambda place: f"${int(place[1]) + by}", text)


def _telling(text: str) -> str:
    is_telling = text.startswith("SELECT ") or " RETURNING " in text
    return text if is_telling else f"{text} RETURNING 1"
