"""Who takes part in the journeys, and what they do over the asta API."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass

from parts.line import Line
from parts.peer import Answer
from parts.server import Store
from watchword.app.house import House, make_hasher, open_house
from watchword.core.accounts.model import Account
from watchword.core.credentials.model import PasswordCredential
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import PAGE_MAX
from watchword.settings.load import load

ADMIN = "admin"
PASSWORD = "a staple for every horse"
WITH_ADMIN = {"WATCHWORD_ADMIN_PASSWORD": PASSWORD}
LOG_IN, REGISTER, USERS, ME = (f"/api/auth/{name}" for name in ("login", "register", "users", "me"))

CONNECTIONS_MAX = 200
"""How many connections we open to find each worker; the kernel decides who takes one."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, who is logged in."""

    id: str
    name: str
    token: str


async def try_log_in(line: Line, name: str, password: str = PASSWORD) -> Answer:
    return await line.ask("POST", LOG_IN, {"username": name, "password": password})


async def log_in(line: Line, name: str = ADMIN, password: str = PASSWORD) -> Person:
    answer = await try_log_in(line, name, password)
    assert answer.status == 200, answer
    said = answer.document
    return Person(said["user"]["id"], name, said["access_token"])


async def make(line: Line, admin: Person, name: str) -> str:
    """Have the admin make an account; return its id."""
    body = {"username": name, "password": PASSWORD}
    answer = await line.ask("POST", USERS, body, token=admin.token)
    assert answer.status == 200, answer
    made: str = answer.document["user"]["id"]
    return made


async def names(line: Line, admin: Person) -> list[str]:
    """Return the names of all accounts, however many pages they fill."""
    found: list[str] = []
    path: str | None = USERS
    while path:
        answer = await line.ask("GET", path, token=admin.token)
        assert answer.status == 200, answer
        found += [user["username"] for user in answer.document["users"]]
        link = answer.headers.get("link", "")
        path = link.partition("<")[2].partition(">")[0] or None
    return found


@asynccontextmanager
async def line_to_each(port: int, workers: int) -> AsyncIterator[list[Line]]:
    """Open a connection to each worker; the first in the list leads to worker 0."""
    found: dict[int, Line] = {}
    async with AsyncExitStack() as stack:
        for _ in range(CONNECTIONS_MAX):
            line = await stack.enter_async_context(await Line.open(port))
            answer = await line.ask("GET", "/livez")
            found.setdefault(answer.document["worker"], line)
            if len(found) == workers:
                break
        assert sorted(found) == list(range(workers))
        yield [found[index] for index in range(workers)]


async def furnish(store: Store, wanted: Iterable[str]) -> None:
    """Write accounts straight into the store: all have one password, which is hashed once."""
    async with _house(store) as house, house.storage.open_work() as work:
        with closing(make_hasher(house.settings, house.randomness)) as hasher:
            encoded, now = await hasher.hash(PASSWORD), house.clock.now()
        for name in wanted:
            account = Account(
                id=AccountId(house.randomness.uuid()), name=name, created_at=now, updated_at=now
            )
            work.accounts.add(account)
            work.credentials.put_password(
                PasswordCredential(account_id=account.id, encoded=encoded, changed_at=now)
            )
        await work.commit()


async def without_password(store: Store) -> list[str]:
    """Return who was written by halves: the names of accounts that have no password."""
    found: list[str] = []
    after: str | None = None
    async with _house(store) as house, house.storage.open_work() as work:
        while True:
            page = await work.accounts.page(after=after, limit=PAGE_MAX)
            found += [
                account.name
                for account in page.items
                if await work.credentials.password_of(account.id) is None
            ]
            after = page.next
            if after is None:
                return found


def _house(store: Store) -> AbstractAsyncContextManager[House]:
    place = {"data": str(store.folder), "database": store.database}
    return open_house(load(environ={}, overrides=place))
