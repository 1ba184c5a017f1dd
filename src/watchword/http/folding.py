"""Spells the members of a JSON body as a shape spells them, whatever letter case they came in."""

import json
from collections.abc import Mapping
from functools import cache

import msgspec
from msgspec import inspect

Pairs = list[tuple[str, object]]


def read_folded(shape: type[msgspec.Struct], body: bytes) -> object:
    """Return the content of a body, its members spelled as in the shape.

    Of members that differ only in case the last counts. Raises what msgspec does if the
    body is no JSON.
    """
    # msgspec is stricter than the standard library, which in turn tells the order of
    # members that come twice.
    msgspec.json.decode(body)
    return _fold(json.loads(body.decode(), object_pairs_hook=_in_order), _type_of(shape))


def _in_order(pairs: Pairs) -> dict[str, object]:
    """Return an object whose members stand where they came last."""
    members: dict[str, object] = {}
    for name, value in pairs:
        members.pop(name, None)
        members[name] = value
    return members


def _fold(value: object, wanted: inspect.Type) -> object:
    match value, wanted:
        case dict(), inspect.StructType():
            return _fold_members(value, wanted)
        case dict(), inspect.DictType():
            return {name: _fold(inner, wanted.value_type) for name, inner in value.items()}
        case list(), inspect.ListType():
            return [_fold(inner, wanted.item_type) for inner in value]
        case _, inspect.UnionType():
            return _fold(value, _choice(value, wanted))
    return value


def _fold_members(value: Mapping[str, object], wanted: inspect.StructType) -> dict[str, object]:
    fields = _fields_of(wanted.cls)
    members: dict[str, object] = {}
    for name, inner in value.items():
        if field := fields.get(_lower(name)):
            members[field.encode_name] = _fold(inner, field.type)
    return members


def _choice(value: object, wanted: inspect.UnionType) -> inspect.Type:
    """Return the type of a union that an object or a list can be; msgspec allows one of each."""
    kinds = (
        (inspect.StructType, inspect.DictType) if isinstance(value, dict) else (inspect.ListType,)
    )
    fitting = (one for one in wanted.types if isinstance(one, kinds))
    return next(fitting, inspect.AnyType())


@cache
def _type_of(shape: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(shape)


@cache
def _fields_of(shape: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    wanted = _type_of(shape)
    assert isinstance(wanted, inspect.StructType)
    fields = {_lower(field.encode_name): field for field in wanted.fields}
    assert len(fields) == len(wanted.fields), f"two members of {shape} differ only in case"
    return fields


def _lower(name: str) -> str:
    # Beyond ASCII some letters fold onto ASCII ones: the Kelvin sign is no K of a member.
    return name.lower() if name.isascii() else name
