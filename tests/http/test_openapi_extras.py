"""What the description says where one shape, one scope or one type of answer is not enough."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from toy import TOY, Moo, Seen, Toybox, ToyOptions, Wish, see, talking_to, toybox
from toy_services import FEED_KEY, GOOD_KEY, READING_KEY
from watchword.core.apikeys.model import Scope
from watchword.core.services import Services
from watchword.http.operation import Answer, Credential, Operation

Json = dict[str, Any]

SCHEMA: Json = {
    "anyOf": [{"$ref": "#/$defs/a flow.Wish"}, {"type": "object", "properties": {"x": {}}}],
    "$defs": {
        "a flow.Wish": {
            "type": "object",
            "properties": {
                "kind": {"$ref": "#/$defs/a flow.Kind"},
                "all": {"type": "array", "items": {"$ref": "#/$defs/a flow.Kind"}},
            },
            "required": ["kind"],
        },
        "a flow.Kind": {"type": "string"},
    },
}


def operations(services: Services, options: ToyOptions) -> Sequence[Operation]:
    del services, options
    return (
        Operation(
            method="POST",
            path="/toy/late",
            endpoint=see,
            summary="Wish for what is known late",
            body=Wish,
            body_schema=lambda: SCHEMA,
            example={"kind": "new"},
            credential=Credential.REQUIRED,
            scope=Scope.IDENTIFY,
            or_scope=Scope.ACCOUNTS_READ,
            answers={
                200: Answer(description="It.", shape=Seen, also={"text/plain": str}),
                400: Answer(description="No.", shape=str, media_type="text/plain"),
            },
        ),
    )


@pytest.fixture
def box() -> Toybox:
    return toybox(dialects=(replace(TOY, operations=operations),))


@pytest.fixture
async def document(box: Toybox) -> Json:
    async with talking_to(box.app) as client:
        document: Json = (await client.get("/openapi.json")).json()
    return document


async def test_it_is_still_openapi(document: Json) -> None:
    """A validator finds nothing wrong."""
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())

    assert errors == []


async def test_a_body_that_is_known_late_has_its_own_schema(document: Json) -> None:
    """What it defines stands among the other shapes, and what it names leads there."""
    operation, shapes = document["paths"]["/toy/late"]["post"], document["components"]["schemas"]
    content = operation["requestBody"]["content"]["application/json"]
    kind = {"$ref": "#/components/schemas/a_flow.Kind"}

    assert content["example"] == {"kind": "new"}
    assert content["schema"]["anyOf"][0] == {"$ref": "#/components/schemas/a_flow.Wish"}
    assert "$defs" not in content["schema"]
    members = shapes["a_flow.Wish"]["properties"]
    assert (members["kind"], members["all"]["items"]) == (kind, kind)
    assert shapes["a_flow.Kind"]["pattern"] == r"^[^\x00]*$"


async def test_it_is_on_the_page_too(box: Toybox) -> None:
    """Each of the shapes that may be sent, with its members."""
    async with talking_to(box.app) as client:
        page = (await client.get("/docs")).text

    assert all(f"<code>{name}</code>" in page for name in ("a_flow.Wish", "kind", "all", "x"))


async def test_an_answer_may_come_in_several_types(document: Json) -> None:
    """Those of the operation, and that of what is refused before it."""
    responses = document["paths"]["/toy/late"]["post"]["responses"]
    moo, seen = (f"#/components/schemas/{one.__name__}" for one in (Moo, Seen))

    assert responses["200"]["content"] == {
        "application/json": {"schema": {"$ref": seen}},
        "text/plain": {"schema": {"type": "string"}},
    }
    assert responses["400"]["content"] == {
        "text/plain": {"schema": {"type": "string"}},
        "application/json": {"schema": {"$ref": moo}},
    }


async def test_either_of_two_scopes_will_do(box: Toybox, document: Json) -> None:
    """The description says so, and it is so."""
    operation = document["paths"]["/toy/late"]["post"]
    async with talking_to(box.app) as client:
        statuses = [
            (await client.post("/toy/late", headers={"X-Authorization": key})).status_code
            for key in (GOOD_KEY, READING_KEY, FEED_KEY)
        ]

    assert statuses == [200, 200, 403]
    assert [one["key"] for one in operation["security"] if "key" in one] == [
        ["identify"],
        ["accounts:read"],
    ]
    said = "An API key needs the scope `identify` or `accounts:read`."
    assert said in operation["description"]
