"""Reads lines of JSON: each is an object with members that we know."""

from collections.abc import Collection

import msgspec

from watchword.jobs.csvlines import unknown
from watchword.jobs.lines import BrokenLineError, Encoding, Line, read_text


class JsonObjects:
    """The objects of a file. What their members hold is for others to judge."""

    def __init__(self, encoding: Encoding, known: Collection[str]) -> None:
        self._encoding = encoding
        self._known = frozenset(known)
        self._decoder = msgspec.json.Decoder()

    def values(self, line: Line) -> dict[str, object]:
        """Return the members of an object. Raises BrokenLineError if there is none."""
        found = self._decode(read_text(line, self._encoding))
        if not isinstance(found, dict):
            raise BrokenLineError("is not a JSON object")
        if not found.keys() <= self._known:
            raise BrokenLineError(f"has {unknown('member', min(found.keys() - self._known))}")
        return found

    def _decode(self, text: str) -> object:
        try:
            return self._decoder.decode(text)
        except RecursionError as error:
            raise BrokenLineError("is nested too deep") from error
        except msgspec.DecodeError as error:
            raise BrokenLineError("is not valid JSON") from error
