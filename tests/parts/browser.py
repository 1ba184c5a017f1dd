"""A real Chromium, pages of anybody's, and what one of them was sent."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 30_000
EMPTY = b'<!doctype html><title>.</title><link rel="icon" href="data:,"><body></body>'

# Names that end in .example are of this machine, but no browser trusts them as it does localhost.
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-sync", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    "--host-resolver-rules=MAP *.example 127.0.0.1",
)


def program() -> str | None:
    """Return where Chromium is, None if it is not here."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


NEEDED = pytest.mark.skipif(program() is None, reason="Chromium is not installed")
"""Marks what cannot be seen without it. CI installs it, and takes no skipped test."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium without a window. While it runs, this thread has no other loop."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Request:
    """What a browser sent."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Pages:
    """A server of empty pages; what it sets as cookies it sets at `/set`."""

    cookies: tuple[str, ...] = ()
    asked: list[Request] = field(default_factory=list)
    port: int = 0

    def last(self, path: str) -> Request:
        return [one for one in self.asked if one.path == path][-1]


@contextmanager
def pages(*cookies: str) -> Iterator[Pages]:
    """Serve empty pages on a free port of this machine."""
    served = Pages(cookies)

    class Handler(BaseHTTPRequestHandler):
        """Answers everything with the empty page."""

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            served.asked.append(Request(self.command, self.path, headers))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(EMPTY)))
            for cookie in served.cookies if self.path == "/set" else ():
                self.send_header("Set-Cookie", cookie)
            self.end_headers()
            self.wfile.write(EMPTY)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
