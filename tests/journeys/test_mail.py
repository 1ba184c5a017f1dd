"""Letters of the real program, to a real mail server: none is lost, and none comes twice."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from journeys import post
from parts.database import run
from parts.peer import Peer, get
from parts.server import Server, Store, refuses_to_start, serving
from parts.smtp import STALL, SmtpServer, smtp_server
from parts.waiting import eventually, until
from watchword.app.house import House
from watchword.cli.calls import OPERATOR
from watchword.core.services.mailbox import ShownLetter

pytestmark = pytest.mark.slow

PEOPLE = tuple(f"guest-{number}" for number in range(20))
MANY = tuple(f"guest-{number}" for number in range(200))
SOON_S = 15.0
TAKES_OVER_WITHIN_S = {"sqlite": 4.0, "postgres": 25.0}
"""What a job that was killed waits for. On SQLite whoever comes next on this machine knows whose
it was, and needs a look or two; on PostgreSQL the worker must have been silent for a while."""


REFUSE = {
    "sqlite": [
        """
        CREATE TRIGGER refuse BEFORE UPDATE ON letters WHEN NEW.standing = 'sent'
        BEGIN SELECT RAISE(ABORT, 'refused'); END
        """
    ],
    "postgres": [
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$
        """,
        """
        CREATE TRIGGER refuse BEFORE UPDATE ON letters FOR EACH ROW
        WHEN (NEW.standing = 'sent') EXECUTE FUNCTION refuse()
        """,
    ],
}
ACCEPT = {"sqlite": "DROP TRIGGER refuse", "postgres": "DROP FUNCTION refuse CASCADE"}


@pytest.fixture
def mail_server() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


def engine(store: Store) -> str:
    return "sqlite" if store.database is None else "postgres"


def after_a_kill(store: Store) -> float:
    """Return how soon the next start sends letters."""
    return max(SOON_S, TAKES_OVER_WITHIN_S[engine(store)])


def holder(store: Store) -> int:
    """Return the process that sends letters now."""
    inode = (store.folder / "postman.lock").stat().st_ino

    def look() -> int | None:
        lines = [line.split() for line in Path("/proc/locks").read_text("ascii").splitlines()]
        owners = [
            int(fields[4])
            for fields in lines
            if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}")
        ]
        return owners[0] if owners else None

    return until(look)


def test_a_mistake_about_letters_ends_the_start(sqlite_store: Store) -> None:
    """Before anything is made, and not when the first letter is due."""
    environ = {"WATCHWORD_MAIL__TEMPLATES": "nowhere"}

    code, said = refuses_to_start(sqlite_store, settings=environ)

    assert code == 3
    assert "mail.templates: nowhere is not a folder." in said
    assert not sqlite_store.folder.exists()


async def test_a_registration_is_followed_by_a_letter(
    store: Store, mail_server: SmtpServer
) -> None:
    """Its link leads to our page by the public name, and the page is there."""
    with serving(store, settings=post.settings(mail_server)) as server:
        await post.register(server.port, "ada")

        (letter,) = await mail_server.eventually(1, within=SOON_S)

        assert letter.recipients == ("ada@example.org",)
        assert letter.sender == "id@example.com"
        base, _, path = letter.link.partition("/account/")
        with Peer(server.port) as peer:
            page = peer.ask(get(f"/account/{path}"))
    assert (base, page.status) == (post.BASE, 200)


@pytest.mark.parametrize(("tls", "scheme"), [("off", "http"), ("self-signed", "https")])
async def test_a_demo_knows_where_it_is(sqlite_store: Store, tls: str, scheme: str) -> None:
    """Its letters go nowhere, and yet their links can be followed on this machine."""
    environ = {"WATCHWORD_SERVER__TLS": tls}
    with serving(sqlite_store, "--demo", settings=environ) as server:
        async with post.beside(sqlite_store, environ) as house:
            await post.settle_in(house, ["ada"])
            await post.forget(house, ["ada"])
            async with house.storage.open_work() as work:
                (entry,) = (await work.outbox.page(limit=5)).items
            shown = await house.services.mailbox.show(OPERATOR, entry.id)

    assert isinstance(shown, ShownLetter)
    assert shown.worded is not None
    assert f"{scheme}://127.0.0.1:{server.port}/account/reset?ticket=" in shown.worded.text


