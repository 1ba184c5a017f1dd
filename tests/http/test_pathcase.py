"""A dialect may know its paths in any letter case, and takes nobody's path by that."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from starlette.responses import Response

from toy import TOY, ToyOptions, talking_to, thing, toybox
from toy_services import GOOD_TOKEN
from watchword.core.services import Services
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Operation
from watchword.http.pathcase import fold_path
from watchword.http.surroundings import Surroundings
from watchword.observability.metrics import Metrics

GOOD = {"Authorization": f"Bearer {GOOD_TOKEN}"}
FOLDING = replace(TOY, folds_path_case=True)


async def _neighbour(call: Call) -> Response:
    return JsonResponse({"neighbour": call.path})


def _near(services: Services, options: ToyOptions) -> Sequence[Operation]:
    del services, options
    paths = ("/TOY/me", "/Toy/Things/{id}", "/near/{id}")
    return tuple(
        Operation(method="GET", path=path, endpoint=_neighbour, summary="Near") for path in paths
    )


def _cased(services: Services, options: ToyOptions) -> Sequence[Operation]:
    del services, options
    paths = ("/api/Job", "/api/Job/{id}", "/api/Job/search")
    return tuple(Operation(method="GET", path=path, endpoint=thing, summary="It") for path in paths)


NEIGHBOUR = replace(TOY, name="near", prefixes=("/TOY", "/Toy/Things", "/near"), operations=_near)
CASED = replace(FOLDING, name="cased", prefixes=("/api/Job",), operations=_cased)


@pytest.mark.parametrize(
    "path", ["/toy/me", "/TOY/ME", "/Toy/Me", "/tOY/mE", "/%54oy/%6De", "/%74%6F%79/M%45"]
)
async def test_a_path_is_known_in_any_letter_case(path: str) -> None:
    """However its letters are written, percent-encoded ones too."""
    async with talking_to(toybox(dialects=[FOLDING]).app) as client:
        answer = await client.get(path, headers=GOOD)

    assert (answer.status_code, answer.json()["who"]) == (200, "ada")


@pytest.mark.parametrize("prefix", ["/toy/things", "/TOY/Things", "/%54oy/THINGS"])
async def test_a_parameter_in_a_path_keeps_its_letter_case(prefix: str) -> None:
    """It may be a name, and whoever reads it says whether case counts."""
    async with talking_to(toybox(dialects=[FOLDING]).app) as client:
        answer = await client.get(f"{prefix}/AbC%20%C3%84?After=X")

    assert answer.json() == {"id": "AbC Ä", "query": [["After", "X"]]}


async def test_a_declared_upper_case_letter_may_be_small() -> None:
    """And a fixed path goes before a pattern, in whatever case it comes."""
    async with talking_to(toybox(dialects=[CASED]).app) as client:
        found = [
            (await client.get(path)).json()
            for path in ("/api/job", "/api/job/7", "/API/JOB/Search", "/api/Job/search")
        ]

    assert [one.get("id") for one in found] == [None, "7", None, None]


@pytest.mark.parametrize("path", ["/toy/nothing", "/TOY/Nothing", "/Toy", "/toy/ME/more"])
async def test_what_it_does_not_serve_is_missing_in_its_voice(path: str) -> None:
    """The transport's refusals are worded so too."""
    box = toybox(dialects=[FOLDING])
    async with talking_to(box.app) as client:
        answer = await client.get(path)
    beneath, _ = box.site.render(431, path)

    assert (answer.status_code, answer.json()["moo"]) == (404, "moo: Not Found")
    assert json.loads(beneath)["moo"].startswith("moo: ")


@pytest.mark.parametrize(
    "path",
    # The Kelvin sign, the long s, a dotless i, a full-width letter.
    ["/toy/thing\u017f/7", "/toy/th\u0131ngs/7", "/\uff34oy/me", "/toy/\u212a"],
)
async def test_letters_beyond_ascii_are_no_other_spelling(path: str) -> None:
    """Unicode folds them to ASCII letters; a path has no such twins."""
    async with talking_to(toybox(dialects=[FOLDING]).app) as client:
        answer = await client.get(path, headers=GOOD)

    assert answer.status_code == 404
    assert fold_path("\u212a\u0130\uff34") == "\u212a\u0130\uff34"


