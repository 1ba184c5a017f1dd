"""A real Chromium: the pages work without script and without a mouse, and read well aloud."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from console.mailed import ADA, NEW, NEW_PASSWORD, OLD, TYPED, Link, ada_of, mailed
from console.open_house import OpenHouse, open_house
from parts import browser
from parts.axe import HEIGHT, PHONE, flaws
from watchword.core.tickets.model import Purpose

pytestmark = [pytest.mark.slow, browser.NEEDED]

EACH = pytest.mark.parametrize("purpose", Purpose)
DONE = {
    Purpose.CONFIRM: "Your address is confirmed",
    Purpose.RESET: "Your password is changed",
    Purpose.CHANGE: "Your address is changed",
    Purpose.UNDO: "The change is undone",
    Purpose.JOIN: "Your account is made",
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path) -> Iterator[OpenHouse]:
    with open_house(tmp_path / "watchword.db") as opened:
        yield opened


@pytest.fixture
def plain(chromium: Browser) -> Iterator[Page]:
    """A page in a phone that runs no script."""
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": PHONE, "height": HEIGHT}, locale="en-GB"
    )
    yield _listening(context)
    context.close()


def _listening(context: BrowserContext) -> Page:
    """Return a new page that fails its test when the policy of a page forbids something."""
    context.set_default_timeout(browser.PATIENCE_MS)
    page = context.new_page()
    page.on("console", lambda line: pytest.fail(line.text) if "Policy" in line.text else None)
    return page


def visit(page: Page, house: OpenHouse, purpose: Purpose) -> Link:
    """Follow the link of a new letter."""
    link = house.do(mailed(house.house, purpose))
    page.goto(house.address + link.target)
    return link


def fill(page: Page, typed: dict[str, str]) -> None:
    for name, text in typed.items():
        page.locator(f"#{name}").fill(text)


@EACH
def test_a_link_is_followed_and_its_button_pressed_without_script(
    plain: Page, house: OpenHouse, purpose: Purpose
) -> None:
    """And a reload of the answer does not do it twice."""
    visit(plain, house, purpose)
    plain.reload()
    fill(plain, TYPED.get(purpose, {}))
    plain.get_by_role("button").click()

    expect(plain.get_by_role("heading", level=1)).to_have_text(DONE[purpose])
    assert plain.url == f"{house.address}/account/{purpose}"


@EACH
def test_the_keyboard_is_enough(plain: Page, house: OpenHouse, purpose: Purpose) -> None:
    """In the order in which one reads; Enter in the last field presses the button too."""
    visit(plain, house, purpose)
    typed = TYPED.get(purpose, {})
    names = [str(one.get_attribute("id")) for one in plain.locator(".field input").all()]
    for name in names:
        plain.keyboard.press("Tab")
        expect(plain.locator(f"#{name}")).to_be_focused()
        plain.keyboard.type(typed.get(name, ""))
    plain.keyboard.press("Tab")
    expect(plain.get_by_role("button")).to_be_focused()
    plain.keyboard.press("Enter")

    expect(plain.get_by_role("heading", level=1)).to_have_text(DONE[purpose])


def test_what_is_wrong_is_where_one_looks(plain: Page, house: OpenHouse) -> None:
    """The summary has the focus; its link leads to the field, and the link is still good."""
    visit(plain, house, Purpose.RESET)
    fill(plain, {"password": "short", "password-again": "short"})
    plain.keyboard.press("Enter")
    summary = plain.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(plain).to_have_title("The password was not changed. Set a new password - Watchword")
    plain.keyboard.press("Tab")
    plain.keyboard.press("Enter")
    plain.keyboard.type(NEW_PASSWORD)
    plain.keyboard.press("Tab")
    plain.keyboard.type(NEW_PASSWORD)
    plain.keyboard.press("Enter")

    expect(plain.get_by_role("heading", level=1)).to_have_text(DONE[Purpose.RESET])


def test_a_press_of_the_back_button_finds_a_spent_link(plain: Page, house: OpenHouse) -> None:
    """Nothing is kept by the browser, so the page says that it is over."""
    visit(plain, house, Purpose.CONFIRM)
    plain.get_by_role("button").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text(DONE[Purpose.CONFIRM])
    plain.go_back()

    expect(plain.get_by_role("heading", level=1)).to_have_text("This link does not work")


def test_a_change_is_made_and_undone(plain: Page, house: OpenHouse) -> None:
    """From one letter to the next."""
    visit(plain, house, Purpose.UNDO)
    changed = house.do(ada_of(house.house))
    plain.get_by_role("button").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text(DONE[Purpose.UNDO])
    undone = house.do(ada_of(house.house))

    assert changed is not None
    assert undone is not None
    assert (changed.name, changed.email, undone.email) == (ADA, NEW, OLD)


@EACH
@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing(
    chromium: Browser, house: OpenHouse, purpose: Purpose, language: str
) -> None:
    """On any page, before its button, after a mistake, and after it, and of a spent link."""
    context = chromium.new_context(locale=language)
    page = _listening(context)
    link = visit(page, house, purpose)
    found = flaws(page)
    if purpose in TYPED:
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        found += flaws(page)
        fill(page, TYPED[purpose])
    page.get_by_role("button").click()
    expect(page.locator(".done")).to_be_visible()
    found += flaws(page)
    page.goto(house.address + link.target)
    found += flaws(page)
    context.close()

    assert found == []


def test_axe_finds_nothing_on_a_page_in_all_languages(chromium: Browser, house: OpenHouse) -> None:
    """Each part says which language it is."""
    page = chromium.new_page()
    page.goto(f"{house.address}/account/nothing")
    found = flaws(page)
    page.close()

    assert found == []


def test_axe_and_the_ruler_are_there(chromium: Browser) -> None:
    """What is plainly wrong is found, so nothing found means something."""
    page = chromium.new_page()
    page.set_content("<title>x</title><main><button style='width:9000px;height:9px'></button>")
    found = " ".join(flaws(page))
    page.close()

    assert all(word in found for word in ("button-name", "html-has-lang", "too wide", "too small"))
