"""Nobody has to set up a mail server to try letters: what they offer can be read and used here."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from journeys.astera import ASK_CHANGE, CHANGE, CONFIRM, FORGOT, REGISTER, RESET, UNDO, Client
from journeys.mailing import Link
from journeys.people import PASSWORD, WITH_ADMIN
from parts import browser
from parts.browser import PATIENCE_MS
from parts.line import Json, request
from parts.peer import Peer, free_port
from parts.server import PROGRAM, Store, command, environment, serving
from parts.smtp_letters import CODE, LINK
from parts.terminal import on_terminal
from watchword.console.languages import WORDS
from watchword.core.tickets.model import Purpose

pytestmark = pytest.mark.slow

NEEDS_CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

ROOT = Path(__file__).resolve().parents[2]
FENCED = re.compile(r"^```(?:sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
README_PORT = "9261"

NAME, OLD, NEW, GUEST = "ada", "ada@example.org", "ada@example.com", "guest@example.org"
NEW_PASSWORD = "nine geese in a pond"
SECRET = re.compile(r"^    ([A-Za-z0-9_-]{32})$", re.MULTILINE)
SAID = WORDS["en"]


def promised() -> tuple[str, str]:
    """Return what the README types about letters, and what it says that one then sees."""
    section = (ROOT / "README.md").read_text("utf-8").partition("### Its letters")[2]
    typed, shown = FENCED.findall(section)[:2]
    return typed, shown


def shown(store: Store, kind: str) -> str:
    """Return the words of the newest letter of a kind, as the command line shows them."""
    letter = told(store, "mail", "show", "latest")["letter"]
    if letter["kind"] != kind:
        listed = told(store, "mail", "list")["letters"]
        newest = next(one for one in listed if one["kind"] == kind)
        letter = told(store, "mail", "show", newest["id"])["letter"]
    text: str = letter["text"]
    return text


def told(store: Store, *words: str) -> dict[str, Any]:
    ran = command(store, *words, "--json")
    assert ran.returncode == 0, ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


def code_in(store: Store, kind: str) -> str:
    """Return the code in a letter, which has no link in it."""
    text = shown(store, kind)
    assert not LINK.search(text)
    assert "/account" not in text
    [code] = CODE.findall(text)
    return str(code)


def elsewhere(here: Client, path: str, body: Json, *, token: str | None = None) -> int:
    """Ask under a name that is not ours; return the status."""
    raw = request("POST", path, body, token=token)
    return here.send(raw.replace(b"Host: localhost", b"Host: evil.example")).status


def press(page: Page, url: str, title: str) -> None:
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


@NEEDS_CURL
@browser.NEEDED
def test_a_demo_does_what_the_readme_says(tmp_path: Path) -> None:
    """Type what it shows, see what it promises, open the link, and log in by the address."""
    typed, expected = promised()
    port = free_port()
    script = typed.replace(f":{README_PORT}", f":{port}").replace(
        ".venv/bin/watchword", str(PROGRAM)
    )
    store = Store(tmp_path / "watchword-data")
    with serving(store, "--demo", "--port", str(port)) as server, browser.chromium() as running:
        ran = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        demo = Client(store=store, server=server)
        early = demo.try_log_in(OLD, "enigma").status
        page = running.new_page(locale="en-GB")
        press(page, LINK.findall(ran.stdout)[0], SAID.deeds[Purpose.CONFIRM].done)
        late = demo.try_log_in(OLD, "enigma").status
        forgotten = demo.ask("POST", FORGOT, {"email": OLD}).status
        reset = LINK.findall(shown(store, "reset"))[0]
        page.goto(reset)
        expect(page.get_by_role("heading", level=1)).to_have_text(SAID.deeds[Purpose.RESET].title)

    for line in expected.strip().splitlines():
        wanted = re.escape(line.replace(README_PORT, str(port))).replace(r"\.\.\.", ".*")
        assert re.search(f"{wanted}$", ran.stdout, re.MULTILINE), ran.stdout + ran.stderr
    assert (early, late, forgotten) == (401, 200, 200)
    assert (store.folder / "watchword.db").exists()


def test_a_demo_shows_its_letters_on_its_terminal(sqlite_store: Store) -> None:
    """Whole, with a link that works; and they are not in a file of its folder in clear."""
    with on_terminal(sqlite_store, "--demo") as screen, Peer(screen.port) as peer:
        wish = {"user": NAME, "password": PASSWORD, "email": OLD}
        made = peer.ask(request("POST", REGISTER, wish))
        letter = screen.read_until("automatically")
        link = Link(LINK.findall(letter)[0])
        looked = peer.ask(request("GET", link.target))
        files = [path.read_bytes() for path in sqlite_store.folder.iterdir() if path.is_file()]

    assert made.status == 200
    assert f"To:      {OLD}" in letter
    assert link.url.startswith(f"http://127.0.0.1:{screen.port}/account/confirm?ticket=")
    assert looked.status == 200
    assert not any(link.secret.encode() in content for content in files)


def test_without_an_address_of_ours_letters_have_codes_that_work(sqlite_store: Store) -> None:
    """Each through the API; no letter guesses a link, whatever a request calls us."""
    with serving(sqlite_store, settings=WITH_ADMIN) as server:
        here = Client(store=sqlite_store, server=server)
        wish = {"user": NAME, "password": PASSWORD, "email": OLD}
        statuses = [elsewhere(here, REGISTER, wish)]
        code = code_in(sqlite_store, "confirm")
        statuses.append(here.ask("POST", CONFIRM, {"email": OLD, "code": code}).status)
        statuses.append(elsewhere(here, FORGOT, {"email": OLD}))
        reset = {"email": OLD, "token": code_in(sqlite_store, "reset"), "password": NEW_PASSWORD}
        statuses.append(here.ask("POST", RESET, reset).status)
        token = here.log_in(OLD, NEW_PASSWORD)
        wish = {"newEmail": NEW}
        statuses.append(elsewhere(here, ASK_CHANGE, wish, token=token))
        change = {**wish, "token": code_in(sqlite_store, "change")}
        statuses.append(here.ask("POST", CHANGE, change).status)
        entered = here.log_in(NEW, NEW_PASSWORD)
        [secret] = SECRET.findall(shown(sqlite_store, "address-changed"))
        statuses.append(here.ask("POST", UNDO, {"token": secret}).status)
        knows = here.knows(entered)
        again = {"email": OLD, "token": code_in(sqlite_store, "reset"), "password": PASSWORD}
        statuses.append(here.ask("POST", RESET, again).status)
        entered_again = here.try_log_in(OLD).status

    assert statuses == [200] * len(statuses)
    assert knows == []
    assert entered_again == 200


def test_without_an_address_of_ours_a_guest_joins_by_code(sqlite_store: Store) -> None:
    """Once; and the list names each letter without its words."""
    settings = {**WITH_ADMIN, "WATCHWORD_REGISTRATION": "invitation"}
    with serving(sqlite_store, settings=settings) as server:
        here = Client(store=sqlite_store, server=server)
        ran = command(sqlite_store, "account", "invite", GUEST)
        code = code_in(sqlite_store, "invitation")
        wish = {"user": "guest", "password": PASSWORD, "email": GUEST, "invitation": code}
        joined = here.ask("POST", REGISTER, wish).status
        again = here.ask("POST", REGISTER, {**wish, "user": "guest2"}).status
        entered = here.try_log_in(GUEST).status
        listed = command(sqlite_store, "mail", "list").stdout

    assert ran.returncode == 0, ran.stderr
    assert (joined, again, entered) == (200, 400, 200)
    assert GUEST in listed
    assert code not in listed + ran.stdout
