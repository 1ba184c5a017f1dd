"""Says which passwords a guesser would come to early."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from watchword.core.accounts.names import canonical
from watchword.core.kernel.errors import InvalidError

GUESSES_MIN = 1_000_000
"""What a password must be worth.

Everybody's passwords and ours with a year or a sign behind them end at 370,000; eight random
characters begin at 100,000,000. A million is also where zxcvbn stops to say "very guessable".
"""

PRODUCT_WORD = "watchword"
FILE_BYTES_MAX = 16 * 1024 * 1024

# zxcvbn holds the interpreter's lock, and on a hundred characters made of signs that may
# stand for letters (4, @, $, ...) it works for 240 ms. A guesser's words are short, so what
# we show it is short too, and keeps only a few kinds of such signs: 5 ms at the worst.
_LENGTH_SHOWN = 32
_LENGTH_SHOWN_AS_IT_IS = 12
_SIGN_KINDS_SHOWN = 2
_SIGNS_LIKE_LETTERS = frozenset("@({[<!|$+%")
_PLAIN_SIGN = "~"

_WORD_LENGTH_MIN = 3
_WORD_LENGTH_MAX = 100
_BETWEEN_WORDS = re.compile(r"[\W_]+")
# What people put behind a password that was refused.
_LAST_SIGNS = re.compile(r"[^\w\s]{1,2}\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")


class GuessableBlocklist:
    """The Blocklist of zxcvbn's estimate, the account's own words, and the operator's file."""

    def __init__(self, *, file: Path | None = None) -> None:
        self._listed = frozenset(_read(file)) if file else frozenset()

    async def has(self, password: str, *, about: tuple[str, ...] = ()) -> bool:
        words = _words((PRODUCT_WORD, *about))
        folded = canonical(password)
        return folded in self._listed or folded in words or _is_guessable(password, words)


def _is_guessable(password: str, words: list[str]) -> bool:
    from zxcvbn_rs_py import zxcvbn  # noqa: PLC0415 - 1.2 MiB that only a new password needs

    bare = _LAST_SIGNS.sub("", password)
    # A long password counts as guessable only if both of its ends are.
    ends = dict.fromkeys((bare[:_LENGTH_SHOWN], bare[-_LENGTH_SHOWN:]))
    return all(zxcvbn(_shown(end), words).guesses < GUESSES_MIN for end in ends)


def _shown(text: str) -> str:
    """Return the text as zxcvbn may see it: valid, and quick to judge."""
    text = _SURROGATE.sub(_PLAIN_SIGN, text)
    if len(text) <= _LENGTH_SHOWN_AS_IT_IS:
        return text
    kinds = dict.fromkeys(char for char in text if char in _SIGNS_LIKE_LETTERS)
    hidden = "".join(list(kinds)[_SIGN_KINDS_SHOWN:])
    return text.translate(str.maketrans(hidden, _PLAIN_SIGN * len(hidden)))


def _words(about: Iterable[str]) -> list[str]:
    """Return what is known of the account, whole and in parts, each once and folded."""
    wholes = [canonical(text[:_WORD_LENGTH_MAX]) for text in about]
    halves = [half for whole in wholes for half in whole.split("@")]
    parts = [part for whole in wholes for part in _BETWEEN_WORDS.split(whole)]
    long_enough = (word for word in (*wholes, *halves, *parts) if len(word) >= _WORD_LENGTH_MIN)
    return list(dict.fromkeys(_SURROGATE.sub(_PLAIN_SIGN, word) for word in long_enough))


def _read(file: Path) -> Iterator[str]:
    """Give the passwords of a file: one on each line, `#` begins a comment line."""
    for line in _text(file).split("\n"):
        if line.strip() and not line.startswith("#"):
            yield canonical(line)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            octets = stream.read(FILE_BYTES_MAX + 1)
        if len(octets) > FILE_BYTES_MAX:
            reason = f"it is larger than {FILE_BYTES_MAX // 1024**2} MiB"
            raise InvalidError("blocklist_file", f"The blocklist {file} cannot be used: {reason}.")
        return octets.decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InvalidError("blocklist_file", f"The blocklist {file}: {reason}.") from error
    except UnicodeDecodeError as error:
        reason = "it is not UTF-8 text"
        message = f"The blocklist {file} cannot be used: {reason}."
        raise InvalidError("blocklist_file", message) from error
