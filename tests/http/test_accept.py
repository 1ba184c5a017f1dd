"""Which type of answer a client likes best."""

import pytest

from watchword.http.accept import best_type

OURS = ("application/json", "text/plain")


@pytest.mark.parametrize(
    "accepted",
    [
        "text/plain",
        "TEXT/Plain",
        "text/*",
        "text/plain; charset=utf-8",
        "text/plain, */*",
        "image/png, text/plain;q=0.1",
        "text/plain;q=0.5, application/json;q=0.4",
        "text/plain;charset=utf-8;q=0.2, */*;q=0.1",
        "application/json ; q=0 , */*",
        "\ttext/plain ;q=1.000",
    ],
)
def test_text_is_liked_best(accepted: str) -> None:
    """It is named, or weighs more, or is named more exactly."""
    assert best_type(accepted, OURS) == "text/plain"


@pytest.mark.parametrize(
    "accepted",
    [
        "",
        "*/*",
        "application/json",
        "application/json, text/plain, */*",
        "text/plain, application/json",
        "text/plain;q=0.9, application/json",
        "text/plain; q=0",
        "text/plain;q=0, */*",
        "text/*;q=0.3, application/*;q=0.3",
        "image/png",
        "text/plain;q=2",
        "text/plain;q=",
        "text/plain;q=0.1234",
        "text",
        "text/plain/x",
        ",;,=,",
        "text/plain, " + "a/b, " * 300,
    ],
)
def test_the_first_of_ours_is_for_everybody_else(accepted: str) -> None:
    """What is liked alike, not at all, or not understood."""
    assert best_type(accepted, OURS) == "application/json"


def test_the_most_exact_range_decides() -> None:
    """Wherever it stands."""
    accepted = "text/plain;q=0.1, text/*;q=0.9, application/json;q=0.5"

    assert best_type(accepted, OURS) == "application/json"
    assert best_type(accepted, ("text/plain", "text/html")) == "text/html"
