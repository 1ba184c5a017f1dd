"""The whole life of an account by mail: a real mail server, a real Chromium, every dialect."""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.astera import ASK_CHANGE, FORGOT, LOG_OUT, MINE, REGISTER
from journeys.mailing import MAIL_LOGIN, SENDER, Link, Mailing, links_of, mailing
from parts import browser
from parts.browser import PATIENCE_MS
from parts.server import Store
from parts.smtp import Received
from watchword.console.languages import WORDS
from watchword.console.words import Words
from watchword.core.policy.refusals import Refusal
from watchword.core.tickets.model import Purpose

pytestmark = [pytest.mark.slow, browser.NEEDED]

NAME, OLD, NEW = "Ada", "ada@example.org", "ada@example.com"
FIRST, SECOND, THIRD = "four mules and a wagon", "nine geese in a pond", "one cow on a hill"
SHORT = "geese"

ASTA = "/api/auth/login"
ASSETS = "/services/apilogin"


@dataclass(frozen=True)
class Tongue:
    """What somebody's browser asks for, and what their letters are called."""

    locale: str
    accepts: str
    subjects: dict[str, str]

    @property
    def language(self) -> str:
        return self.locale[:2]

    @property
    def words(self) -> Words:
        """Return what our pages say to them."""
        return WORDS[self.language]


ENGLISH = Tongue(
    locale="en-GB",
    accepts="en-GB,en;q=0.9",
    subjects={
        "confirm": "Confirm your address for Watchword",
        "reset": "Set a new password for Watchword",
        "password-changed": "Your password for Watchword was changed",
        "change": "Confirm your new address for Watchword",
        "change-requested": "Somebody wants to change the address of your account at Watchword",
        "address-changed": "The address of your account at Watchword was changed",
    },
)
GERMAN = Tongue(
    locale="de-DE",
    accepts="de-DE,de;q=0.9,en;q=0.5",
    subjects={
        "confirm": "Bestätigen Sie Ihre Adresse für Watchword",
        "reset": "Neues Passwort für Watchword",
        "password-changed": "Ihr Passwort für Watchword wurde geändert",
        "change": "Bestätigen Sie Ihre neue Adresse für Watchword",
        "change-requested": "Jemand möchte die Adresse Ihres Kontos bei Watchword ändern",
        "address-changed": "Die Adresse Ihres Kontos bei Watchword wurde geändert",
    },
)


@dataclass
class Ada:
    """Somebody with two mailboxes and a browser."""

    house: Mailing
    page: Page
    tongue: Tongue
    told: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda line: self._hear(line.text))

    def _hear(self, line: str) -> None:
        """Keep what the browser says against a page of ours."""
        if "Policy" in line:
            self.forbidden.append(line)

    def reads(self, to: str, kind: str) -> Received:
        """Read the next letter to an address, which must be of this kind."""
        letter = self.house.letter(to)
        self.told.append(f"{kind} to {to}")
        assert letter.message["Subject"] == self.tongue.subjects[kind]
        assert letter.message["Content-Language"] == self.tongue.language
        assert (letter.is_encrypted, letter.user) == (True, MAIL_LOGIN[0])
        assert SENDER in letter.message["From"]
        return letter

    def follows(self, to: str, kind: str, purpose: Purpose) -> Link:
        """Open the link in the next letter, and see what it is about."""
        letter = self.reads(to, kind)
        # The HTML has it as well, and no other.
        assert links_of(letter) == {Link(letter.link)}
        link = Link(letter.link)
        assert letter.link.startswith(f"{self.house.base}/account/{purpose}?ticket=")
        self.page.goto(link.url)
        expect(self.page.locator("html")).to_have_attribute("lang", self.tongue.language)
        expect(self.page.locator("dl")).to_contain_text(NAME)
        expect(self.page.locator("dl")).to_contain_text(to)
        return link

    def presses(self, purpose: Purpose) -> None:
        name = self.tongue.words.deeds[purpose].button
        self.page.get_by_role("button", name=name, exact=True).click()

    def sees(self, title: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)

    def finishes(self, purpose: Purpose, link: Link) -> None:
        """Press the button, see that it is done, and that the link leads nowhere now."""
        self.presses(purpose)
        self.sees(self.tongue.words.deeds[purpose].done)
        assert link.secret not in self.page.url
        self.page.goto(link.url)
        self.sees(self.tongue.words.link_bad)
        expect(self.page.get_by_role("button")).to_have_count(0)

    def types(self, password: str) -> None:
        for name in ("password", "password-again"):
            self.page.locator(f"#{name}").fill(password)

    def enters(self, password: str) -> list[str]:
        """Log in through three dialects, by address and by name; return the tokens."""
        name = NAME.upper()
        asta = self.house.ask("POST", ASTA, {"username": name, "password": password})
        assets = self.house.press(ASSETS, username=name, password=password)
        return [
            self.house.log_in(OLD, password),
            asta.document["access_token"],
            assets.document["authToken"],
        ]


