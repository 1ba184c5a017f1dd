"""A rich session with every kind of secret in every place, and then a search for each of them."""

import base64
from collections.abc import Iterator

import pytest

from journeys.people import ADMIN, LOG_IN, ME, REGISTER, USERS
from journeys.visit import MASTER_KEY, Visit, files_of, found_in, who
from parts.line import request
from parts.peer import Peer
from parts.server import FOR_ALL, Store, command, refuses_to_start, serving

pytestmark = pytest.mark.slow

MARK = "whisper"
"""In every secret that somebody types here, so that a piece of one is found as well.

Seven letters, since letter case is not looked at: ciphertext has any four sooner or later.
"""

FIRST, SECOND, THIRD = (f"{MARK}-{name}-staple-for-it" for name in ("one", "two", "three"))
SETTINGS = {**FOR_ALL, "WATCHWORD_DEFAULT_ADMIN": "none", "WATCHWORD_LOG__LEVEL": "debug"}
FORGED = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJodXNoIn0."


def set_up(visit: Visit, setup_token: str) -> None:
    """Make the first admin, who has to show the setup token."""
    visit.secrets.add(setup_token)
    for header in (f"X-Setup-Token: {MARK}-no-such", f"X-Setup-Token: {setup_token}"):
        visit.ask("POST", USERS, who(ADMIN, FIRST), header)
    assert visit.statuses[-1] == 200


def try_passwords(visit: Visit) -> None:
    """Type passwords right, wrong, and into the field of the name."""
    ada = visit.ask("POST", REGISTER, who("ada", FIRST)).document["user"]["id"]
    for name, password in ((ADMIN, SECOND), (SECOND, FIRST), (f"{MARK}@example.org", FIRST)):
        assert visit.ask("POST", LOG_IN, who(name, password)).status == 401
    visit.ask("POST", REGISTER, who("ada", SECOND))
    visit.ask("POST", REGISTER, who(f"{MARK}\n", "x"))
    admin, token = visit.log_in(ADMIN, FIRST), visit.log_in("ada", FIRST)
    path = "/api/auth/change-password"
    for current, new in ((SECOND, THIRD), (FIRST, MARK), (FIRST, SECOND)):
        visit.ask("POST", path, {"current_password": current, "new_password": new}, token=token)
    assert visit.statuses[-1] == 200
    visit.ask("PUT", f"{USERS}/{ada}/reset-password", {"new_password": THIRD}, token=admin)
    visit.ask("PUT", f"{USERS}/{MARK}/reset-password", {"new_password": THIRD}, token=admin)
    visit.ask("POST", USERS, who(f"{MARK}\u200b", THIRD, role=MARK), token=admin)


def show_credentials(visit: Visit) -> None:
    """Show tokens and keys, good and bad, wherever one may stand and where none may."""
    token = visit.log_in("ada", THIRD)
    for shown in (token, FORGED, f"{MARK}-token", f"{token}x"):
        for path in (ME, USERS, "/api/health", f"/{MARK}", f"{USERS}/{MARK}", LOG_IN):
            visit.ask("GET", f"{path}?token={shown}&password={MARK}&api_key={MARK}")
        visit.ask("POST", f"/api/auth/logout?token={shown}")
        for name in ("Authorization: Bearer", "Authorization:", "X-Authorization:", "X-Api-Key:"):
            visit.ask("GET", ME, None, f"{name} {shown}")
        visit.ask("GET", ME, None, f"Cookie: authToken={shown}; session={MARK}")
        visit.ask("POST", "/api/auth/logout", None, f"Cookie: authToken={shown}x")
        visit.ask("GET", ME, None, f"Referer: http://localhost/?token={shown}")
    basic = base64.b64encode(f"{ADMIN}:{THIRD}".encode()).decode()
    visit.secrets.add(basic)
    visit.ask("GET", ME, None, f"Authorization: Basic {basic}", f"User-Agent: {MARK}")
    visit.ask("GET", ME, None, f"X-Request-Id: {MARK}", f"X-Forwarded-For: {MARK}, {token}")
    visit.ask("POST", "/api/auth/logout", token=token)
    visit.ask("GET", ME, token=token)