async def test_another_method_is_told_which_there_are() -> None:
    """In any case of the path; the method itself has one."""
    async with talking_to(toybox(dialects=[FOLDING]).app) as client:
        answer = await client.delete("/TOY/me")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("path", "location"),
    [("/TOY/Me/", "/TOY/Me"), ("/Toy/THINGS/Ab/?X=Y", "/Toy/THINGS/Ab?X=Y")],
)
async def test_a_slash_too_many_leads_to_the_path_as_it_was_written(
    path: str, location: str
) -> None:
    """And that path answers."""
    async with talking_to(toybox(dialects=[FOLDING]).app) as client:
        answer = await client.get(path)
        there = await client.get(location, headers=GOOD)

    assert (answer.status_code, answer.headers["location"]) == (307, location)
    assert there.status_code == 200


async def test_parameters_of_a_path_are_left_out_in_any_case() -> None:
    """Both habits of a path hold together."""
    dialect = replace(FOLDING, drops_path_parameters=True)
    async with talking_to(toybox(dialects=[dialect]).app) as client:
        answer = await client.get("/TOY;x=1/Things/Ab;jsessionid=Y")

    assert answer.json()["id"] == "Ab"


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/TOY/me", {"neighbour": {}}),
        ("/Toy/Things/Ab", {"neighbour": {"id": "Ab"}}),
        ("/TOY/login", {"moo": "moo: Not Found", "code": 404}),
        ("/Near/Ab", {"title": "Not Found", "status": 404}),
        ("/near/Ab", {"neighbour": {"id": "Ab"}}),
        ("/tOY/things/Ab", {"id": "Ab", "query": []}),
    ],
)
async def test_nobody_elses_path_is_hidden(path: str, found: object, first: int) -> None:
    """What another dialect owns as it is written is its own, and its case counts."""
    dialects = [FOLDING, NEIGHBOUR] if first else [NEIGHBOUR, FOLDING]
    async with talking_to(toybox(dialects=dialects).app) as client:
        answer = await client.get(path)

    assert answer.json() == found


async def test_metrics_name_the_path_as_it_was_declared() -> None:
    """Else a client could make as many counters as there are spellings."""
    box = toybox(Surroundings(version="0", metrics=Metrics(version="0")), dialects=[FOLDING])
    async with talking_to(box.app) as client:
        for path in ("/TOY/me", "/Toy/Me", "/TOY/Things/7", "/TOY/nothing"):
            await client.get(path, headers=GOOD)
        page = (await client.get("/metrics")).text

    assert 'operation="GET /toy/me"' in page
    assert 'operation="GET /toy/things/{id}"' in page
    assert not any(word in page for word in ("TOY", "Toy", "Things"))


async def test_the_description_says_so() -> None:
    """A path stands there as it was declared, with a word about its case."""
    async with talking_to(toybox(dialects=[FOLDING]).app) as client:
        folding = (await client.get("/openapi.json")).json()["paths"]
    async with talking_to(toybox().app) as client:
        strict = (await client.get("/openapi.json")).json()["paths"]

    assert folding.keys() == strict.keys()
    assert "any letter case" in folding["/toy/me"]["get"]["description"]
    assert "any letter case" not in json.dumps(strict)


def test_two_paths_that_differ_by_case_alone_are_a_mistake() -> None:
    """A clash within a dialect that folds case is found when the app is built."""

    def twins(services: Services, options: ToyOptions) -> Sequence[Operation]:
        del services, options
        return tuple(
            Operation(method="GET", path=path, endpoint=thing, summary="It")
            for path in ("/toy/a", "/toy/A")
        )

    with pytest.raises(AssertionError, match="letter case alone"):
        toybox(dialects=[replace(FOLDING, operations=twins)])
