"""Pages of other sites, in a real Chromium, that send our forms or show our pages as their own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from journeys.errands import NEW_PASSWORD, Errand, errand
from journeys.mailing import Mailing, mailing
from journeys.people import PASSWORD
from parts import browser
from parts.browser import pages
from parts.server import FOR_ALL, Store, command
from parts.target import Target
from parts.visit import Visit, visiting
from parts.waiting import until
from parts.ways import POSTS, WHOLE_FORM
from watchword.console.languages import WORDS
from watchword.core.tickets.model import Purpose

pytestmark = [pytest.mark.slow, browser.NEEDED]

SAID = WORDS["en"]
FRAME = """url => new Promise(done => {
  const frame = document.createElement('iframe');
  frame.onload = done;
  frame.src = url;
  document.body.append(frame);
})"""


@contextmanager
def ada_elsewhere(house: Mailing, place: str) -> Iterator[Visit]:
    """Let ada, who is logged in in her browser, come upon a page of somebody else."""
    made = command(house.store, "account", "create", "ada", "--password-stdin", typed=PASSWORD)
    assert made.returncode == 0, made.stderr
    attacked = Target(house.server, house.store, "", "")
    with (
        pages() as strange,
        browser.chromium() as running,
        visiting(running, attacked, place, port=strange.port) as visit,
    ):
        visit.enters()
        yield visit


def submit(visit: Visit, path: str, members: dict[str, str]) -> Page:
    """Have the page of somebody else send a form to us, and show what we answer."""
    page = visit.elsewhere()
    with page.expect_navigation():
        page.evaluate(WHOLE_FORM, [visit.ours + path, members])
    return page


def tries(sent: Errand) -> list[dict[str, str]]:
    """Return forms that hold no ticket that is good for this."""
    typed = {name.replace("_", "-"): text for name, text in sent.typed.items()}
    wrong = ("", "x" * 32, sent.link.secret[:-1], errand(sent.house, Purpose.CONFIRM).link.secret)
    return [{}, typed, *({"ticket": one, **typed} for one in wrong)]


@pytest.mark.parametrize("place", ["another site", "another port"])
def test_a_form_of_another_site_does_what_its_ticket_allows(
    sqlite_store: Store, place: str
) -> None:
    """And that is nothing if it has none: who is logged in in the browser does not matter."""
    with mailing(sqlite_store, settings=FOR_ALL) as house:
        sent = errand(house, Purpose.RESET)
        forms = tries(sent)
        with ada_elsewhere(house, place) as visit:
            before = visit.context.cookies()
            for form in forms:
                page = submit(visit, sent.link.path, form)
                expect(page.get_by_role("heading", level=1)).to_have_text(SAID.link_bad)
            unharmed = visit.is_unharmed()
            page = submit(visit, sent.link.path, {**forms[1], "ticket": sent.link.secret})
            expect(page.locator(".done")).to_contain_text(SAID.deeds[Purpose.RESET].done)
            expect(page.locator(".done")).to_contain_text(sent.name)
            still_unharmed, after = visit.is_unharmed(), visit.context.cookies()
        entered = [house.try_log_in(*who).status for who in of_both(sent)]
        trouble = house.trouble()

    assert (unharmed, still_unharmed) == (True, True)
    assert after == before
    assert entered == [200, 401, 200, 401]
    assert trouble == []


def of_both(sent: Errand) -> list[tuple[str, str]]:
    """Return the passwords that may be right for who had the ticket, and for ada, who had none."""
    return [
        (sent.name, NEW_PASSWORD),
        (sent.name, PASSWORD),
        ("ada", PASSWORD),
        ("ada", NEW_PASSWORD),
    ]


def shown(page: Page) -> list[str]:
    """Return what is in the frames of a page, once the browser has told us of each.

    It tells of a page of another process when it likes: the script may have ended before.
    """

    def settled() -> list[str] | None:
        page.wait_for_timeout(50)  # what is told meanwhile is heard
        frames = [frame.url for frame in page.frames if frame is not page.main_frame]
        return None if {"", "about:blank"} & set(frames) else frames

    return until(settled)


def test_other_sites_can_neither_frame_a_page_nor_read_it(sqlite_store: Store) -> None:
    """So nobody's click is stolen; the ticket is good all the same, for its owner."""
    with mailing(sqlite_store, settings=FOR_ALL) as house:
        sent = errand(house, Purpose.UNDO)
        with ada_elsewhere(house, "another site") as visit:
            page = visit.elsewhere()
            page.evaluate(FRAME, visit.ours + sent.link.target)
            framed = shown(page)
            for way in POSTS.values():
                page.evaluate(way, visit.ours + sent.link.target)
            unharmed = visit.is_unharmed()
        done = sent.press()

    assert framed == ["chrome-error://chromewebdata/"]
    assert unharmed
    assert done.status == 200
