"""Keys and tokens wherever somebody may put one, right and wrong, and then a search for each."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from journeys import keys
from journeys.keys import ADD, DELETE, FEED, FEED_SCOPE, LIST, SECURE, Key
from journeys.people import ADMIN, ME, PASSWORD, REGISTER, USERS, WITH_ADMIN
from journeys.visit import MASTER_KEY, Visit, files_of, found_in, who
from parts.database import dump
from parts.server import FOR_ALL, Store, command, serving
from watchword.core.apikeys.model import PREFIX, write_key

pytestmark = pytest.mark.slow

SETTINGS = {
    **WITH_ADMIN,
    **FOR_ALL,
    "WATCHWORD_LOG__LEVEL": "debug",
    "WATCHWORD_TOKENS__AUDIENCES": "reports",
    "WATCHWORD_SERVER__TRUSTED_PROXIES": "127.0.0.1",
}
PIECE = 16
"""So much of a key, or more, must not stand anywhere."""

HINT = 4
"""So much of its end may."""


@dataclass
class Ring:
    """A visitor with tokens and keys: those that are good, and those that look like it."""

    store: Store
    visit: Visit
    keys: list[Key] = field(default_factory=list)
    token: str = ""

    def hold(self, key: Key) -> Key:
        self.keys.append(key)
        return key

    def keep(self, token: str) -> str:
        """Remember a token with its parts; the header of all is the same and no secret."""
        self.visit.secrets |= {token, *token.split(".")[1:]}
        return token


def log_in_and_renew(ring: Ring) -> None:
    """Get tokens in every way there is, one for a service too, and end some."""
    visit = ring.visit
    first = ring.keep(visit.log_in(ADMIN, PASSWORD))
    second = visit.ask("POST", "/user/login", who(ADMIN, PASSWORD)).document["Token"]
    for path in ("/user/renew", "/user/token?aud=reports", "/user/token?m=5"):
        answer = visit.ask("GET", path, token=ring.keep(second))
        service, second = second, ring.keep(answer.document["Token"])
        for name in ("aud=nowhere", f"aud={second}", f"m={second}", "m=0"):
            visit.ask("GET", f"/user/token?{name}", token=second)
        if "aud" in path:
            visit.ask("GET", ME, token=second)
            second = service
    for method in ("GET", "POST", "POST"):
        visit.ask(method, "/user/logout", token=second)
    ring.token = first


def make_keys(ring: Ring) -> None:
    """Make keys by the API and by the command line, rotate and end them."""
    visit, store = ring.visit, ring.store
    for name in ("cron", "backup", "old"):
        made = visit.ask("POST", ADD, {"name": name}, token=ring.token).document
        ring.hold(Key(made["id"], made["token"]))
    slow = ring.hold(keys.create(store, "--per-minute", "1"))
    feed = ring.hold(keys.create(store, "--scope", FEED_SCOPE, "--scope", "identify"))
    ring.hold(keys.rotate(store, slow, "--overlap", "1h"))
    ring.hold(keys.rotate(store, feed, "--overlap", "0"))
    visit.ask("GET", LIST, token=ring.token)
    visit.ask("POST", DELETE, {"text": ring.keys[2].text}, token=ring.token)
    for _ in range(3):
        visit.ask("GET", SECURE, None, f"X-Authorization: {slow.text}")
    assert visit.statuses[-1] == 429


def show_keys(ring: Ring) -> None:
    """Show each key, and each that is almost one, wherever one may stand and where none may."""
    for key in [*ring.keys, *almost(ring.keys[0].text)]:
        text = key.text
        for path in (SECURE, ME, f"{FEED}?wait=0", LIST, "/user/renew"):
            ring.visit.ask("GET", path, None, f"X-Authorization: {text}")
        for header in (
            f"Authorization: Bearer {text}",
            f"Authorization: Bearer{text}",
            f"Authorization: {text}",
            f"Cookie: authToken={text}",
            f"X-Api-Key: {text}",
        ):
            ring.visit.ask("GET", ME, None, header)
        lose_key(ring.visit, quote(text, safe=""), token=ring.token)
        lose_in_bodies(ring.visit, text, token=ring.token)


def almost(text: str) -> Iterator[Key]:
    """Yield keys that somebody got wrong, and one that is right and nobody's."""
    flipped = "x" if text[20] != "x" else "y"
    yield Key("", text[:20] + flipped + text[21:])
    yield Key("", text[:30])
    yield Key("", text[4:])
    yield Key("", f"{text}{text[-1]}")
    yield Key("", text.swapcase())
    yield Key("", f"Bearer:{text}")
    yield Key("", write_key(2**255 - 19))


