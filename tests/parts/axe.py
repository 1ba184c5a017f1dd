"""What is wrong with a page that a browser shows: for who cannot see it, and for any thumb."""

from itertools import product

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it has no types
from playwright.sync_api import Page

PHONE, DESK = 375, 1280
TARGET_PIXELS_MIN = 44
HEIGHT = 760
_MEASURE = """least => {
    const found = [], root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push("too wide");
    for (const one of document.querySelectorAll("button, input:not([type=hidden]):not(.away)")) {
        const box = one.getBoundingClientRect();
        if (box.height < least || box.width < least) found.push("too small: " + one.outerHTML);
    }
    return found;
}"""


def flaws(page: Page) -> list[str]:
    """Return what axe and a ruler find, in light and in dark, on a phone and on a desk.

    What axe cannot decide counts as well.
    """
    found = []
    for scheme, width in product(("light", "dark"), (PHONE, DESK)):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": HEIGHT})
        answered = Axe().run(page).response
        found += [
            f"{page.url} {scheme} {width} {one['id']}: {[node['html'] for node in one['nodes']]}"
            for one in answered["violations"] + answered["incomplete"]
        ]
        measured = page.evaluate(_MEASURE, TARGET_PIXELS_MIN)
        found += [f"{page.url} {scheme} {width} {one}" for one in measured]
    return found
