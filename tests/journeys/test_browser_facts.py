"""What our rules about pages stand on: what a real Chromium sends, and when."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from parts import browser
from parts.browser import PATIENCE_MS, Pages, Request, pages
from parts.ways import GETS, LINK, POSTS

pytestmark = [pytest.mark.slow, browser.NEEDED]

PAGE = Path(__file__).parents[2] / "docs" / "browsers.md"
COOKIES = ("strict=1; HttpOnly; SameSite=Strict", "lax=1; HttpOnly; SameSite=Lax")
GET_PART, GET_LINK, POST = (
    "GET by a script or for a part of the page",
    "GET by a link",
    "POST by a script or a form",
)

Row = tuple[str, ...]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as running:
        yield running


@pytest.fixture
def ours() -> Iterator[Pages]:
    """A server that sets cookies, in the place of ours."""
    with pages(*COOKIES) as served:
        yield served


@pytest.fixture
def theirs() -> Iterator[Pages]:
    with pages() as served:
        yield served


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    begun = chromium.new_context()
    begun.set_default_timeout(PATIENCE_MS)
    yield begun
    begun.close()


def documented() -> set[Row]:
    """Return the rows of the table, without its head."""
    text = PAGE.read_text("utf-8").partition("## What browsers send")[2]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    table = [tuple(cell.strip(" `") for cell in line[1:-1].split("|")) for line in lines]
    return {row for row in table[2:] if len(row) == len(table[0]) == 6}


def row(sent: Request, page: str, way: str, origins: dict[str, str]) -> Row:
    """Write down one request as the table does."""
    headers = sent.headers
    cookies = headers.get("cookie", "")
    told = origins[headers["origin"]] if "origin" in headers else ""
    came = tuple("sent" if f"{one}=1" in cookies else "" for one in ("strict", "lax"))
    return (page, way, headers.get("sec-fetch-site", ""), told, *came)


def test_the_table_is_what_a_browser_does(
    context: BrowserContext, ours: Pages, theirs: Pages
) -> None:
    """For each way to ask, from a page of ours, of the same site, and of another."""
    home = f"http://localhost:{ours.port}"
    places = {
        "ours": home,
        "same site": f"http://localhost:{theirs.port}",
        "another site": f"http://127.0.0.1:{theirs.port}",
    }
    page = context.new_page()
    page.goto(f"{home}/set")
    page.goto(f"{home}/typed")
    seen = {row(ours.last("/typed"), "none: typed, or a bookmark", "GET", {})}
    for place, base in places.items():
        origins = {base: "ours" if place == "ours" else "its own"}
        for ways, kind in ((GETS, GET_PART), (POSTS, POST)):
            for number, way in enumerate(ways.values()):
                path = f"/{ways is GETS}-{number}-{place[:4]}"
                page.goto(base)
                page.evaluate(way, home + path)
                seen.add(row(ours.last(path), place, kind, origins))
        page.goto(base)
        with page.expect_navigation():
            page.evaluate(LINK, f"{home}/link-{place[:4]}")
        seen.add(row(ours.last(f"/link-{place[:4]}"), place, GET_LINK, origins))

    assert seen == documented()


def test_over_plain_http_no_browser_says_where_from(
    context: BrowserContext, ours: Pages, theirs: Pages
) -> None:
    """To another machine, that is: there `Origin` has to do, and a GET has none."""
    home, strange = (
        f"http://login.example:{ours.port}",
        f"http://blog.login.example:{theirs.port}",
    )
    page = context.new_page()
    page.goto(f"{home}/set")
    page.goto(strange)
    page.evaluate(POSTS["form"], f"{home}/posted")
    page.evaluate(GETS["picture"], f"{home}/got")
    posted, got = ours.last("/posted").headers, ours.last("/got").headers

    assert not {name for name in posted | got if name.startswith("sec-fetch-")}
    assert (posted["origin"], got.get("origin")) == (strange, None)
    assert posted["cookie"] == got["cookie"] == "strict=1; lax=1"
