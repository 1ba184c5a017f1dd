"""What our one SQL text is called in SQLite."""

import re
from functools import cache
from types import MappingProxyType

from watchword.storage.tally import SQLITE_TALLY

# Tables found by a key hold their rows in the key's own tree: one search instead of two.
SQLITE_WORDS = MappingProxyType(
    {
        "text": "TEXT",
        "integer": "INTEGER",
        "counted": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "keyed": " STRICT, WITHOUT ROWID",
        "strict": " STRICT",
        **SQLITE_TALLY,
    }
)


@cache
def placed(sql: str) -> str:
    """Return the text with `?1` for `$1`, which SQLite would take for a name."""
    return re.sub(r"\$(\d+)", r"?\1", sql)
