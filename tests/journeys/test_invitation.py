"""Where strangers may not register, whoever is invited may: once, and nobody else."""

import pytest
from playwright.sync_api import Page, expect

from journeys.astera import REGISTER, Client, heading
from journeys.errands import errand
from journeys.mailing import MAIL_LOGIN, Link, Mailing, mailing
from journeys.people import ADMIN, PASSWORD
from parts import browser
from parts.browser import PATIENCE_MS
from parts.server import Store, command, serving
from watchword.console.languages import WORDS
from watchword.core.policy.refusals import Refusal
from watchword.core.tickets.model import Purpose

pytestmark = pytest.mark.slow

GUEST = "guest@example.org"
BY_INVITATION = {"WATCHWORD_REGISTRATION": "invitation"}
CLOSED = {"WATCHWORD_REGISTRATION": "closed"}
SAID = WORDS["en"]


def doors(house: Client) -> list[str]:
    """Return every path by which somebody could make themselves an account.

    By the one for people of a directory, an admin makes one of somebody else's.
    """
    paths: dict[str, object] = house.ask("GET", "/openapi.json").document["paths"]
    return [path for path in paths if path.lower().endswith("register")]


def knock(house: Client, path: str, **more: str) -> int:
    """Try to register as a stranger, in the words of any dialect."""
    wish = {"user": "eve", "username": "eve", "password": PASSWORD, "email": "eve@example.org"}
    return house.ask("POST", path, {**wish, **more}).status


def invite(house: Mailing) -> Link:
    """Invite the guest as the operator does, and return the link in the letter."""
    house.order("account", "invite", GUEST)
    return house.link(GUEST)


def join(page: Page, name: str, title: str) -> None:
    """Type a name and a password, press the button, and see this."""
    page.locator("#username").fill(name)
    for field in ("password", "password-again"):
        page.locator(f"#{field}").fill(PASSWORD)
    page.get_by_role("button", name=SAID.deeds[Purpose.JOIN].button).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


@browser.NEEDED
def test_a_guest_gets_in_and_a_stranger_does_not(store: Store) -> None:
    """Through no dialect; the guest by a page, after a name that somebody has already."""
    with mailing(store, settings=BY_INVITATION) as house, browser.chromium() as running:
        strangers = {path: knock(house, path) for path in doors(house)}
        guessed = knock(house, REGISTER, invitation="7K3M-2QXV")
        voided, link = invite(house), invite(house)
        page = running.new_page(java_script_enabled=False, locale="en-GB")
        page.set_default_timeout(PATIENCE_MS)
        page.goto(voided.url)
        expect(page.get_by_role("heading", level=1)).to_have_text(SAID.link_bad)
        page.goto(link.url)
        join(page, ADMIN, SAID.deeds[Purpose.JOIN].title)
        expect(page.locator("#username-error")).to_have_text(SAID.refusals[Refusal.NAME_TAKEN])
        join(page, "guest", SAID.deeds[Purpose.JOIN].done)
        page.goto(link.url)
        expect(page.get_by_role("heading", level=1)).to_have_text(SAID.link_bad)
        entered = [house.try_log_in(name) for name in (GUEST, "guest")]
        late = {path: knock(house, path, invitation=link.secret) for path in doors(house)}

    assert set(strangers) >= {"/api/auth/register", REGISTER}
    assert set(strangers.values()) == {403}
    assert guessed == 400
    assert [answer.status for answer in entered] == [200, 200]
    assert entered[0].document["user"]["role"] == "user"
    assert entered[0].document["user"]["emailConfirmed"] is True
    assert set(late.values()) <= {400, 403}


def test_an_invitation_says_what_the_guest_may_do(sqlite_store: Store) -> None:
    """By its code as well; what the guest would like to be or where they read counts nothing."""
    with mailing(sqlite_store, settings=BY_INVITATION) as house:
        house.order("account", "invite", GUEST, "--role", "admin")
        letter = house.letter(GUEST)
        wish = {"user": "guest", "password": PASSWORD, "invitation": letter.code}
        elsewhere = house.ask("POST", REGISTER, {**wish, "email": "eve@example.org"})
        nowhere = house.ask("POST", REGISTER, wish)
        made = house.ask("POST", REGISTER, {**wish, "email": GUEST})
        again = house.ask("POST", REGISTER, {**wish, "email": GUEST, "user": "guest2"})

    assert (letter.is_encrypted, letter.user) == (True, MAIL_LOGIN[0])
    assert [answer.status for answer in (elsewhere, nowhere, made, again)] == [400, 400, 200, 400]
    assert (made.document["role"], made.document["emailConfirmed"]) == ("admin", True)


def test_a_closed_server_takes_nobody(sqlite_store: Store) -> None:
    """Not even who was invited before; the invitation is good again when it opens."""
    with mailing(sqlite_store, settings=BY_INVITATION) as house:
        sent = errand(house, Purpose.JOIN)
        assert house.server.stop() == 0
    with serving(sqlite_store, settings=CLOSED) as server:
        closed = Client(store=sqlite_store, server=server)
        strangers = {path: knock(closed, path) for path in doors(closed)}
        ran = command(sqlite_store, "account", "invite", GUEST, settings=CLOSED)
        refused = closed.press(sent.link.path, ticket=sent.link.secret, **sent.typed)
        assert server.stop() == 0
    with serving(sqlite_store, settings=BY_INVITATION) as server:
        opened = Client(store=sqlite_store, server=server)
        joined = opened.press(sent.link.path, ticket=sent.link.secret, **sent.typed)

    assert set(strangers.values()) == {403}
    assert ran.returncode == 1
    assert refused.status == 403
    assert SAID.refusals[Refusal.CLOSED] in refused.body.decode()
    assert (joined.status, heading(joined)) == (200, SAID.deeds[Purpose.JOIN].done)
