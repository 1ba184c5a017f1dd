"""A backup made while people log in, put in place elsewhere: the same people, sessions and keys."""

import json
import termios
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from time import monotonic

import pytest

from cli.terminal import at_terminal
from journeys import jobs, keys, people
from journeys.jobs import Runner
from journeys.keys import Key
from journeys.people import ADMIN, ME, PASSWORD, REGISTER, WITH_ADMIN
from journeys.rush import LogIn, Rush, rushing
from parts import database
from parts.line import Line
from parts.server import FOR_ALL, Store, command, serving
from parts.waiting import eventually, until

pytestmark = [pytest.mark.slow, pytest.mark.alone]

SETTINGS = {**WITH_ADMIN, **FOR_ALL}
PEOPLE = [f"guest-{number:04}" for number in range(2000)]
A_SECOND = 50
"""What was asked for. Two processors hash that often, and hardly more."""

BUSY = 100
LATE = "late"


@dataclass(frozen=True)
class Backup:
    """A file, and the moments of the test's clock between which it was made."""

    file: Path
    asked_at: float
    made_at: float


@dataclass(frozen=True)
class Ran:
    """A command, and what it said."""

    code: int
    said: str


@dataclass(frozen=True)
class Past:
    """What there was in the store, and what came or went after its backups were made."""

    names: frozenset[str]
    rush: Rush
    key: Key
    late_key: Key
    left: str
    """The token of a session that was ended then."""

    late: str
    """The token of one that began then."""


