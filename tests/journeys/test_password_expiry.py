"""Days pass, passwords expire, and who knows the old one gets a new one without an admin."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from journeys import keys, people
from journeys.people import ADMIN, LOG_IN, PASSWORD, WITH_ADMIN
from parts.database import age_passwords, run
from parts.line import Line
from parts.peer import Answer
from parts.server import FOR_ALL, Store, command, serving
from parts.smtp import smtp_server

pytestmark = pytest.mark.slow

SETTINGS = {**WITH_ADMIN, **FOR_ALL}
WRONG, NEW, NEWER = "four mules and a cart", "four mules and a wagon", "seven mules and a wagon"
NEVER = "0001-01-01T00:00:00"
DAYS = 90


@dataclass(frozen=True)
class Door:
    """Where people log in and change their passwords, as clients of precrime do."""

    line: Line

    async def log_in(self, name: str, password: str = PASSWORD) -> Answer:
        who = {"username": name, "password": password}
        return await self.line.ask("POST", "/user/login", who)

    async def statuses(self, name: str, *passwords: str) -> list[int]:
        return [(await self.log_in(name, password)).status for password in passwords]

    async def expiry(self, name: str, password: str = PASSWORD) -> str:
        answer = await self.log_in(name, password)
        assert answer.status == 200, answer
        said: str = answer.document["PasswordExpiration"]
        return said

    async def change(self, name: str, old: str, new: str) -> int:
        body = {"username": name, "old": old, "new": new, "confirm": new}
        return (await self.line.ask("POST", "/user/password", body)).status


async def test_an_expired_password_is_changed_by_who_knows_it(store: Store) -> None:
    """Wrong is 401, right is 403 for every dialect, and after the change the new one is 200."""
    settings = {**SETTINGS, "WATCHWORD_PASSWORDS__EXPIRE_AFTER_DAYS": str(DAYS)}

    with serving(store, "--workers", "2", settings=settings) as server:
        await people.furnish(store, ["ada"])
        async with await Line.open(server.port) as line:
            door = Door(line)
            announced = await door.expiry("ada")
            await age_passwords(store, DAYS - 0.01)
            in_time = await door.statuses("ada", WRONG, PASSWORD)
            await age_passwords(store, 0.02)
            expired = await door.statuses("ada", WRONG, PASSWORD, "", PASSWORD)
            elsewhere = [
                (await people.try_log_in(line, "ada", password)).status
                for password in (WRONG, PASSWORD)
            ]
            unknown = await door.log_in("eve", PASSWORD)
            changes = [
                await door.change("ada", WRONG, NEW),
                await door.change("ada", PASSWORD, PASSWORD),
                await door.change("ada", PASSWORD, NEW),
            ]
            after = await door.statuses("ada", PASSWORD, NEW)
            announced_again = await door.expiry("ada", NEW)

    assert 0 <= days_until(announced) - (DAYS - 1) <= 1
    assert in_time == [401, 200]
    assert expired == [401, 403, 401, 403]
    assert elsewhere == [401, 403]
    assert unknown.status == 401
    assert changes == [401, 400, 200]
    assert after == [401, 200]
    assert 0 <= days_until(announced_again) - (DAYS - 1) <= 1


async def test_a_group_says_how_long_its_members_passwords_last(store: Store) -> None:
    """Who is in it has to change, who is not goes on; out of it, or with 0 days, all is well."""
    with serving(store, settings=SETTINGS) as server:
        await people.furnish(store, ["ada", "bob"])
        group(store, "create", "Sales", "--password-days", "30")
        group(store, "add", "Sales", "ada")
        async with await Line.open(server.port) as line:
            door = Door(line)
            announced = [await door.expiry("ada"), await door.expiry("bob")]
            await age_passwords(store, 31)
            expired = await door.statuses("ada", WRONG, PASSWORD)
            others = await door.statuses("bob", WRONG, PASSWORD)
            group(store, "change", "Sales", "--password-days", "0")
            lifted = await door.statuses("ada", PASSWORD)
            group(store, "change", "Sales", "--password-days", "30")
            again = await door.statuses("ada", PASSWORD)
            group(store, "remove", "Sales", "ada")
            left = await door.statuses("ada", PASSWORD)
            group(store, "add", "Sales", "ada")
            changed = await door.change("ada", PASSWORD, NEW)
            after = await door.statuses("ada", PASSWORD, NEW)

    assert 0 <= days_until(announced[0]) - 29 <= 1
    assert announced[1] == NEVER
    assert (expired, others) == ([401, 403], [401, 200])
    assert (lifted, again, left) == ([200], [403], [200])
    assert (changed, after) == (200, [401, 200])


async def test_who_is_in_keeps_going_when_the_password_expires(sqlite_store: Store) -> None:
    """It is the log-in that asks for a new password; tokens and keys end when it is changed."""
    settings = {**SETTINGS, "WATCHWORD_PASSWORDS__EXPIRE_AFTER_DAYS": str(DAYS)}

    with serving(sqlite_store, settings=settings) as server:
        async with await Line.open(server.port) as line:
            admin = await people.log_in(line)
            key = await keys.add(line, admin)
            await age_passwords(sqlite_store, DAYS + 1)
            renewed = await line.ask("GET", "/user/renew", token=admin.token)
            changed = await Door(line).change(ADMIN, PASSWORD, NEW)
            ended = await line.ask("GET", people.ME, token=admin.token)
            used = await keys.use(line, key)
            after = await people.log_in(line, ADMIN, NEW)

    assert (renewed.status, changed, ended.status) == (200, 200, 401)
    assert used.status == 200  # a key is no session, and no password was in it
    assert after.name == ADMIN


async def test_the_last_passwords_cannot_be_had_again(store: Store) -> None:
    """The history is of the server or of a group, and the current one counts."""
    settings = {**SETTINGS, "WATCHWORD_PASSWORDS__HISTORY": "2"}

    with serving(store, settings=settings) as server:
        await people.furnish(store, ["ada", "bob"])
        group(store, "create", "Admins", "--password-history", "3")
        group(store, "add", "Admins", "bob")
        async with await Line.open(server.port) as line:
            door = Door(line)
            changes = {
                name: [
                    await door.change(name, PASSWORD, PASSWORD),
                    await door.change(name, PASSWORD, NEW),
                    await door.change(name, NEW, PASSWORD),
                    await door.change(name, NEW, NEWER),
                    await door.change(name, NEWER, PASSWORD),
                ]
                for name in ("ada", "bob")
            }

    assert changes == {"ada": [400, 200, 400, 200, 200], "bob": [400, 200, 400, 200, 400]}


TAKEN_OVER_S = 45.0
"""The server before was killed, and its job of sending letters must be missed first."""


async def test_people_are_told_before_their_password_expires(store: Store) -> None:
    """By one letter each, whichever worker looks first, and none again after a restart."""
    with smtp_server() as post:
        settings = {
            **SETTINGS,
            "WATCHWORD_PASSWORDS__EXPIRE_AFTER_DAYS": str(DAYS),
            "WATCHWORD_MAIL__SMTP_HOST": post.host,
            "WATCHWORD_MAIL__SMTP_PORT": str(post.port),
            "WATCHWORD_MAIL__TLS": "none",
            "WATCHWORD_MAIL__SENDER": "id@example.org",
        }
        for name in ("ada", "bob"):
            words = ("account", "create", name, "--email", f"{name}@example.org")
            made = command(store, *words, "--password-stdin", typed=PASSWORD)
            assert made.returncode == 0, made.stderr
        await age_passwords(store, DAYS - 3)
        with serving(store, "--workers", "2", settings=settings):
            first = await post.eventually(2)
        # Bob's is forgotten, so that it is seen when somebody has looked again.
        await run(
            store,
            "UPDATE passwords SET announced_at = NULL"
            " WHERE account_id = (SELECT id FROM accounts WHERE name = 'bob')",
        )
        with serving(store, "--workers", "2", settings=settings) as server:
            await post.eventually(3, within=TAKEN_OVER_S)
            stopped = server.stop()

    addresses = [one.recipients[0].partition("@")[0] for one in post.letters]
    assert stopped == 0
    assert (sorted(addresses[:2]), addresses[2:]) == (["ada", "bob"], ["bob"])
    assert "Your password for Watchword ends soon" in first[0].message["Subject"]


async def test_nobody_learns_that_a_password_expired_but_its_owner(sqlite_store: Store) -> None:
    """A wrong password at an expired account is answered as one at an unknown account."""
    settings = {**SETTINGS, "WATCHWORD_PASSWORDS__EXPIRE_AFTER_DAYS": "1"}

    with serving(sqlite_store, settings=settings) as server:
        async with await Line.open(server.port) as line:
            await age_passwords(sqlite_store, 2)
            answers = [
                await line.ask("POST", path, {"username": name, "password": WRONG})
                for path in ("/user/login", LOG_IN)
                for name in (ADMIN, "eve")
            ]

    assert {answer.status for answer in answers} == {401}
    assert seen(answers[0]) == seen(answers[1])
    assert seen(answers[2]) == seen(answers[3])


def seen(answer: Answer) -> tuple[Mapping[str, str], bytes]:
    """Return what a stranger sees, without what differs each time."""
    different = {"date", "x-request-id"}
    return {k: v for k, v in answer.headers.items() if k not in different}, answer.body


def days_until(moment: str) -> float:
    span = datetime.fromisoformat(moment).replace(tzinfo=UTC) - datetime.now(UTC)
    return span.total_seconds() / 86_400


def group(store: Store, *words: str) -> None:
    ran = command(store, "group", *words, "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["group"]["name"] == words[1]
