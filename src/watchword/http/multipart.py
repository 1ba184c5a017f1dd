"""Takes a multipart body apart (RFC 7578); what its parts mean is judged in `forms`."""

from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError

HEADERS_MAX = 8
"""Of one part; three are in use."""

HEADER_BYTES_MAX = 1024


class BadPartsError(Exception):
    """The body is no multipart body with this boundary, or it has no end."""


class TooManyPartsError(Exception):
    """The body has more parts than are taken."""


@dataclass(slots=True)
class Part:
    """One part: its headers by lower-case name, one character for each byte, and its content."""

    headers: dict[str, str] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)


def read_parts(body: bytes, boundary: bytes, *, most: int) -> list[Part]:
    """Return the parts of a body in order; what comes after its end is not looked at."""
    taken = _Taken(most)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": taken.begin,
                "on_part_data": taken.content,
                "on_header_field": taken.header_name,
                "on_header_value": taken.header_value,
                "on_header_end": taken.header_end,
                "on_end": taken.end,
            },
            max_header_count=HEADERS_MAX,
            max_header_size=HEADER_BYTES_MAX,
        )
        parser.write(body)
    except FormParserError as error:
        raise BadPartsError from error
    if not taken.is_whole:
        raise BadPartsError
    return taken.parts


class _Taken:
    """What the parser has found so far."""

    def __init__(self, most: int) -> None:
        self.parts: list[Part] = []
        self.is_whole = False
        self._most = most
        self._name = b""
        self._value = b""

    def begin(self) -> None:
        if len(self.parts) >= self._most:
            raise TooManyPartsError
        self.parts.append(Part())

    def content(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].content += data[start:end]

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        name = self._name.decode("ascii").lower()
        if name in self.parts[-1].headers:
            # It could be read two ways.
            raise BadPartsError
        self.parts[-1].headers[name] = self._value.decode("latin-1")
        self._name = self._value = b""

    def end(self) -> None:
        self.is_whole = True
