"""What journeys about letters need: people who can be written to, and those who write."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from journeys.people import PASSWORD, WITH_ADMIN
from parts.line import Line
from parts.server import FOR_ALL, Store
from parts.smtp import Received, SmtpServer
from watchword.app.house import House, open_house
from watchword.core.accounts.model import Account
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.ids import AccountId
from watchword.settings.load import load

REGISTER, FORGOTTEN = "/api/account/register", "/api/account/forgotPassword"
HERE = Origin("127.0.0.1", "journey")
BASE = "https://id.example.com"


def settings(mail_server: SmtpServer, **more: str) -> dict[str, str]:
    """Return the settings of a server whose letters go there."""
    return {
        **WITH_ADMIN,
        **FOR_ALL,
        "WATCHWORD_PUBLIC_URL": BASE,
        "WATCHWORD_MAIL__SMTP_HOST": "127.0.0.1",
        "WATCHWORD_MAIL__SMTP_PORT": str(mail_server.port),
        "WATCHWORD_MAIL__TLS": "none",
        "WATCHWORD_MAIL__SENDER": "id@example.com",
        **more,
    }


def address(name: str) -> str:
    return f"{name}@example.org"


async def register(port: int, *names: str) -> None:
    """Let people register, each with an address to confirm."""
    async with await Line.open(port) as line:
        for name in names:
            body = {"user": name, "password": PASSWORD, "email": address(name)}
            answer = await line.ask("POST", REGISTER, body)
            assert answer.status == 200, answer


@asynccontextmanager
async def beside(store: Store, environ: Mapping[str, str]) -> AsyncIterator[House]:
    """Open the store in this process too, as the command line does."""
    place = {"data": str(store.folder), "database": store.database or ""}
    async with open_house(load(environ=environ, overrides=place)) as house:
        yield house


async def settle_in(house: House, names: Iterable[str]) -> None:
    """Write accounts straight into the store, each with a confirmed address and no password."""
    now = house.clock.now()
    async with house.storage.open_work() as work:
        for name in names:
            account = Account(
                id=AccountId(house.randomness.uuid()),
                name=name,
                email=address(name),
                email_confirmed_at=now,
                created_at=now,
                updated_at=now,
            )
            work.accounts.add(account)
        await work.commit()


async def forget(house: House, names: Iterable[str]) -> None:
    """Have a reset letter written to each."""
    for name in names:
        assert await house.services.recovery.ask(name, origin=HERE) is None


async def waiting(house: House) -> int:
    """Return how many letters are still to be sent."""
    async with house.storage.open_work() as work:
        return await work.outbox.count_waiting()


def copies(letters: Iterable[Received]) -> Counter[str]:
    """Return how often each letter came, by its recipient."""
    return Counter(letter.recipients[0].partition("@")[0] for letter in letters)
