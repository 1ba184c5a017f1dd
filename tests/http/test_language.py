"""A browser says which languages its reader knows, and some say nonsense."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from starlette.responses import Response

from toy import TOY, ToyOptions, talking_to, toybox
from watchword.core.services import Services
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.language import LANGUAGES, best_language
from watchword.http.operation import Operation


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE-at, EN;q=0.8", "de"),
        ("zh-Hant-TW, de-1996;q=0.1", "de"),
        ("en, de", "en"),
        ("de, en", "de"),
        ("en;q=0.3, de;q=0.8", "de"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "en"),
        ("en;q=0.999,de;q=1.000", "de"),
        (" \tde ; q=0.5 ,en ;q=0.4", "de"),
        ("en;q=0, de;q=0.001", "de"),
        ("de;Q=0.4, en;q=0.3", "de"),
        (",,,de,", "de"),
    ],
)
def test_the_best_liked_of_ours_is_taken(accepted: str, language: str) -> None:
    """By weight, and by order where weights are alike; regions do not matter."""
    assert best_language(accepted) == language


@pytest.mark.parametrize(
    "accepted",
    [
        *("", "*", "fr", "fr, es;q=0.5", "de;q=0", "en;q=0.000", "deu", "d", "-de", "de_DE"),
        *("de;q=2", "de;q=-1", "de;q=1.5", "de;q=nan", "de;q=0.1234", "de;q=", "de;x=1", "de;"),
        *("d\u0435", "de\0", "\u212a", "de\r\nX: y", "de;q=\u0661", ";q=1", "," * 300),
        "de" + " " * 300,
        "fr," * 100 + "de",
    ],
)
def test_what_names_none_of_ours_or_is_nonsense_says_nothing(accepted: str) -> None:
    """Then whoever writes chooses."""
    assert best_language(accepted) == ""


@pytest.mark.parametrize("nonsense", ["x;q=9", "*;q=1", "\xff", "en;q=9", "e" * 40, "de;q=0.5;a=b"])
def test_nonsense_beside_a_language_does_not_hide_it(nonsense: str) -> None:
    """It is passed over by itself."""
    assert best_language(f"{nonsense}, de;q=0.2") == "de"


def test_what_is_remembered_has_a_bound() -> None:
    """Whoever sends another field each time fills no memory."""
    for number in range(1000):
        best_language(f"de-{number}")

    assert best_language.cache_info().currsize <= 256
    assert set(LANGUAGES) == {"en", "de"}


async def _say(call: Call) -> Response:
    assert call.origin is call.origin
    return JsonResponse({"language": call.origin.language, "address": call.origin.address})


def _saying(services: Services, options: ToyOptions) -> Sequence[Operation]:
    del services, options
    return (Operation(method="GET", path="/toy/say", endpoint=_say, summary="Say"),)


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ([], ""),
        ([("Accept-Language", "de-CH,en;q=0.7")], "de"),
        ([("Accept-Language", "fr"), ("Accept-Language", "en;q=0.1")], "en"),
        ([("Accept-Language", "\xff\xfe")], ""),
    ],
)
async def test_an_origin_has_the_language(headers: list[tuple[str, str]], language: str) -> None:
    """Whoever writes a letter because of a call can write it so that it is understood."""
    async with talking_to(toybox(dialects=[replace(TOY, operations=_saying)]).app) as client:
        fields = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        answer = await client.get("/toy/say", headers=fields)

    assert answer.json() == {"language": language, "address": "127.0.0.1"}
