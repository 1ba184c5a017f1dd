"""Reads JSON bodies strictly, and says exactly what is wrong with a bad one."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypeVar

import msgspec

from watchword.http.folding import read_folded

Shape = TypeVar("Shape", bound=msgspec.Struct)

_BYTE = re.compile(r"\(byte (\d+)\)")
_EXPECTED = re.compile(r"Expected `([^`]+)`")


class Flaw(StrEnum):
    """What kind of thing is wrong with a body."""

    MISSING = "missing"
    TYPE = "type"
    VALUE = "value"
    JSON = "json"
    ENCODING = "encoding"
    DEPTH = "depth"
    NUL = "nul"


@dataclass(frozen=True, slots=True)
class BodyProblem:
    """One thing that is wrong, and where: `at` leads from the body to the place.

    `expected` is the JSON type wanted there, in the words of msgspec ("str", "bool",
    "object"); `offset` is the byte at which JSON ends to be JSON. Nothing of what the
    caller sent is in it.
    """

    flaw: Flaw
    at: tuple[str, ...] = ()
    expected: str = ""
    offset: int = 0


Problems = tuple[BodyProblem, ...]


def read_json(
    shape: type[Shape], body: bytes, content_type: str = "", *, folds_case: bool = False
) -> Shape | Problems:
    """Return the body in its shape, or everything that is wrong with it.

    Unknown members are ignored, and of a member that comes twice the last counts. A body
    without a type is taken for JSON. With `folds_case` members are known in any letter
    case; a problem names them as the shape does.
    """
    if not body:
        return (BodyProblem(Flaw.MISSING),)
    if not is_json(content_type):
        return (BodyProblem(Flaw.TYPE, expected="object"),)
    try:
        return _decode(shape, body, folds_case=folds_case)
    except UnicodeDecodeError as error:
        return (BodyProblem(Flaw.ENCODING, offset=error.start),)
    except RecursionError:
        return (BodyProblem(Flaw.DEPTH),)
    except msgspec.DecodeError as error:
        problems = _explain(shape, body, folds_case=folds_case)
        return problems or (_in_words(error, (), body),)


def _decode(shape: type[Shape], body: bytes, *, folds_case: bool) -> Shape | Problems:
    # msgspec skips the bytes of members it does not know without looking.
    body.decode()
    read: Shape = (
        msgspec.convert(read_folded(shape, body), shape, str_keys=True)
        if folds_case
        else _decoder(shape).decode(body)
    )
    if b"\\u0000" in body and (at := _nul_in(msgspec.to_builtins(read))) is not None:
        return (BodyProblem(Flaw.NUL, at),)
    return read


@cache
def _decoder(shape: type[Shape]) -> msgspec.json.Decoder[Shape]:
    return msgspec.json.Decoder(shape)


def is_json(content_type: str) -> bool:
    """Say whether a type is JSON's, or none at all."""
    kind = content_type.partition(";")[0].strip().lower()
    return not kind or kind == "application/json" or kind.endswith("+json")


def _explain(shape: type[msgspec.Struct], body: bytes, *, folds_case: bool) -> Problems:
    """Look again, slowly: msgspec stops at the first thing that is wrong."""
    try:
        members = read_folded(shape, body) if folds_case else msgspec.json.decode(body)
    except RecursionError:
        return (BodyProblem(Flaw.DEPTH),)
    except msgspec.DecodeError as error:
        return (_in_words(error, (), body),)
    if members is None:
        return (BodyProblem(Flaw.MISSING),)
    if not isinstance(members, dict):
        return (BodyProblem(Flaw.TYPE, expected="object"),)
    looks = (_explain_member(field, members) for field in msgspec.structs.fields(shape))
    return tuple(problem for problem in looks if problem)


def _explain_member(
    field: msgspec.structs.FieldInfo, members: dict[str, object]
) -> BodyProblem | None:
    at = (field.encode_name,)
    if field.encode_name not in members:
        return BodyProblem(Flaw.MISSING, at) if field.required else None
    try:
        msgspec.convert(members[field.encode_name], field.type)
    except msgspec.ValidationError as error:
        return _in_words(error, at)
    return None


def _in_words(error: msgspec.DecodeError, at: tuple[str, ...], body: bytes = b"") -> BodyProblem:
    """Turn msgspec's message into a problem. It quotes no value, only types and places."""
    message = str(error)
    if expected := _EXPECTED.search(message):
        return BodyProblem(Flaw.TYPE, at, expected=expected[1])
    if isinstance(error, msgspec.ValidationError):
        return BodyProblem(Flaw.VALUE, at)
    # No byte is named where the body ends too early.
    offset = _BYTE.search(message)
    return BodyProblem(Flaw.JSON, offset=int(offset[1]) if offset else len(body))


def _nul_in(value: object) -> tuple[str, ...] | None:
    """Return the way to the first text with a NUL in it, None if there is none."""
    if isinstance(value, str):
        return () if "\0" in value else None
    if isinstance(value, dict):
        found = (((name,), _nul_in(inner)) for name, inner in value.items())
    elif isinstance(value, list):
        found = (((str(place),), _nul_in(inner)) for place, inner in enumerate(value))
    else:
        return None
    return next((first + rest for first, rest in found if rest is not None), None)
