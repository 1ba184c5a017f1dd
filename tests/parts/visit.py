"""A person with a browser, who uses our server and comes upon a page of somebody else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from parts.browser import PATIENCE_MS
from parts.peer import post
from parts.target import PASSWORD, Target
from parts.ways import ASK

ADA = {"username": "ada", "password": PASSWORD}
TYPED = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in ADA.items())
FORM = "Content-Type: application/x-www-form-urlencoded"
APILOGIN, LOGIN, PROFILE = "/services/apilogin", "/services/login", "/services/profile"
CHECKOUTS = "/services/checkouts"
HOME = "/livez"
"""A page of ours that forbids its scripts nothing."""

PLACES = {
    "another site": ("localhost", "127.0.0.1"),
    "another port": ("localhost", "localhost"),
    "another name over plain HTTP": ("login.example", "blog.login.example"),
}
"""Where our server and the page of somebody else are."""

Json = Any  # what an answer holds


@dataclass(frozen=True)
class Visit:
    """A person who uses our server, and comes upon a page of somebody else."""

    context: BrowserContext
    attacked: Target
    ours: str
    theirs: str
    gets_our_cookies: bool

    def at_home(self) -> Page:
        return self._page(self.ours + HOME)

    def elsewhere(self) -> Page:
        return self._page(self.theirs)

    def _page(self, url: str) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(url)
        return page

    def ask(self, method: str, path: str, *, csrf: str = "", **members: str) -> Json:
        """Ask as a script of a page of ours does."""
        page = self.at_home()
        headers = {"X-CSRF-TOKEN": csrf} if csrf else {}
        try:
            return page.evaluate(ASK, [method, path, headers, members or None])
        finally:
            page.close()

    def carries(self, kind: str) -> None:
        """Have a session of this kind in the browser."""
        if kind == "cookie":
            self.enters()
        else:
            self.carries_bearer()

    def enters(self) -> str:
        """Log in on our page, and return the CSRF token."""
        csrf: str = self.ask("POST", LOGIN, **ADA)["csrfToken"]
        return csrf

    def carries_bearer(self) -> None:
        """Put the cookie into the browser that a program got."""
        answer = self.attacked.ask(post(APILOGIN, TYPED.encode(), FORM))
        assert answer.headers["set-cookie"].endswith("; HttpOnly; SameSite=Strict")
        self.context.add_cookies(
            [
                {
                    "name": "authToken",
                    "value": answer.document["authToken"],
                    "url": self.ours,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )

    def is_unharmed(self) -> bool:
        """Say whether ada is logged in, and has checked nothing out."""
        profile, held = self.ask("GET", PROFILE), self.ask("GET", CHECKOUTS)
        return bool(profile.get("username") == "ada" and held == {"checkouts": []})


@contextmanager
def visiting(browser: Browser, attacked: Target, place: str, *, port: int) -> Iterator[Visit]:
    """Begin with an empty browser; the page of somebody else is at this port."""
    ours, theirs = PLACES[place]
    context = browser.new_context()
    try:
        yield Visit(
            context,
            attacked,
            f"http://{ours}:{attacked.port}",
            f"http://{theirs}:{port}",
            gets_our_cookies=place != "another site",
        )
    finally:
        context.close()