async def test_what_was_there_is_there_again(
    store: Store, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """Made twice under 50 log-ins a second, once encrypted; each is restored, started and used."""
    recipient, identity = new_pair(store, tmp_path)
    settings = {**SETTINGS, "WATCHWORD_BACKUP__RECIPIENTS": recipient}
    with serving(store, settings=settings) as server:
        await people.furnish(store, PEOPLE)
        async with await Line.open(server.port) as line:
            backups, past = await lived(store, server.port, line)
    master_key = store.folder / "master.key"
    for backup in backups:
        pace = past.rush.pace(backup.asked_at, backup.made_at)
        tell(
            f"{backup.file.name}: {backup.file.stat().st_size >> 10} KiB in"
            f" {backup.made_at - backup.asked_at:.1f} s, at {pace:.0f} log-ins a second"
        )
    plain, sealed = backups
    first, second = [await vacant(store, tmp_path / name) for name in ("first", "second")]

    without = restored(first, plain)
    wrong = restored(first, plain, "--master-key-file", str(another_key(tmp_path)))
    right = restored(first, plain, "--master-key-file", str(master_key))
    unopened = restored(second, sealed)
    opened = restored(second, sealed, "--identity", str(identity))
    twice = restored(second, sealed, "--identity", str(identity))

    assert (without.code, wrong.code, unopened.code) == (2, 1, 1)
    assert "--master-key-file" in without.said
    assert "another master key" in wrong.said
    assert "is encrypted" in unopened.said
    assert (right.code, opened.code, twice.code) == (0, 0, 1), (right, opened, twice)
    for place, backup in ((first, plain), (second, sealed)):
        assert (place.folder / "master.key").read_text("ascii") == master_key.read_text("ascii")
        await assert_as_it_was(place, past, backup)


async def test_a_restore_asks_for_the_master_key(sqlite_store: Store, tmp_path: Path) -> None:
    """At a terminal, where nobody sees it; with the right one the store is there."""
    with serving(sqlite_store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            backup = await made(sqlite_store, await jobs.admin(line), encrypt=False)
    master_key = (sqlite_store.folder / "master.key").read_text("ascii").strip()
    place = Store(tmp_path / "elsewhere")

    with at_terminal([*place.where, "backup", "restore", str(backup.file)]) as terminal:
        terminal.read_until("Master key:")
        until(lambda: hides(terminal.file))
        terminal.types(f"{master_key}\n")
        ran = terminal.end()
    with serving(place, settings=FOR_ALL) as server:
        async with await Line.open(server.port) as line:
            await people.log_in(line)

    assert ran.code == 0, ran.err
    assert master_key not in ran.err


async def lived(store: Store, port: int, line: Line) -> tuple[list[Backup], Past]:
    """Have people log in, make two backups meanwhile, and let something happen after them."""
    admin, leaver = await people.log_in(line), await people.log_in(line, PEOPLE[0])
    runner, key = Runner(line, admin.token), keys.create(store)
    async with rushing(port, PEOPLE, a_second=A_SECOND) as rush:
        await more_of(rush)
        backups = [await made(store, runner, encrypt=encrypt) for encrypt in (False, True)]
        await more_of(rush)
    names = frozenset(await people.names(line, admin))
    body = {"username": LATE, "password": PASSWORD}
    answers = [
        await line.ask("POST", "/api/auth/logout", token=leaver.token),
        await line.ask("POST", REGISTER, body),
    ]
    assert {answer.status for answer in answers} == {HTTPStatus.OK}
    late = await people.log_in(line, PEOPLE[0])
    past = Past(names, rush, key, keys.create(store), leaver.token, late.token)
    assert await good(line, [leaver.token, late.token]) == [False, True]
    return backups, past


async def made(store: Store, runner: Runner, *, encrypt: bool) -> Backup:
    """Have a backup made over the API."""
    asked_at = monotonic()
    job = await runner.ended(await runner.start("backup.create", encrypt=encrypt))
    assert job["status"] == "Completed", job
    told = job["result"]
    file = store.folder / "backups" / told["file"]
    assert (told["size"], told["encrypted"]) == (file.stat().st_size, encrypt)
    assert told["has_master_key"] == encrypt
    return Backup(file, asked_at, monotonic())


async def more_of(rush: Rush) -> None:
    """Wait until so many more have logged in."""
    enough = len(rush.told) + BUSY

    async def look() -> bool:
        return len(rush.told) >= enough

    await eventually(look, within=60)


async def assert_as_it_was(place: Store, past: Past, backup: Backup) -> None:
    """All that was there when the backup was asked for is, and nothing that came after it."""
    told, late_key = past.rush.told, past.late_key
    with serving(place, settings=FOR_ALL) as server:
        async with await Line.open(server.port) as line:
            works = await good(line, [one.token for one in told])
            left, late = await good(line, [past.left, past.late])
            used = [(await keys.use(line, key)).status for key in (past.key, late_key)]
            await people.log_in(line, PEOPLE[-1])
            names = await people.names(line, await people.log_in(line))
            strange = await people.try_log_in(line, LATE)
    there = {one for one, is_good in zip(told, works, strict=True) if is_good}

    assert {one for one in told if one.answered_at < backup.asked_at} <= there
    assert not {one for one in told if one.sent_at > backup.made_at} & there
    assert lost(told, there) == []
    assert (left, late) == (True, False)
    assert used == [HTTPStatus.OK, HTTPStatus.UNAUTHORIZED]
    assert len(names) == len(past.names)
    assert set(names) == past.names == {ADMIN, *PEOPLE}
    assert strange.status == HTTPStatus.UNAUTHORIZED
    assert database.complaints(place) == []


def lost(told: Iterable[LogIn], there: set[LogIn]) -> list[LogIn]:
    """Return who is missing although somebody who came later is not: it is of no one moment."""
    last = max(one.sent_at for one in there)
    return [one for one in told if one.answered_at < last and one not in there]


async def good(line: Line, tokens: Iterable[str]) -> list[bool]:
    """Say of each token whether it is good."""
    answers = [await line.ask("GET", ME, token=token) for token in tokens]
    assert {answer.status for answer in answers} <= {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}
    return [answer.status == HTTPStatus.OK for answer in answers]


def hides(terminal: int) -> bool:
    """Say whether a terminal shows nothing of what is typed."""
    local_modes: int = termios.tcgetattr(terminal)[3]
    return not local_modes & termios.ECHO


def restored(place: Store, backup: Backup, *options: str) -> Ran:
    ran = command(place, "backup", "restore", str(backup.file), *options)
    return Ran(ran.returncode, ran.stderr)


def new_pair(store: Store, folder: Path) -> tuple[str, Path]:
    """Make keys for backups as an operator does; return the public one, and where the other is."""
    identity = folder / "identity.txt"
    ran = command(store, "backup", "key", "--output", str(identity), "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)["backup_key"]["recipient"], identity


def another_key(folder: Path) -> Path:
    """Write a master key that is none of ours."""
    path = folder / "another.key"
    path.write_bytes(urlsafe_b64encode(b"another" + bytes(25)))
    return path


async def vacant(store: Store, folder: Path) -> Store:
    """Return where a store could be, on the same engine, and none is."""
    if store.database is None:
        return Store(folder)
    server, _, name = store.database.rpartition("/")
    new = f"{name}_{folder.name}"
    await database.run(store, f"CREATE DATABASE {new} TEMPLATE template0")
    return Store(folder, f"{server}/{new}")
