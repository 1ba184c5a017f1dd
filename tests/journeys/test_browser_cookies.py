"""A real Chromium: what pages of others can do with our cookies, and what our own can."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error

from parts import browser
from parts.browser import Pages, pages
from parts.server import Store, command, serving
from parts.target import PASSWORD, Target, target
from parts.visit import ADA, APILOGIN, HOME, LOGIN, PLACES, PROFILE, TYPED, Visit, visiting
from parts.waiting import until
from parts.ways import ASK, GETS, LINK, POSTS, WHOLE_FORM

pytestmark = [pytest.mark.slow, browser.NEEDED]

EVERYWHERE = pytest.mark.parametrize("visit", list(PLACES), indirect=True)
CHECKOUT = "/services/checkout/asset-1"
LEAVE, ASTA_LEAVE = "/user/logout", "/api/auth/logout"
FOREIGN = "A page of another site cannot do this."
LACKS_TOKEN = "The CSRF token is missing or wrong"
HOST_COOKIE_SETTING = "WATCHWORD_DIALECTS__ASSETS__HOST_COOKIE"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as running:
        yield running


@pytest.fixture(scope="module")
def strange() -> Iterator[Pages]:
    """The pages of somebody else."""
    with pages() as served:
        yield served


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One server, on which ada has an account."""
    with target(tmp_path_factory.mktemp("cookies")) as found:
        made = command(found.store, "account", "create", "ada", "--password-stdin", typed=PASSWORD)
        assert made.returncode == 0, made.stderr
        yield found


@pytest.fixture
def visit(
    request: pytest.FixtureRequest, chromium: Browser, strange: Pages, attacked: Target
) -> Iterator[Visit]:
    """A browser with nothing in it yet, in the constellation that a test asks for."""
    with visiting(chromium, attacked, request.param, port=strange.port) as begun:
        yield begun


def sessions(attacked: Target) -> set[str]:
    """Return the labels of all sessions of ada."""
    listed = command(attacked.store, "session", "list", "ada", "--json")
    return {one["label"] for one in json.loads(listed.stdout)["sessions"]}


def statuses(attacked: Target, method: str, route: str) -> list[int]:
    """Return how such requests were answered, from the log."""
    return [
        line["status"]
        for line in attacked.lines()
        if (line["event"], line.get("method"), line.get("route")) == ("request", method, route)
    ]


def attack(visit: Visit) -> dict[str, list[int]]:
    """Ask in every way that a page has; return how each way out was answered."""
    attacked, page = visit.attacked, visit.elsewhere()
    before = {method: len(statuses(attacked, method, LEAVE)) for method in ("GET", "POST")}
    for way in GETS.values():
        page.evaluate(way, visit.ours + LEAVE)
    for way in POSTS.values():
        for path in (CHECKOUT, LEAVE, "/services/logout", ASTA_LEAVE):
            page.evaluate(way, visit.ours + path)
    page.close()

    def all_of(method: str, ways: int) -> list[int] | None:
        found = statuses(attacked, method, LEAVE)[before[method] :]
        return found if len(found) >= ways else None

    return {
        "GET": until(lambda: all_of("GET", len(GETS))),
        "POST": until(lambda: all_of("POST", len(POSTS))),
    }


@EVERYWHERE
@pytest.mark.parametrize("kind", ["cookie", "bearer"])
def test_another_page_changes_nothing(visit: Visit, kind: str) -> None:
    """By no form, picture, frame, script or fetch, whichever session the cookie belongs to."""
    visit.carries(kind)
    answered = attack(visit)

    # Where the cookie did not come along there was nobody to refuse.
    expected = {403} if visit.gets_our_cookies else {401}
    assert {method: set(found) for method, found in answered.items()} == {
        "GET": expected,
        "POST": expected,
    }
    assert visit.is_unharmed()


@EVERYWHERE
@pytest.mark.parametrize("kind", ["cookie", "bearer"])
def test_another_page_leads_nobody_out(visit: Visit, kind: str) -> None:
    """A link to a GET that changes something does nothing, although Lax cookies go with it."""
    visit.carries(kind)
    page = visit.elsewhere()
    with page.expect_navigation():
        page.evaluate(LINK, visit.ours + LEAVE)
    said = page.text_content("body") or ""

    came_along = visit.gets_our_cookies or kind == "cookie"
    assert (FOREIGN in said) is came_along
    assert visit.is_unharmed()


@EVERYWHERE
def test_another_page_reads_nothing_and_sends_no_header(visit: Visit) -> None:
    """The browser keeps the answer from it, and asks us before it would send a CSRF token."""
    csrf = visit.enters()
    page = visit.elsewhere()
    before = len(statuses(visit.attacked, "POST", LEAVE))

    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate(ASK, ["GET", visit.ours + PROFILE, {}, None])
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate(ASK, ["POST", visit.ours + LEAVE, {"X-CSRF-TOKEN": csrf}, None])
    assert len(statuses(visit.attacked, "POST", LEAVE)) == before
    assert visit.is_unharmed()


