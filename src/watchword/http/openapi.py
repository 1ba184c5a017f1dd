"""Describes what is served, as OpenAPI 3.1, from the same operations that serve it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from watchword.core.kernel.errors import UnavailableError
from watchword.http.dialect import Voice, say_status
from watchword.http.forms import FORM_TYPES, PARAMETERS_MAX
from watchword.http.openapi_access import SECURITY_SCHEMES, about_callers, about_keys, security_of
from watchword.http.openapi_placing import COMPONENT, placed
from watchword.http.operation import Answer, Credential, Operation, Parameter, Place
from watchword.http.section import Section

# JSON as msgspec and OpenAPI know it; there is no narrower type for a schema.
Json = dict[str, Any]

_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
_RETRY_AFTER: Json = {
    "description": "Seconds to wait.",
    "schema": {"type": "integer", "minimum": 0},
}
# Neither `reading.read_json` nor `forms.read_parameters` takes a NUL, and a schema that allowed
# one would not be true.
_NO_NUL = r"^[^\x00]*$"

_OTHERS: Json = {
    "additionalProperties": {"type": "string", "pattern": _NO_NUL},
    "propertyNames": {"pattern": _NO_NUL},
    "maxProperties": PARAMETERS_MAX,
}
"""What holds for parameters that nobody asks for."""

_EITHER = "May be left out: all of it may stand in the query. What stands in both counts from here."

_ANY_CASE = "The path is known in any letter case."

_BENEATH = {
    HTTPStatus.BAD_REQUEST: "The request is no HTTP that we can read.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The header is too large.",
}
"""What every operation can answer before it is reached."""


def describe(
    sections: Sequence[Section], *, version: str, public_url: str | None, is_demo: bool
) -> Json:
    """Return the document."""
    writer = _Writer(sections, is_demo=is_demo)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Watchword",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url or "/"}],
        "tags": [{"name": section.name, "description": section.title} for section in sections],
        "paths": writer.paths(),
        "components": {"schemas": writer.components, "securitySchemes": SECURITY_SCHEMES},
    }


class _Writer:
    """Writes operations; all shapes get their schemas at once, so that names do not clash."""

    def __init__(self, sections: Sequence[Section], *, is_demo: bool) -> None:
        self._sections = sections
        self._is_demo = is_demo
        shapes = list(dict.fromkeys(_shapes(sections)))
        schemas, self.components = msgspec.json.schema_components(
            shapes, ref_template=COMPONENT + "{name}"
        )
        self._schemas = dict(zip(shapes, schemas, strict=True))
        read = (shape for section in sections for one in section.operations for shape in _read(one))
        _forbid_nul([self._schemas[shape] for shape in read], self.components, set())
        for form in {one.form for section in sections for one in section.operations if one.form}:
            self._component(form).update(_OTHERS)

    def _component(self, shape: type[msgspec.Struct]) -> Json:
        found: Json = self.components[self._schemas[shape]["$ref"].removeprefix(COMPONENT)]
        return found

    def paths(self) -> Json:
        paths: Json = {}
        for section in self._sections:
            for operation in section.operations:
                written = self._operation(section, operation)
                paths.setdefault(operation.path, {})[operation.method.lower()] = written
        return paths

    def _operation(self, section: Section, operation: Operation) -> Json:
        answers = _merged(self._shared(section.voice, operation), operation.answers)
        written: Json = {
            "tags": [section.name],
            "operationId": _identifier(section, operation),
            "summary": operation.summary,
            "responses": {
                str(int(status)): self._answer(int(status), answers[status])
                for status in sorted(answers)
            },
        }
        any_case = _ANY_CASE if section.folds_path_case else ""
        said = (operation.description, about_keys(operation), any_case)
        if description := " ".join(filter(None, said)):
            written["description"] = description
        parameters = [self._parameter(one) for one in _parameters(operation)]
        if parameters := [*parameters, *self._in_query(operation)]:
            written["parameters"] = parameters
        if body := self._body(operation):
            written["requestBody"] = body
        if operation.credential is not Credential.NONE:
            written["security"] = security_of(operation)
        return written

    def _body(self, operation: Operation) -> Json | None:
        if operation.body is not None:
            content = self._content(operation.body, operation.example)
            if operation.body_schema is not None:
                content["schema"] = placed(operation.body_schema(), self.components)
                _forbid_nul(content["schema"], self.components, set())
            return {"required": True, "content": {"application/json": content}}
        if operation.form is not None and operation.method != "GET":
            content = self._content(operation.form, operation.example)
            return {"description": _EITHER, "content": dict.fromkeys(FORM_TYPES, content)}
        return None

    def _content(self, shape: type[msgspec.Struct], example: object) -> Json:
        content: Json = {"schema": self._schemas[shape]}
        if example is not None:
            content["example"] = msgspec.to_builtins(example)
        return content

    def _in_query(self, operation: Operation) -> Iterator[Json]:
        """Describe the parameters of a form once more: each may stand in the query as well."""
        if operation.form is None:
            return
        form = self._component(operation.form)
        needed = form.get("required", ()) if operation.method == "GET" else ()
        for name, schema in form["properties"].items():
            yield {
                "name": name,
                "in": Place.QUERY.value,
                "description": schema.get("description", ""),
                "required": name in needed,
                "schema": schema,
            }

    def _parameter(self, parameter: Parameter) -> Json:
        return {
            "name": parameter.name,
            "in": parameter.place.value,
            "description": parameter.description,
            "required": parameter.is_required,
            "schema": self._schemas[parameter.shape],
        }

    def _answer(self, status: int, answer: Answer) -> Json:
        written: Json = {"description": answer.description}
        if answer.shape is not None:
            schemas = [self._schemas[shape] for shape in (answer.shape, *answer.others)]
            schema = {"anyOf": schemas} if answer.others else schemas[0]
            also = {kind: {"schema": self._schemas[one]} for kind, one in answer.also.items()}
            written["content"] = {answer.media_type: {"schema": schema}, **also}
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            written["headers"] = {"Retry-After": _RETRY_AFTER}
        return written

    def _shared(self, voice: Voice, operation: Operation) -> Mapping[int, Answer]:
        """Return what an operation can answer without its endpoint, as its voice says it.

        The voice is asked, since a dialect may say any of these with another status.
        """
        said = [(say_status(voice, status), text) for status, text in _BENEATH.items()]
        busy = voice.render_error(UnavailableError())
        said.append((busy, "A part is down or full."))
        if "{" in operation.path:
            said.append((say_status(voice, HTTPStatus.NOT_FOUND), "No such thing."))
        said.extend(about_callers(voice, operation))
        if self._is_demo:
            text = "The demo answers to its own machine only."
            said.append((say_status(voice, HTTPStatus.FORBIDDEN), text))
        answers: dict[int, Answer] = {}
        for response, text in said:
            before = answers.get(response.status_code)
            whole = f"{before.description} {text}" if before else text
            answers[response.status_code] = _as_answer(response, whole, voice)
        return answers


def _merged(shared: Mapping[int, Answer], own: Mapping[int, Answer]) -> dict[int, Answer]:
    """Return all answers. Where both have one of a status, either may come."""
    merged = {**shared, **own}
    for status in shared.keys() & own.keys():
        answer, other = own[status], shared[status]
        if other.media_type != answer.media_type:
            also = {other.media_type: other.shape, **answer.also}
            merged[status] = replace(answer, also=also)
        elif other.shape not in (answer.shape, *answer.others):
            merged[status] = replace(answer, others=(*answer.others, other.shape))
    return merged


def _forbid_nul(schema: object, components: Json, seen: set[str]) -> None:
    """Say in every text of these schemas that it has no NUL, however deep it stands."""
    if isinstance(schema, list):
        for one in schema:
            _forbid_nul(one, components, seen)
    if not isinstance(schema, dict):
        return
    name = str(schema.get("$ref", "")).removeprefix(COMPONENT)
    if name and name not in seen:
        seen.add(name)
        _forbid_nul(components[name], components, seen)
    if schema.get("type") == "string" and not schema.keys() & {"enum", "format", "pattern"}:
        schema["pattern"] = _NO_NUL
    _forbid_nul(list(schema.values()), components, seen)


def _as_answer(response: Response, description: str, voice: Voice) -> Answer:
    return Answer(
        description=description,
        shape=voice.error,
        media_type=response.media_type or "application/json",
    )


def _shapes(sections: Sequence[Section]) -> Iterator[object]:
    for section in sections:
        yield section.voice.error
        for operation in section.operations:
            yield from _read(operation)
            yield from (one.shape for one in _parameters(operation))
            for answer in operation.answers.values():
                shapes = (answer.shape, *answer.others, *answer.also.values())
                yield from (one for one in shapes if one is not None)


def _read(operation: Operation) -> Iterator[type[msgspec.Struct]]:
    """Return the shapes that an operation reads."""
    yield from (shape for shape in (operation.body, operation.form) if shape is not None)


def _parameters(operation: Operation) -> Iterable[Parameter]:
    """Return the declared parameters, and those of the path that nobody declared."""
    declared = {one.name for one in operation.parameters if one.place is Place.PATH}
    found = _PATH_PARAMETER.findall(operation.path)
    missing = (name for name in found if name not in declared)
    return (
        *(
            Parameter(name=name, place=Place.PATH, description="", is_required=True)
            for name in missing
        ),
        *operation.parameters,
    )


def _identifier(section: Section, operation: Operation) -> str:
    words = re.findall(r"\w+", operation.path)
    return "_".join([section.name, operation.method.lower(), *words])
