"""The chart shows everybody, in order, and is an image that can be read aloud."""

from xml.etree import ElementTree as ET

from chart import Scale, bars, drawn
from tables import Row, Turn

SVG = "{http://www.w3.org/2000/svg}"


def row(name: str, *rates: float, test: str = "log-in", failed: int = 0) -> Row:
    errors = {"status": failed} if failed else {}
    return Row(name=name, test=test, turns=[Turn(rate=rate, errors=errors) for rate in rates])


def test_the_quickest_stands_first_and_rows_of_one_name_are_one_bar() -> None:
    """A limit was measured once for each engine."""
    rows = [row("slow", 10.0), row("bare hash", 90.0, 110.0), row("bare hash", 130.0)]

    found = bars(rows, "log-in")

    assert [(bar.name, bar.middle, bar.kind) for bar in found] == [
        ("bare hash", 110.0, "limit"),
        ("slow", 10.0, "peer"),
    ]


def test_names_are_escaped_and_read_aloud_with_their_figures() -> None:
    """What is drawn stands in the description too, errors included."""
    image = ET.fromstring(drawn([row("<a> & b", 50.0, 60.0, 70.0, failed=1), row("watchword", 80)]))  # noqa: S314 - we wrote it

    title, description = image.find(f"{SVG}title"), image.find(f"{SVG}desc")

    assert title is not None
    assert description is not None
    assert title.text == "Log-ins a second"
    assert description.text == "Log-ins a second: watchword 80; <a> & b 60, 3 errors."
    assert {bar.get("class") for bar in image.iter(f"{SVG}rect")} == {"ours", "peer"}


def test_a_wide_range_is_drawn_by_decades() -> None:
    """Else the small ones could not be told from nothing; what is alike keeps its proportions."""
    narrow, wide = Scale.of([50.0, 100.0]), Scale.of([200.0, 50_000.0])

    assert not narrow.is_logarithmic
    assert narrow.x(100) - narrow.x(50) == narrow.x(50) - narrow.x(0)
    assert wide.decades == [100.0, 1000.0, 10_000.0]
    assert round(wide.x(1000) - wide.x(100)) == round(wide.x(10_000) - wide.x(1000))