def registers(ada: Ada) -> None:
    """With an address that counts for nothing before the button in its letter is pressed."""
    body = {"user": NAME, "password": FIRST, "email": OLD}
    made = ada.house.ask("POST", REGISTER, body)
    early = ada.house.try_log_in(OLD, FIRST)
    link = ada.follows(OLD, "confirm", Purpose.CONFIRM)
    still = ada.house.try_log_in(OLD, FIRST)
    ada.finishes(Purpose.CONFIRM, link)

    assert made.status == 200, made
    assert made.document["emailConfirmed"] is False
    assert (early.status, still.status) == (401, 401)
    assert ada.house.try_log_in(OLD, FIRST).document["user"]["emailConfirmed"] is True


def forgets(ada: Ada) -> None:
    """And sets another password, at the second try: every session ends."""
    tokens = ada.enters(FIRST)
    assert [ada.house.knows(token) for token in tokens] == [list(MINE)] * len(tokens)
    asked = ada.house.ask("POST", FORGOT, {"email": OLD.upper()})
    link = ada.follows(OLD, "reset", Purpose.RESET)
    ada.types(SHORT)
    ada.presses(Purpose.RESET)
    short = ada.tongue.words.refusals[Refusal.PASSWORD_SHORT].format(number=8)
    expect(ada.page.get_by_role("alert")).to_contain_text(short)
    expect(ada.page.locator("#password-error")).to_have_text(short)
    unharmed = [ada.house.knows(token) for token in tokens]
    ada.types(SECOND)
    ada.finishes(Purpose.RESET, link)
    ada.reads(OLD, "password-changed")

    assert asked.status == 200
    assert unharmed == [list(MINE)] * len(tokens)
    assert [ada.house.knows(token) for token in tokens] == [[]] * len(tokens)
    assert [ada.house.try_log_in(who, FIRST).status for who in (OLD, NAME)] == [401, 401]


def changes_the_address(ada: Ada) -> None:
    """From the new address, with a word to the old one."""
    entered = ada.house.ask("POST", ASTA, {"username": NAME, "password": SECOND})
    token = entered.document["access_token"]
    asked = ada.house.ask("POST", ASK_CHANGE, {"newEmail": NEW}, token=token)
    notice = ada.reads(OLD, "change-requested")
    early = ada.house.try_log_in(NEW, SECOND)
    link = ada.follows(NEW, "change", Purpose.CHANGE)
    ada.finishes(Purpose.CHANGE, link)

    assert entered.status == 200
    assert asked.status == 200, asked
    assert NEW in notice.text
    assert links_of(notice) == set()
    assert early.status == 401
    assert [ada.house.try_log_in(who, SECOND).status for who in (OLD, NEW)] == [401, 200]


def takes_it_back(ada: Ada) -> None:
    """From the old address: nobody is logged in any more, and the password can be set anew."""
    tokens = [ada.house.log_in(who, SECOND) for who in (NEW, NAME)]
    link = ada.follows(OLD, "address-changed", Purpose.UNDO)
    assert [ada.house.knows(token) for token in tokens] == [list(MINE)] * len(tokens)
    ada.finishes(Purpose.UNDO, link)
    dead = [ada.house.knows(token) for token in tokens]
    statuses = [ada.house.try_log_in(who, SECOND).status for who in (OLD, NEW)]
    link = ada.follows(OLD, "reset", Purpose.RESET)
    ada.types(THIRD)
    ada.finishes(Purpose.RESET, link)
    ada.reads(OLD, "password-changed")

    assert dead == [[]] * len(tokens)
    assert statuses == [200, 401]
    assert ada.house.try_log_in(OLD, SECOND).status == 401


def leaves(ada: Ada) -> None:
    """By one dialect, and is out of all; who is logged in elsewhere stays there."""
    tokens = ada.enters(THIRD)
    left = ada.house.ask("POST", LOG_OUT, token=tokens[1])

    assert left.status == 200
    assert [ada.house.knows(token) for token in tokens] == [list(MINE), [], list(MINE)]


def opened(running: Browser, tongue: Tongue, *, runs_script: bool) -> Page:
    context = running.new_context(locale=tongue.locale, java_script_enabled=runs_script)
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


@pytest.mark.parametrize(
    ("store", "tongue", "runs_script"),
    [
        pytest.param("sqlite", ENGLISH, False, id="sqlite, English, without script"),
        pytest.param("postgres", GERMAN, True, id="PostgreSQL, German, with script"),
    ],
    indirect=["store"],
)
def test_the_whole_story(store: Store, tongue: Tongue, *, runs_script: bool) -> None:
    """Register, confirm, forget, reset, change the address, undo that, and log out."""
    with mailing(store) as house, browser.chromium() as running:
        house.reads = tongue.accepts
        ada = Ada(house, opened(running, tongue, runs_script=runs_script), tongue)
        for chapter in (registers, forgets, changes_the_address, takes_it_back, leaves):
            chapter(ada)
        assert house.server.stop() == 0

    assert house.trouble() == []
    assert ada.forbidden == []
    assert len(house.smtp.letters) == len(ada.told)
    assert sorted(ada.told) == sorted(
        [
            f"confirm to {OLD}",
            *[f"reset to {OLD}", f"password-changed to {OLD}"] * 2,
            f"change-requested to {OLD}",
            f"change to {NEW}",
            f"address-changed to {OLD}",
        ]
    )
