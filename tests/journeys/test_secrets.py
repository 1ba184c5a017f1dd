"""What people type and what we hand out is found nowhere but where it belongs."""

import json

import pytest

from journeys.people import ADMIN, LOG_IN, ME, PASSWORD, REGISTER, USERS, WITH_ADMIN, log_in, make
from parts.line import Line
from parts.server import FOR_ALL, Server, Store, command, serving

pytestmark = pytest.mark.slow

TYPED_AS_NAME = "my-p4ssphrase-in-the-wrong-field"
WRONG = "wr0ng-but-nearly-right"
NEW = "an entirely new p4ssphrase"
IN_A_COOKIE = "c00kie-nobody-gave"
AS_A_KEY = "ww_k3y-that-never-was"
IN_A_HEADER = "setup-t0ken-that-is-not"
IN_A_BODY = "s3cret-in-a-broken-body"
IN_A_QUERY = "s3cret-in-a-query"


async def live(line: Line) -> list[str]:
    """Do what people do, right and wrong; return the tokens that were handed out."""
    admin = await log_in(line)
    ada = await make(line, admin, "ada")
    person = await log_in(line, "ada")
    await line.ask("POST", LOG_IN, {"username": TYPED_AS_NAME, "password": WRONG})
    await line.ask("POST", LOG_IN, {"username": ADMIN, "password": WRONG})
    await line.ask("POST", REGISTER, {"username": "x", "password": NEW})
    await line.ask("GET", f"{ME}?token={person.token}")
    await line.ask("GET", f"{ME}?token={IN_A_QUERY}")
    await line.ask("GET", f"/api/auth/{IN_A_QUERY}?password={IN_A_QUERY}")
    await line.ask("GET", ME, headers=[f"Cookie: authToken={IN_A_COOKIE}"])
    await line.ask("GET", ME, headers=[f"X-Authorization: {AS_A_KEY}"])
    await line.ask(
        "POST", USERS, {"username": "z", "password": NEW}, headers=[f"X-Setup-Token: {IN_A_HEADER}"]
    )
    await line.ask("POST", LOG_IN, body=b'{"username": "' + IN_A_BODY.encode())
    await line.ask("POST", LOG_IN, {"username": [IN_A_BODY], "password": {"a": IN_A_BODY}})
    change = {"current_password": WRONG, "new_password": NEW}
    await line.ask("PUT", "/api/auth/change-password", change, token=person.token)
    reset = f"{USERS}/{ada}/reset-password"
    await line.ask("PUT", reset, {"new_password": NEW}, token=admin.token)
    again = await log_in(line, "ada", NEW)
    await line.ask("POST", "/api/auth/logout", token=again.token)
    return [admin.token, person.token, again.token]


def told(server: Server, store: Store, page: bytes) -> str:
    """Return everything that an operator can read."""
    trail = command(store, "audit", "list", "--json")
    doctor = command(store, "doctor", "--json", settings=WITH_ADMIN)
    assert json.loads(trail.stdout)
    said = [server.told(), server.out.read_text("utf-8"), page.decode()]
    return "\n".join([*said, trail.stdout, trail.stderr, doctor.stdout, doctor.stderr])


async def test_nothing_that_is_read_by_many_holds_a_secret(store: Store) -> None:
    """No password, token, typed name or query in logs, output, metrics, trail or doctor."""
    with serving(store, "--workers", "2", settings=WITH_ADMIN | FOR_ALL) as server:
        async with await Line.open(server.port) as line:
            tokens = await live(line)
            page = (await line.ask("GET", "/metrics")).body
        text = told(server, store, page)

    key = (store.folder / "master.key").read_text("ascii").strip()
    typed = [PASSWORD, TYPED_AS_NAME, WRONG, NEW, IN_A_COOKIE, AS_A_KEY, IN_A_HEADER]
    secrets = [*typed, IN_A_BODY, IN_A_QUERY, "token=", key, *tokens]
    secrets += [token.split(".")[2] for token in tokens]
    assert "POST" in text
    assert [secret for secret in secrets if secret in text] == []


async def test_the_database_file_holds_nothing_that_opens_anything(sqlite_store: Store) -> None:
    """No password, token or key in clear, nor the name that a stranger typed."""
    store = sqlite_store
    with serving(store, settings=WITH_ADMIN | FOR_ALL) as server:
        async with await Line.open(server.port) as line:
            tokens = await live(line)
        key = (store.folder / "master.key").read_bytes().strip()
        files = [path for path in store.folder.iterdir() if path.name.startswith("watchword.db")]
        stored = b"".join(path.read_bytes() for path in files)

    typed = [PASSWORD, TYPED_AS_NAME, WRONG, NEW, IN_A_COOKIE, AS_A_KEY, IN_A_HEADER, IN_A_BODY]
    secrets = [text.encode() for text in (*typed, *tokens)]
    secrets += [token.split(".")[2].encode() for token in tokens]
    assert b"argon2id" in stored
    assert [secret for secret in (*secrets, key) if secret in stored] == []