async def test_the_mail_server_is_down_and_then_back(store: Store, mail_server: SmtpServer) -> None:
    """Whoever registered meanwhile gets one letter."""
    mail_server.stop()
    with serving(store, settings=post.settings(mail_server)) as server:
        await post.register(server.port, *PEOPLE)
        until(lambda: "mail server unreachable" in server.told(), within=SOON_S)
        mail_server.start()

        letters = await mail_server.eventually(len(PEOPLE), within=SOON_S)
        async with post.beside(store, post.settings(mail_server)) as house:
            await eventually(lambda: is_empty(house), within=SOON_S)

    assert post.copies(letters) == dict.fromkeys(PEOPLE, 1)
    assert len(mail_server.letters) == len(PEOPLE)


async def test_killed_between_the_commit_and_the_letter(
    store: Store, mail_server: SmtpServer
) -> None:
    """It is sent after the restart."""
    mail_server.on("CONNECT", STALL)
    with serving(store, settings=post.settings(mail_server)) as server:
        await post.register(server.port, "ada")
        until(lambda: mail_server.connections, within=SOON_S)
        server.kill()
    assert mail_server.letters == []
    mail_server.heal()

    with serving(store, settings=post.settings(mail_server)):
        await mail_server.eventually(1, within=after_a_kill(store))
        async with post.beside(store, post.settings(mail_server)) as house:
            await eventually(lambda: is_empty(house), within=SOON_S)

    assert post.copies(mail_server.letters) == {"ada": 1}


async def test_killed_between_the_letter_and_the_commit(
    store: Store, mail_server: SmtpServer
) -> None:
    """The mail server has it and the database does not know: it is not sent again."""
    environ = post.settings(mail_server)
    with serving(store, settings=environ) as server:
        async with nothing_is_settled(store):
            await post.register(server.port, "ada")
            await mail_server.eventually_heard(1, within=SOON_S)
            server.kill()

    with serving(store, settings=environ) as server:
        async with post.beside(store, environ) as house:
            await eventually(lambda: is_empty(house), within=SOON_S)
        await post.register(server.port, "eve")
        await mail_server.eventually(2, within=after_a_kill(store))

    assert post.copies(mail_server.letters) == {"ada": 1, "eve": 1}


async def test_several_workers_send_each_letter_once(store: Store, mail_server: SmtpServer) -> None:
    """One of them sends; when it is killed another goes on."""
    environ = post.settings(mail_server)
    with serving(store, "--workers", "2", settings=environ) as server:
        async with post.beside(store, environ) as house:
            await post.settle_in(house, MANY)
            await post.forget(house, MANY[:100])
            await mail_server.eventually(100, within=SOON_S)
            await eventually(lambda: is_empty(house), within=SOON_S)
            first = holder(store)
            os.kill(first, signal.SIGKILL)
            await post.forget(house, MANY[100:])
            await mail_server.eventually(101, within=TAKES_OVER_WITHIN_S[engine(store)])
            second = holder(store)
            await mail_server.eventually(len(MANY), within=SOON_S)
            await eventually(lambda: is_empty(house), within=SOON_S)
            workers = server.workers()
        code = server.stop()

    assert post.copies(mail_server.letters) == dict.fromkeys(MANY, 1)
    assert (first in workers, second in workers, code) == (False, True, 0)


async def test_it_does_not_wait_for_a_letter_that_hangs(
    sqlite_store: Store, mail_server: SmtpServer
) -> None:
    """Told to stop it gives it the time of grace, and sends it after the next start."""
    environ = post.settings(mail_server, WATCHWORD_SERVER__SHUTDOWN_TIMEOUT_S="1")
    mail_server.on("DATA", STALL, times=1)
    with serving(sqlite_store, settings=environ) as server:
        await post.register(server.port, "ada")
        until(lambda: mail_server.connections, within=SOON_S)
        code = server.stop()
    assert (code, mail_server.letters) == (0, [])

    with serving(sqlite_store, settings=environ):
        await mail_server.eventually(1, within=SOON_S)

    assert post.copies(mail_server.letters) == {"ada": 1}
    assert told_only_warnings(server)


@asynccontextmanager
async def nothing_is_settled(store: Store) -> AsyncIterator[None]:
    """Let the database refuse to hear that a letter was sent."""
    for statement in REFUSE[engine(store)]:
        await run(store, statement)
    yield
    await run(store, ACCEPT[engine(store)])


async def is_empty(house: House) -> bool:
    return await post.waiting(house) == 0


def told_only_warnings(server: Server) -> bool:
    return '"level":"error"' not in server.told() and "@" not in server.told()