def send_bad_bodies(visit: Visit) -> None:
    """Send passwords in bodies that cannot be read."""
    secret = f'"password":"{THIRD}"'.encode()
    bodies = [
        b"{" + secret,
        b'{"username":5,' + secret + b"}",
        b'{"username":"a","password":["' + THIRD.encode() + b'"]}',
        b'{"username":"\xff",' + secret + b"}",
        b'{"username":"a\\u0000",' + secret + b"}",
        b"[" * 5000 + secret,
        b"{" + secret + b'}{"username":"' + b"x" * 70_000,
        f"username=a&password={THIRD}".encode(),
    ]
    for body in bodies:
        visit.ask("POST", LOG_IN, body)
        visit.ask("POST", REGISTER, body)


def send_no_requests(visit: Visit) -> None:
    """Send what is no HTTP, with secrets in it."""
    visit.send(request("GET", f"/?token={MARK}").replace(b"/1.1", b"/9.9"))
    visit.send(request("GET", f"/?token={MARK}", headers=[f"X-Api-Key: {MARK * 10_000}"]))
    visit.send(MARK.encode() + b" / HTTP/1.1\r\n\r\n")
    visit.send(b"GET / HTTP/1.1\r\nHost: " + MARK.encode() + b" " + MARK.encode() + b"\r\n\r\n")
    with Peer(visit.server.port) as peer:  # a client that goes away in the middle of its body
        peer.send(request("POST", LOG_IN, who("ada", THIRD))[:-3])


def run_commands(store: Store) -> Iterator[str]:
    """Run commands with secrets, and tell all that they print."""
    for words, typed in [
        ("account create bob --password-stdin", FIRST),
        ("account create eve --password-stdin", MARK),
        ("account passwd bob --password-stdin", SECOND),
        ("account passwd bob --password-stdin --json", MARK),
        ("account list --json", ""),
        ("session list --json", ""),
        ("signing-key list --json", ""),
        ("audit list --limit 1000 --json", ""),
        ("doctor", ""),
        ("doctor --json", ""),
    ]:
        ran = command(store, *words.split(), typed=f"{typed}\n", settings=SETTINGS)
        yield ran.stdout + ran.stderr


def start_badly(store: Store) -> Iterator[str]:
    """Start servers with secrets in settings that cannot be used, and tell what they say."""
    config = store.folder.with_name("config.toml")
    config.write_text(f'admin_pasword = "{MARK}"\nmaster_key = ["{MARK}"]\n')
    nowhere = Store(store.folder, f"postgresql://ada:{MARK}@127.0.0.1:1/none?password={MARK}")
    for place, words, settings in [
        (store, ["--config", str(config)], {}),
        (store, [], {"WATCHWORD_MASTER_KEY": MARK}),
        (store, [], {"WATCHWORD_PASSWORD": MARK}),
        (nowhere, [], {}),
        (Store(store.folder.with_name("new")), [], {"WATCHWORD_ADMIN_PASSWORD": MARK}),
    ]:
        code, said = refuses_to_start(place, *words, settings=settings)
        assert code != 0
        yield said


def test_no_secret_is_told_or_kept(store: Store, request: pytest.FixtureRequest) -> None:
    """Not on stdout or stderr, in no log, metric, audit event or database, whole or in part."""
    folders = [store.folder]
    if store.database is not None:
        # The server there asks for no password, so it takes this one.
        store = Store(store.folder, store.database.replace("@", f":{MARK}-database@"))
        folders.append(request.getfixturevalue("postgres_server").folder)

    with serving(store, "--workers", "2", settings=SETTINGS) as server:
        visit = Visit(server)
        set_up(visit, (store.folder / "printed-setup-token.txt").read_text().strip())
        for part in (try_passwords, show_credentials, send_bad_bodies, send_no_requests):
            part(visit)
        told = [visit.ask("GET", "/metrics").body.decode(), *run_commands(store)]
        assert server.stop() == 0
    told += [*start_badly(store), server.told(), server.out.read_text()]
    master_key = (store.folder / MASTER_KEY).read_text().strip()

    secrets = {secret.encode() for secret in {*visit.secrets, MARK, FORGED, master_key}}
    secrets.add(base64.urlsafe_b64decode(f"{master_key}=="))
    assert set(visit.statuses) >= {200, 400, 401, 403, 404, 409, 413, 422, 431}
    assert not [status for status in visit.statuses if status >= 500]
    assert "argon2id" not in "".join(told)
    assert list(found_in(((str(n), text.encode()) for n, text in enumerate(told)), secrets)) == []
    assert list(found_in(files_of(folders), secrets)) == []
