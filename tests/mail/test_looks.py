"""Letters in a real Chromium: on a phone, in the dark, and for who cannot see them."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it has no types
from playwright.sync_api import Browser, Page

from mail.stationery import AT, letter, writer
from parts import browser
from watchword.core.outbox.model import LetterKind

pytestmark = [pytest.mark.slow, browser.NEEDED]

PHONE, DESK = 375, 1280
RULES = {
    # Not those about the landmarks of a page: a letter is shown within the mail program's own.
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
}
LONG = "a-rather-long-name@a-host-with-a-rather-long-name-that-goes-on-and-on.example"
NARROW = "document.documentElement.scrollWidth <= innerWidth"
GROUND = "getComputedStyle(document.documentElement).colorScheme"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as running:
        yield running


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture(params=[PHONE, DESK])
def page(request: pytest.FixtureRequest, chromium: Browser, scheme: str) -> Iterator[Page]:
    """A page on which any request for anything is noted."""
    context = chromium.new_context(
        color_scheme=scheme,  # type: ignore[arg-type] # one of its two words
        viewport={"width": request.param, "height": 700},
    )
    yield context.new_page()
    context.close()


def test_every_letter_fits_and_can_be_used(page: Page, scheme: str) -> None:
    """No line is wider than a phone, axe finds nothing, and nothing is loaded."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    axe = Axe()
    for language in ("en", "de"):
        for kind in LetterKind:
            written = letter(kind, language=language, about=LONG, to=LONG, name="x" * 40)
            page.set_content(writer().word(written, at=AT).html)

            found = axe.run(page, options=RULES)

            assert page.evaluate(NARROW), (kind, language)
            assert found.violations_count == 0, found.generate_report()
            assert scheme in page.evaluate(GROUND)
    assert asked == []


def test_the_button_is_big_enough_for_a_thumb(page: Page) -> None:
    """44 pixels and more (WCAG 2.2, 2.5.5), and it leads where the text says."""
    page.set_content(writer().word(letter(), at=AT).html)

    button, plain = page.locator("a").all()
    box = button.bounding_box()

    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    assert button.get_attribute("href") == plain.inner_text()