def lose_key(visit: Visit, text: str, *, token: str) -> None:
    """Put a key into addresses and headers that are none of its places."""
    for path in (f"/{text}", f"/authheader/{text}", f"{USERS}/{text}", f"{SECURE}/{text}"):
        visit.ask("GET", path, token=token)
    for path in (ME, f"{FEED}", LIST, "/user/token", "/test/unsecure"):
        visit.ask("GET", f"{path}?token={text}&key={text}&since={text}&after={text}&aud={text}")
    visit.ask("GET", f"{LIST}?after={text}", token=token)
    names = ["User-Agent", "Referer", "X-Forwarded-For", "Origin"]
    # A proxy's id of a request is in the log, and letters without the prefix may be one.
    names += ["X-Request-Id"] if text.startswith(PREFIX) else []
    for name in names:
        visit.ask("GET", "/test/unsecure", None, f"{name}: {text}")


def lose_in_bodies(visit: Visit, text: str, *, token: str) -> None:
    """Type a key where a name or a password belongs."""
    for path in ("/user/login", "/api/auth/login"):
        visit.ask("POST", path, who(text, PASSWORD))
        visit.ask("POST", path, who(ADMIN, text))
    visit.ask("POST", REGISTER, who("ada", PASSWORD, email=text))
    visit.ask("POST", DELETE, {"text": f"{text} "}, token=token)
    visit.ask("POST", ADD, {"name": f"{text}\n{text}"}, token=token)
    visit.ask("POST", ADD, {"name": [text]}, token=token)
    visit.ask("POST", ADD, f'{{"name": {text}'.encode(), token=token)


def give_commands(ring: Ring) -> Iterator[str]:
    """Run commands with ids, and with keys where ids belong; tell all that they print."""
    key = ring.keys[1]
    for words in (
        ["apikey", "revoke", key.text],
        ["apikey", "rotate", key.text],
        ["apikey", "list"],
        ["apikey", "list", "--json"],
        ["apikey", "revoke", ring.keys[0].id],
        ["audit", "list", "--limit", "1000", "--json"],
        ["session", "list", "--json"],
        ["doctor", "--json"],
    ):
        ran = command(ring.store, *words, settings=SETTINGS)
        yield ran.stdout + ran.stderr


async def test_no_key_and_no_token_stands_anywhere_in_clear(
    store: Store, request: pytest.FixtureRequest
) -> None:
    """Not in a log at level debug, not in the database or beside it, while it runs and after."""
    folders = [store.folder]
    if store.database is not None:
        folders.append(request.getfixturevalue("postgres_server").folder)

    with serving(store, "--workers", "2", settings=SETTINGS) as server:
        ring = Ring(store, Visit(server))
        for part in (log_in_and_renew, make_keys, show_keys):
            part(ring)
        told = [*give_commands(ring), ring.visit.ask("GET", "/metrics").body.decode()]
        secrets = secrets_of(ring)
        running = list(found_in(files_of(folders), secrets))
        assert server.stop() == 0
    told += [server.told(), server.out.read_text(), str(await dump(store))]

    statuses = ring.visit.statuses
    assert set(statuses) >= {200, 400, 401, 403, 404, 429}
    assert not [status for status in statuses if status >= 500]
    assert running == []
    assert list(found_in(files_of(folders), secrets)) == []
    assert list(found_in(((str(n), text.encode()) for n, text in enumerate(told)), secrets)) == []


def secrets_of(ring: Ring) -> set[bytes]:
    """Return everything that must not be found."""
    master_key = (ring.store.folder / MASTER_KEY).read_text("ascii").strip()
    pieces = {piece for key in ring.keys for piece in pieces_of(key.text)}
    texts = {*pieces, *ring.visit.secrets, PASSWORD, master_key}
    return {urlsafe_b64decode(f"{master_key}=="), *(text.encode() for text in texts)}


def pieces_of(text: str) -> set[str]:
    """Return what must not be found of a key: every piece, but for the hint at the end."""
    starts = range(len(PREFIX), len(text) - HINT - PIECE + 1)
    return {text[at : at + PIECE] for at in starts}


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A piece of a key in a file of a folder is found, in whatever letter case it stands."""
    key = write_key(2**255 - 19)
    (tmp_path / "log").write_text(f"somebody came with {key[10:30].upper()} and {key[-HINT:]}")
    (tmp_path / "list").write_text(f"ww_…{key[-HINT:]}")

    found = list(found_in(files_of([tmp_path]), {piece.encode() for piece in pieces_of(key)}))

    assert len(found) == 30 - 10 - PIECE + 1
