"""A server comes up in a safe state, or says why it does not and what to do.

That `--demo --host 0.0.0.0` is refused, that a printed file is 0600 and that Ctrl-C ends it well
is proven in tests/cli/test_serve.py; how a demo judges each Host and header in
tests/http/test_demo.py; certificates in tests/http/test_tls.py.
"""

import asyncio
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys.people import ADMIN, LOG_IN, ME, PASSWORD, USERS, WITH_ADMIN, log_in, try_log_in
from journeys.people import make as make_account
from journeys.people import names as names_of
from parts.line import Line, request
from parts.peer import Answer, Peer
from parts.server import (
    Server,
    Store,
    command,
    refuses_to_start,
    serving,
    start,
    wait_ready,
)
from parts.terminal import on_terminal
from watchword.core.policy.passwords import DOCUMENTED_PASSWORD
from watchword.http.tls import CERTIFICATE_NAME

pytestmark = pytest.mark.slow

WISH = {"username": "ada", "password": PASSWORD}
PATIENT = {"WATCHWORD_LIMITS__WAIT_FIRST_S": "60"}
NOBODY = {"WATCHWORD_DEFAULT_ADMIN": "none"}
ANY_HOST = ("--host", "0.0.0.0")  # noqa: S104 - to see it refused


async def test_the_documented_password_is_served_to_nobody_else(store: Store) -> None:
    """The start is refused on every address until the password is another one."""
    with serving(store, "--demo"):
        pass
    refused = [refuses_to_start(store, *words) for words in ((), ANY_HOST, ("--workers", "2"))]

    changed = command(store, "account", "passwd", ADMIN, "--password-stdin", typed=f"{PASSWORD}\n")
    with serving(store) as server:
        async with await Line.open(server.port) as line:
            old = await try_log_in(line, ADMIN, DOCUMENTED_PASSWORD)
            new = await try_log_in(line, ADMIN)

    for code, said in refused:
        assert code == 3
        assert "watchword account passwd admin" in said
        assert "listens on" not in said
    assert changed.returncode == 0, changed.stderr
    assert (old.status, new.status) == (401, 200)


def test_the_documented_password_cannot_be_taken_back(sqlite_store: Store) -> None:
    """Neither a command nor the settings accept it, and another demo does not reset it."""
    with serving(sqlite_store, settings=WITH_ADMIN):
        pass
    typed = f"{DOCUMENTED_PASSWORD}\n"

    ran = command(sqlite_store, "account", "passwd", ADMIN, "--password-stdin", typed=typed)
    with serving(sqlite_store, "--demo"):
        pass
    with serving(sqlite_store):  # else this would not start
        pass

    assert ran.returncode == 1, ran.stderr


def test_a_terminal_shows_the_first_password_once(sqlite_store: Store) -> None:
    """It works, it is in no file, and the next start does not show it again."""
    with on_terminal(sqlite_store) as screen:
        password = screen.seen.partition("Its password:")[2].split()[0]
        with Peer(screen.port) as peer:
            body = {"username": ADMIN, "password": password}
            answer = peer.ask(request("POST", LOG_IN, body))
        left = list(sqlite_store.folder.glob("printed-*"))
        files = [path.read_bytes() for path in sqlite_store.folder.iterdir() if path.is_file()]
    with on_terminal(sqlite_store) as again:
        pass

    assert len(password) >= 20
    assert screen.seen.count(password) == 1
    assert answer.status == 200
    assert left == []
    assert not any(password.encode() in content for content in files)
    assert "password:" not in again.seen


async def test_without_a_terminal_the_log_names_the_file(store: Store) -> None:
    """The file stays until the admin comes, to whichever worker, and is not made again."""
    file = store.folder / "printed-admin-password.txt"
    with serving(store, "--workers", "2") as server:
        named = left_behind(server)
        password = file.read_text("ascii").strip()
        ran = command(store, "account", "create", "ada", "--password-stdin", typed=PASSWORD)
        async with await Line.open(server.port) as line:
            await log_in(line, "ada")
            wrong = await try_log_in(line, ADMIN, "not this one")
            was_there = file.exists()
            await log_in(line, ADMIN, password)
        is_there = file.exists()
    with serving(store) as again:
        named_again = left_behind(again)

    assert ran.returncode == 0, ran.stderr
    assert named == [str(file)]
    assert password not in server.told() + server.out.read_text("utf-8")
    assert wrong.status == 401
    assert (was_there, is_there, file.exists()) == (True, False, False)
    assert named_again == []


