"""The description says what is served, and nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.responses import Response

from toy import TOY, Moo, Problems, ToyOptions, Wish, see, talking_to, toybox
from watchword.core.services import Services
from watchword.http.answers import JsonResponse
from watchword.http.dialect import Voice
from watchword.http.operation import Answer, Operation
from watchword.http.surroundings import Surroundings

Json = dict[str, Any]


async def described(surroundings: Surroundings | None = None) -> Json:
    async with talking_to(toybox(surroundings).app) as client:
        answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document: Json = answer.json()
    return document


@pytest.fixture
async def document() -> Json:
    return await described()


async def test_it_is_openapi(document: Json) -> None:
    """A validator finds nothing wrong."""
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())

    assert errors == []
    assert document["openapi"] == "3.1.0"


async def test_every_operation_is_in_it(document: Json) -> None:
    """Those of the dialects and our own, each under its dialect."""
    found = {
        (operation["tags"][0], f"{method.upper()} {path}")
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }

    toys = {f"{one.method} {one.path}" for one in TOY.operations(None, None)}  # type: ignore[arg-type] # the toy uses neither
    assert {name for tag, name in found if tag == "toy"} == toys
    assert {name for tag, name in found if tag == "shared"} == {
        "GET /livez",
        "GET /readyz",
        "GET /.well-known/jwks.json",
        "GET /revocations",
        "GET /openapi.json",
        "GET /docs",
    }


async def test_names_of_operations_are_unique(document: Json) -> None:
    """Generators make functions of them."""
    names = [
        one["operationId"] for methods in document["paths"].values() for one in methods.values()
    ]

    assert len(names) == len(set(names))


async def test_bodies_and_answers_have_their_shapes(document: Json) -> None:
    """From the same structs that read and write them."""
    wish = document["paths"]["/toy/wish"]["post"]
    shapes = document["components"]["schemas"]

    content = wish["requestBody"]["content"]["application/json"]
    assert wish["requestBody"]["required"] is True
    assert content["schema"] == {"$ref": "#/components/schemas/Wish"}
    assert content["example"] == {"name": "it's", "count": 2, "tags": []}
    assert shapes["Wish"]["required"] == ["name"]
    assert "422" in wish["responses"]


async def test_texts_of_a_body_have_no_nul(document: Json) -> None:
    """The schema allows what the reader takes, in lists too; answers are free."""
    shapes = document["components"]["schemas"]
    members = shapes["Wish"]["properties"]

    assert members["name"]["pattern"] == members["tags"]["items"]["pattern"] == r"^[^\x00]*$"
    assert "pattern" not in shapes["Moo"]["properties"]["moo"]


async def test_a_form_may_come_three_ways(document: Json) -> None:
    """In the query, and in a body of either type; none of them must be there."""
    order = document["paths"]["/toy/order"]["post"]
    content = {
        "schema": {"$ref": "#/components/schemas/Order"},
        "example": {"word": "it's", "otherWord": "ä b"},
    }

    assert order["requestBody"]["content"] == {
        "application/x-www-form-urlencoded": content,
        "multipart/form-data": content,
    }
    assert "required" not in order["requestBody"]
    assert [(one["name"], one["in"], one["required"]) for one in order["parameters"]] == [
        ("word", "query", False),
        ("otherWord", "query", False),
    ]
    assert order["parameters"][0]["description"] == "What is ordered."
    assert order["parameters"][0]["schema"]["pattern"] == r"^[^\x00]*$"


async def test_a_get_has_no_body(document: Json) -> None:
    """Then what is required stands in the query."""
    order = document["paths"]["/toy/order"]["get"]

    assert "requestBody" not in order
    assert [one["required"] for one in order["parameters"]] == [True, False]


async def test_parameters_of_the_path_need_no_declaration(document: Json) -> None:
    """Those of the query do."""
    parameters = document["paths"]["/toy/things/{id}"]["get"]["parameters"]

    assert [(one["in"], one["name"], one["required"]) for one in parameters] == [
        ("path", "id", True),
        ("query", "after", False),
    ]


@pytest.mark.parametrize(
    ("path", "method", "ways"),
    [
        (
            "/toy/me",
            "get",
            [{"bearer": []}, {"key": ["identify"]}, {"cookie": []}, {"query": []}],
        ),
        ("/toy/me", "post", [{"bearer": []}, {"cookie": [], "csrf": []}]),
        (
            "/toy/maybe",
            "get",
            [{"bearer": []}, {"key": ["accounts:read"]}, {"cookie": []}, {}],
        ),
        ("/revocations", "get", [{"key": ["revocations:read"]}]),
        ("/toy/login", "post", None),
        ("/livez", "get", None),
    ],
)
async def test_it_says_where_a_credential_may_stand(
    document: Json, path: str, method: str, ways: list[Json] | None
) -> None:
    """Required, optional, or not looked at."""
    assert document["paths"][path][method].get("security") == ways


@pytest.mark.parametrize(
    ("path", "method", "sentence"),
    [
        ("/toy/me", "get", "An API key needs the scope `identify`."),
        ("/toy/me", "post", "No API key can do this."),
        ("/toy/maybe", "get", "An API key needs the scope `accounts:read`."),
        ("/revocations", "get", "Only an API key with the scope `revocations:read` can do this."),
    ],
)
async def test_it_says_what_an_api_key_needs(
    document: Json, path: str, method: str, sentence: str
) -> None:
    """In words, since a schema has none for it."""
    operation = document["paths"][path][method]

    assert operation["description"].endswith(sentence)
    assert "key" in document["components"]["securitySchemes"]


async def test_what_looks_at_no_credential_says_nothing_of_keys(document: Json) -> None:
    """A log-in takes whatever key comes with it for nothing."""
    wish = document["paths"]["/toy/wish"]["post"]

    assert wish["description"] == "It comes back."
    assert "description" not in document["paths"]["/toy/login"]["post"]


async def test_reasons_with_one_status_are_told_together(document: Json) -> None:
    """A status has one description, with all that it may mean."""
    answers = document["paths"]["/toy/me"]["post"]["responses"]

    assert answers["403"]["description"] == (
        "The API key may not do this. A cookie came from a page of another site."
        " The CSRF token of a cookie session is missing or wrong."
    )


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("/toy/me", "get", "200 400 401 403 408 413 429 431 503"),
        ("/toy/me", "post", "200 400 401 403 408 413 429 431 503"),
        ("/revocations", "get", "200 400 401 403 408 410 413 429 431 503"),
        ("/toy/login", "post", "200 400 408 413 431 503"),
        ("/toy/enter", "post", "200 400 403 408 413 431 503"),
        ("/toy/things/{id}", "get", "200 400 404 408 413 431 503"),
    ],
)
async def test_shared_statuses_are_in_it(
    document: Json, path: str, method: str, statuses: str
) -> None:
    """What stands before the endpoint can answer too, in the dialect's shape."""
    responses = document["paths"][path][method]["responses"]

    assert " ".join(responses) == statuses
    assert "Retry-After" in responses["503"]["headers"]
    shape = "Moo" if path.startswith("/toy") else "Problem"
    (content,) = responses["413"]["content"].values()
    assert content == {"schema": {"$ref": f"#/components/schemas/{shape}"}}