@pytest.mark.parametrize("visit", ["another site", "another port"], indirect=True)
def test_no_page_logs_in_by_apilogin(visit: Visit) -> None:
    """It is for programs: neither a page of others nor one of ours gets a session by it."""
    before, page = sessions(visit.attacked), visit.elsewhere()
    for way in POSTS.values():
        page.evaluate(way, f"{visit.ours}{APILOGIN}?{TYPED}")
    with page.expect_navigation():
        page.evaluate(WHOLE_FORM, [visit.ours + APILOGIN, ADA])
    theirs_said = json.loads(page.text_content("body") or "")
    ours_said = visit.ask("POST", APILOGIN, **ADA)

    assert (theirs_said["loginSuccess"], ours_said["loginSuccess"]) == (False, False)
    assert "authToken" not in theirs_said | ours_said
    assert visit.context.cookies() == []
    assert sessions(visit.attacked) == before


@pytest.mark.parametrize("visit", ["another site"], indirect=True)
def test_another_site_logs_nobody_in(visit: Visit) -> None:
    """Nobody shall find themselves logged in as somebody else."""
    before, page = sessions(visit.attacked), visit.elsewhere()
    for way in POSTS.values():
        page.evaluate(way, f"{visit.ours}{LOGIN}?{TYPED}")
    with page.expect_navigation():
        page.evaluate(WHOLE_FORM, [visit.ours + LOGIN, ADA])
    said = json.loads(page.text_content("body") or "")

    assert said["errorcode"] == 403
    assert visit.context.cookies() == []
    assert sessions(visit.attacked) == before


@EVERYWHERE
def test_our_page_reads_alone_and_changes_with_the_token(visit: Visit) -> None:
    """In every API, by every method."""
    csrf = visit.enters()
    alone = [visit.ask("POST", CHECKOUT), visit.ask("GET", LEAVE), visit.ask("POST", ASTA_LEAVE)]
    profile = visit.ask("GET", PROFILE)
    taken = visit.ask("POST", CHECKOUT, csrf=csrf)
    back = visit.ask("POST", "/services/checkin/asset-1", csrf=csrf)
    left = visit.ask("GET", LEAVE, csrf=csrf)

    assert alone[0]["errorcode"] == 403
    # Over plain HTTP the browser does not say that the GET comes from a page of ours.
    assert alone[1]["message"] in {LACKS_TOKEN, FOREIGN}
    assert alone[2] == {"detail": LACKS_TOKEN}
    assert profile["username"] == taken["checkedOutBy"] == back["checkedInBy"] == "ada"
    assert left == {"message": "User logged out"}
    assert visit.ask("GET", PROFILE)["errorcode"] == 401


@pytest.mark.parametrize("visit", ["another port"], indirect=True)
def test_our_page_uses_the_cookie_of_a_program_without_a_token(visit: Visit) -> None:
    """A bearer session has no CSRF token; a link of our own page to a log-out works with it."""
    visit.carries("bearer")
    taken = visit.ask("POST", CHECKOUT)
    back = visit.ask("POST", "/services/checkin/asset-1")
    page = visit.at_home()
    with page.expect_navigation():
        page.evaluate(LINK, LEAVE)

    assert taken["checkedOutBy"] == back["checkedInBy"] == "ada"
    assert json.loads(page.text_content("body") or "") == {"message": "User logged out"}


@pytest.mark.parametrize("visit", ["another port"], indirect=True)
def test_a_form_on_a_page_that_hides_itself_is_not_ours(visit: Visit) -> None:
    """Our pages are sent with `no-referrer`, and then a browser says `Origin: null` of a form."""
    visit.carries("bearer")
    page = visit.at_home()
    with page.expect_navigation():
        page.evaluate(WHOLE_FORM, [LEAVE, {}])
    said = json.loads(page.text_content("body") or "")

    assert said == {"message": FOREIGN}
    assert visit.ask("POST", LEAVE) == {"message": "User logged out"}


@pytest.mark.parametrize(
    ("host_cookie", "name"), [("false", "authToken"), ("true", "__Host-authToken")]
)
def test_over_tls_the_cookie_never_leaves_tls(
    chromium: Browser, tmp_path: Path, host_cookie: str, name: str
) -> None:
    """A browser takes it, with the prefix too, gives it back to us alone, and forgets it."""
    settings = {"WATCHWORD_ADMIN_PASSWORD": PASSWORD, HOST_COOKIE_SETTING: host_cookie}
    admin = {"username": "admin", "password": PASSWORD}
    context = chromium.new_context(ignore_https_errors=True)
    with serving(Store(tmp_path / "data"), "--tls", "self-signed", settings=settings) as server:
        page = context.new_page()
        page.goto(f"https://localhost:{server.port}{HOME}")
        csrf = page.evaluate(ASK, ["POST", LOGIN, {}, admin])["csrfToken"]
        [cookie] = context.cookies()
        profile = page.evaluate(ASK, ["GET", PROFILE, {}, None])
        left = page.evaluate(ASK, ["POST", "/services/logout", {"X-CSRF-TOKEN": csrf}, None])

        assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == (name, True, True)
        assert (cookie["sameSite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "localhost")
        assert profile["username"] == "admin"
        assert left == {"logoutSuccess": True}
        assert context.cookies() == []
    context.close()
