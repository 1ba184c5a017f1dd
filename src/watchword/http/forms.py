"""Reads parameters as old web clients send them: in the query, in a form, in parts, or mixed.

A body of another type has no parameters: it is not looked at, as in a Java servlet, since
clients exist that send `{}` beside a query.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header

from watchword.http.call import Call
from watchword.http.multipart import BadPartsError, Part, TooManyPartsError, read_parts

PARAMETERS_MAX = 100
"""In each place; a part with a file in it counts as well."""

CHARACTERS_MAX = 8192
"""Of a name or a value. The longest that is sent on purpose is a token."""

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
FORM_TYPES = (_URLENCODED, _MULTIPART)
_LATIN = "latin-1"

# No other is guessed at: Python knows codecs that are no charsets.
_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "iso-8859-1": _LATIN,
    "latin1": _LATIN,
    "windows-1252": "cp1252",
}
_AS_THEY_ARE = frozenset({"", "7bit", "8bit", "binary"})


class FormProblem(StrEnum):
    """What is wrong with parameters, as a sentence for whoever wrote the client."""

    NO_FORM = "The body is no form."
    TYPE_TWICE = "There are two types of body."
    TOO_MANY = f"There are more than {PARAMETERS_MAX} parameters."
    TOO_LONG = f"A parameter is longer than {CHARACTERS_MAX} characters."
    NUL = "A parameter has a NUL in it."
    CHARSET = "The charset is not known."
    ENCODING = "A parameter is not in its charset."
    BOUNDARY = "The boundary of the multipart body is missing."
    PARTS = "The multipart body cannot be read."
    NAMELESS = "A part has no name."
    NESTED = "A part has parts of its own."
    TRANSFER_ENCODING = "A part is encoded in a way that forms are not."


class Parameters:
    """The parameters of one call. Names are case-sensitive."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> str | None:
        """Return a parameter, None if it was not sent.

        The body goes before the query; of several in one place the first counts.
        """
        return self._values.get(name)


class _FormError(Exception):
    """The parameters cannot be read."""

    def __init__(self, problem: FormProblem) -> None:
        self.problem = problem


async def read_parameters(call: Call) -> Parameters | FormProblem:
    """Return all parameters of a call, or the first thing that is wrong with them."""
    try:
        return Parameters(_in_query(call) | await _in_body(call))
    except _FormError as error:
        return error.problem


def _in_query(call: Call) -> dict[str, str]:
    return _collect(_pairs(call.query_string, charset=None))


async def read_form(call: Call) -> Parameters | FormProblem:
    """Return what a form on a page of ours was sent with: urlencoded UTF-8, in the body alone."""
    try:
        kind, options = _type_of(call)
        if kind != _URLENCODED:
            return FormProblem.NO_FORM
        charset = _charset_of(options) or "utf-8"
        return Parameters(_collect(_pairs(await call.body(), charset=charset)))
    except _FormError as error:
        return error.problem


async def _in_body(call: Call) -> dict[str, str]:
    kind, options = _type_of(call)
    if kind not in FORM_TYPES:
        return {}
    body = await call.body()
    # Clients send a multipart body of nothing at all, and mean no parameters.
    if not body:
        return {}
    if kind == _URLENCODED:
        return _collect(_pairs(body, charset=_charset_of(options)))
    return _collect(_parts(body, options))


def _type_of(call: Call) -> tuple[str, dict[str, str]]:
    types = call.arrival.fields.distinct(b"content-type")
    if len(types) > 1:
        raise _FormError(FormProblem.TYPE_TWICE)
    return _parse(types.pop() if types else "")


def _collect(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        if any(len(text) > CHARACTERS_MAX for text in pair):
            raise _FormError(FormProblem.TOO_LONG)
        if any("\0" in text for text in pair):
            raise _FormError(FormProblem.NUL)
        found.setdefault(*pair)
    return found


def _pairs(encoded: bytes, *, charset: str | None) -> Iterator[tuple[str, str]]:
    """Read the usual encoding. Latin-1 stands for bytes here: each character is one."""
    try:
        pairs = parse_qsl(
            encoded.decode(_LATIN),
            keep_blank_values=True,
            encoding=_LATIN,
            max_num_fields=PARAMETERS_MAX,
        )
    except ValueError:
        raise _FormError(FormProblem.TOO_MANY) from None
    for name, value in pairs:
        yield _text(name.encode(_LATIN), charset), _text(value.encode(_LATIN), charset)


def _parts(body: bytes, options: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    boundary = options.get("boundary", "").encode(_LATIN)
    if not boundary:
        raise _FormError(FormProblem.BOUNDARY)
    try:
        parts = read_parts(body, boundary, most=PARAMETERS_MAX)
    except BadPartsError:
        raise _FormError(FormProblem.PARTS) from None
    except TooManyPartsError:
        raise _FormError(FormProblem.TOO_MANY) from None
    for part in parts:
        if pair := _pair(part):
            yield pair


def _pair(part: Part) -> tuple[str, str] | None:
    """Return the name and the value of a part, None if there is a file in it."""
    _, disposition = _parse(part.headers.get("content-disposition", ""))
    kind, options = _parse(part.headers.get("content-type", ""))
    if "name" not in disposition:
        raise _FormError(FormProblem.NAMELESS)
    if "filename" in disposition:
        return None
    if kind.startswith("multipart/"):
        raise _FormError(FormProblem.NESTED)
    if part.headers.get("content-transfer-encoding", "").strip().lower() not in _AS_THEY_ARE:
        raise _FormError(FormProblem.TRANSFER_ENCODING)
    name = disposition["name"].encode(_LATIN)
    return _text(name, None), _text(bytes(part.content), _charset_of(options))


def _parse(field: str) -> tuple[str, dict[str, str]]:
    """Return the first word of a field, in lower case, and its parameters."""
    kind, options = parse_options_header(field)
    return kind.decode(_LATIN), {
        name.decode(_LATIN): value.decode(_LATIN) for name, value in options.items()
    }


def _charset_of(options: Mapping[str, str]) -> str | None:
    named = options.get("charset")
    if named is None:
        return None
    charset = _CHARSETS.get(named.strip().lower())
    if charset is None:
        raise _FormError(FormProblem.CHARSET)
    return charset


def _text(text: bytes, charset: str | None) -> str:
    """Read UTF-8, or Latin-1 where it is none; a named charset only as it says."""
    try:
        return text.decode(charset or "utf-8")
    except UnicodeDecodeError:
        if charset:
            raise _FormError(FormProblem.ENCODING) from None
        return text.decode(_LATIN)