def whispering(_: Services, __: ToyOptions) -> Sequence[Operation]:
    """Say no inside a 200, and sometimes more."""
    answer = Answer(description="Yes or no.", shape=Wish, others=(Problems,))
    return (
        Operation(method="GET", path="/toy", endpoint=see, summary="Ask", answers={200: answer}),
    )


def whispering_voice(options: ToyOptions) -> Voice:
    def say(_: int, text: str) -> Response:
        return JsonResponse(Moo(text, 0))

    return replace(TOY.voice(options), render_status=say)


async def test_a_no_inside_a_200_is_told_beside_the_yes() -> None:
    """An operation has further shapes of one status; those of its voice are among them."""
    toy = replace(TOY, operations=whispering, voice=whispering_voice)
    async with talking_to(toybox(dialects=(toy,)).app) as client:
        document = (await client.get("/openapi.json")).json()
        page = (await client.get("/docs")).text

    content = document["paths"]["/toy"]["get"]["responses"]["200"]["content"]
    shapes = [f"#/components/schemas/{name}" for name in ("Wish", "Problems", "Moo")]
    assert content == {"application/json": {"schema": {"anyOf": [{"$ref": one} for one in shapes]}}}
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert all(f"<code>{name}</code>" in page for name in ("Wish", "Problems", "Moo", "wrong"))


async def test_a_demo_says_that_it_refuses() -> None:
    """403 is possible everywhere then."""
    document = await described(Surroundings(version="0", is_demo=True))

    assert all(
        "403" in operation["responses"]
        for methods in document["paths"].values()
        for operation in methods.values()
    )


async def test_our_own_refusals_are_problems(document: Json) -> None:
    """The media type of each voice is in it."""
    content = document["paths"]["/livez"]["get"]["responses"]["431"]["content"]

    assert list(content) == ["application/problem+json"]


async def test_it_can_be_turned_off() -> None:
    """Neither document nor page is served then."""
    box = toybox(Surroundings(version="0", shows_docs=False))
    async with talking_to(box.app) as client:
        statuses = [(await client.get(path)).status_code for path in ("/openapi.json", "/docs")]

    assert statuses == [404, 404]


async def test_the_server_is_where_the_public_url_says() -> None:
    """Else it is wherever the document was fetched."""
    public = await described(Surroundings(version="0", public_url="https://login.example.com"))
    private = await described()

    assert public["servers"] == [{"url": "https://login.example.com"}]
    assert private["servers"] == [{"url": "/"}]