async def test_a_given_password_is_taken(sqlite_store: Store) -> None:
    """From the environment, once: a later one changes nothing."""
    with serving(sqlite_store, settings=WITH_ADMIN) as server:
        async with await Line.open(server.port) as line:
            await log_in(line)
        named = left_behind(server)
    other = {"WATCHWORD_ADMIN_PASSWORD": "another staple for a horse"}
    with serving(sqlite_store, settings=other) as server:
        async with await Line.open(server.port) as line:
            await log_in(line)

    assert named == []
    assert PASSWORD not in server.told()


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "at least 8 characters"),
        ("x" * 1025, "more than 1024 bytes"),
        (DOCUMENTED_PASSWORD, "among those that everybody tries first"),
        ("password123", "among those that everybody tries first"),
    ],
    ids=["short", "long", "documented", "common"],
)
def test_a_bad_given_password_is_refused(sqlite_store: Store, password: str, reason: str) -> None:
    """With its reason and without itself; nothing was made, so a better one is taken."""
    code, said = refuses_to_start(sqlite_store, settings={"WATCHWORD_ADMIN_PASSWORD": password})
    with serving(sqlite_store, settings=WITH_ADMIN) as server, Peer(server.port) as peer:
        body = {"username": ADMIN, "password": PASSWORD}
        answer = peer.ask(request("POST", LOG_IN, body))

    assert code == 3
    assert "WATCHWORD_ADMIN_PASSWORD" in said
    assert reason in said
    assert f" {password}" not in said
    assert answer.status == 200


async def test_the_setup_token_makes_the_first_admin(store: Store) -> None:
    """New at each start, dead after the first account, and no file is left of it."""
    with serving(store, settings=NOBODY) as server:
        void = token_of(store)
        assert left_behind(server) == [str(store.folder / "printed-setup-token.txt")]
    with serving(store, "--workers", "2", settings=NOBODY) as server:
        token = token_of(store)
        async with await Line.open(server.port) as line:
            nobody = await line.ask("GET", ME)
            without = await line.ask("POST", USERS, WISH)
            late = await found(line, void)
            made = await found(line, token)
            again = await found(line, token, name="bob")
            await log_in(line, "ada")
        is_left = (store.folder / "printed-setup-token.txt").exists()
    with serving(store, settings=NOBODY) as later:
        named = left_behind(later)

    assert void != token
    assert len(token) == 22  # 128 bits
    assert [one.status for one in (nobody, without, late, again)] == [401, 401, 403, 401]
    assert (made.status, made.document["user"]["role"]) == (200, "admin")
    assert not is_left
    assert named == []
    assert token not in server.told()


async def test_the_setup_token_is_tried_five_times(store: Store) -> None:
    """By all workers together and at once; a new start gives a new token and new tries."""
    with serving(store, "--workers", "2", settings=NOBODY) as server:
        token = token_of(store)
        lines = [await Line.open(server.port) for _ in range(10)]
        tries = await asyncio.gather(*(found(line, f"guess-{line!r}"[:40]) for line in lines))
        right = await found(lines[0], token)
        for line in lines:
            line.close()
    with serving(store, settings=NOBODY) as server:
        async with await Line.open(server.port) as line:
            four = [await found(line, f"guess-{number}") for number in range(4)]
            fifth = await found(line, token_of(store))

    assert {answer.status for answer in [*tries, right, *four]} == {403}
    assert fifth.status == 200


@pytest.mark.parametrize("settings", [{}, WITH_ADMIN], ids=["drawn", "given"])
async def test_two_servers_start_at_once(store: Store, settings: dict[str, str]) -> None:
    """On one empty store: there is one admin, and each serves with what the other made."""
    servers = [start(store, settings=settings) for _ in range(2)]
    try:
        first, second = map(wait_ready, servers)
        named = left_behind(first) + left_behind(second)
        password = PASSWORD if settings else printed_in(named)
        async with await Line.open(first.port) as here, await Line.open(second.port) as there:
            admins = [await log_in(line, ADMIN, password) for line in (here, there)]
            crossed = [
                await there.ask("GET", ME, token=admins[0].token),
                await here.ask("GET", ME, token=admins[1].token),
            ]
            everybody = await names_of(here, admins[0])
    finally:
        for server in servers:
            server.kill()

    assert len(named) == (0 if settings else 1)
    assert [answer.status for answer in crossed] == [200, 200]
    assert everybody == [ADMIN]


@pytest.mark.parametrize("place", ["environment", "file"])
def test_another_master_key_is_told(store: Store, place: str) -> None:
    """The start says which key is wrong, and the right one makes all well again."""
    file = store.folder / "master.key"
    with serving(store):
        pass
    key, other = file.read_text("ascii"), "A" * 43
    if place == "file":
        file.write_text(other, "ascii")
        code, said = refuses_to_start(store)
        file.write_text(key, "ascii")
    else:
        code, said = refuses_to_start(store, settings={"WATCHWORD_MASTER_KEY": other})
    with serving(store):
        pass

    assert code == 3
    assert (str(file) if place == "file" else "WATCHWORD_MASTER_KEY") in said
    assert "another master key" in said
    assert "signing-key rotate" in said
    assert "(master_key)" not in said  # a field's name helps nobody here
    assert key.strip() not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("trusts", [False, True], ids=["a stranger", "a trusted proxy"])
async def test_only_a_trusted_proxy_names_the_address(sqlite_store: Store, *, trusts: bool) -> None:
    """Else whoever writes another address into each guess would never have to wait."""
    settings = WITH_ADMIN | PATIENT
    if trusts:
        settings |= {"WATCHWORD_SERVER__TRUSTED_PROXIES": "127.0.0.1"}
    with serving(sqlite_store, settings=settings) as server:
        async with await Line.open(server.port) as line:
            statuses = [await guess_from(line, f"198.51.100.{number}") for number in range(8)]
            same = [await guess_from(line, "203.0.113.9") for _ in range(8)]
            appended = await guess_from(line, "192.0.2.1, 203.0.113.9")

    assert statuses == ([401] * 8 if trusts else [401] * 5 + [429] * 3)
    assert same == ([401] * 5 + [429] * 3 if trusts else [429] * 8)
    assert appended == 429


@pytest.mark.parametrize(
    "head",
    [
        "Host: attacker.example",
        "Host: localhost\r\nX-Forwarded-For: 127.0.0.1",
        "Host: localhost\r\nForwarded: for=127.0.0.1",
        "Host: localhost\r\nVia: 1.1 proxy",
        "Host: localhost\r\nSec-Fetch-Site: cross-site",
    ],
    ids=["host", "x-forwarded-for", "forwarded", "via", "cross-site"],
)
def test_a_demo_is_closed_to_others(demo: Server, head: str) -> None:
    """Every path of it, in whatever disguise, even where proxies are trusted."""
    body = json.dumps({"username": ADMIN, "password": DOCUMENTED_PASSWORD})
    calls = [("POST", LOG_IN, body), ("GET", ME, ""), ("GET", "/openapi.json", "")]
    with Peer(demo.port) as peer:
        refused = [
            peer.ask(
                f"{method} {path} HTTP/1.1\r\n{head}\r\nContent-Length: {len(content)}\r\n"
                f"Content-Type: application/json\r\n\r\n{content}".encode()
            )
            for method, path, content in calls
        ]
        at_home = peer.ask(request("POST", LOG_IN, body.encode()))

    assert [answer.status for answer in refused] == [403] * 3
    assert all("demo" in answer.document["detail"] for answer in refused)
    assert at_home.status == 200


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One demo for all who try to get in."""
    store = Store(tmp_path_factory.mktemp("demo") / "data")
    settings = {"WATCHWORD_SERVER__TRUSTED_PROXIES": "127.0.0.1"}
    with serving(store, "--demo", settings=settings) as server:
        yield server


def test_a_certificate_of_our_own_is_served(sqlite_store: Store) -> None:
    """`https://localhost` is answered to who trusts the file, and by the next start as well."""
    answers, certificates = [], []
    for _ in range(2):
        with serving(sqlite_store, "--tls", "self-signed", settings=WITH_ADMIN) as server:
            file = sqlite_store.folder / CERTIFICATE_NAME
            context = ssl.create_default_context(cafile=file)
            with Peer(server.port, context=context) as peer:
                body = {"username": ADMIN, "password": PASSWORD}
                answers.append(peer.ask(request("POST", LOG_IN, body)))
            certificates.append(file.read_bytes())
            said = server.out.read_text("utf-8")

    assert [answer.status for answer in answers] == [200, 200]
    assert all("strict-transport-security" in answer.headers for answer in answers)
    assert certificates[0] == certificates[1]
    assert "listens on https://" in said


async def test_the_first_account_ends_the_offer_for_all(sqlite_store: Store) -> None:
    """Who makes an account by command while the token lies about makes the token worthless."""
    with serving(sqlite_store, settings=NOBODY) as server:
        token = token_of(sqlite_store)
        words = ("account", "create", "boss", "--role", "admin", "--password-stdin")
        ran = command(sqlite_store, *words, typed=PASSWORD)
        async with await Line.open(server.port) as line:
            late = await found(line, token)
            boss = await log_in(line, "boss")
            await make_account(line, boss, "ada")

    assert ran.returncode == 0, ran.stderr
    assert late.status == 401


async def found(line: Line, token: str, name: str = "ada") -> Answer:
    wish = {**WISH, "username": name}
    return await line.ask("POST", USERS, wish, headers=[f"X-Setup-Token: {token}"])


async def guess_from(line: Line, address: str) -> int:
    """Guess a password, as if from this address; return the status."""
    body = {"username": ADMIN, "password": "wrong"}
    answer = await line.ask("POST", LOG_IN, body, headers=[f"X-Forwarded-For: {address}"])
    return answer.status


def left_behind(server: Server) -> list[str]:
    """Return the files that a log names as holding a secret."""
    lines = [json.loads(line) for line in server.told().splitlines()]
    return [line["file"] for line in lines if line["event"] == "secret left in a file"]


def printed_in(files: list[str]) -> str:
    [file] = files
    return Path(file).read_text("ascii").strip()


def token_of(store: Store) -> str:
    return (store.folder / "printed-setup-token.txt").read_text("ascii").strip()
