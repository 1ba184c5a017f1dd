"""A process of its own that works on a database, for tests about several or dying processes.

Run as `python -m parts.storage_process VERB ...`; it says on standard output what it did.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watchword.core.accounts.model import Account
from watchword.core.checkouts.model import Holder
from watchword.core.kernel.ids import AccountId, ApiKeyId, SessionId, TicketId
from watchword.storage.backup_folder import half_made
from watchword.storage.key_rates import MappedKeyRates
from watchword.storage.revocation import RevocationCounter
from watchword.storage.work import SqlStorage

AT = datetime(2030, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def open_any(target: str, folder: Path) -> SqlStorage:
    """Open a PostgreSQL server by its URL, or a SQLite file by its path."""
    if target.startswith("postgresql:"):
        from watchword.storage.postgres import open_postgres  # noqa: PLC0415 - one engine is loaded

        return await open_postgres(target, folder=folder)
    from watchword.storage.sqlite import open_sqlite  # noqa: PLC0415 - one engine is loaded

    return await open_sqlite(Path(target))


async def migrate(target: str, folder: str) -> None:
    """Say which migrations this process applied."""
    storage = await open_any(target, Path(folder))
    _say(*await storage.migrate(at=AT))
    await storage.close()


async def add(target: str, folder: str, first: str) -> None:
    """Add accounts until killed, a few at a time, and say each that is acknowledged."""
    storage = await open_any(target, Path(folder))
    await asyncio.gather(*(_add_every(storage, int(first) + lane) for lane in range(4)))


async def _add_every(storage: SqlStorage, number: int) -> None:
    while True:
        name = f"n{number}"
        async with storage.open_work() as work:
            work.accounts.add(Account(id=AccountId(name), name=name, created_at=AT, updated_at=AT))
            await work.commit()
        _say(name)
        number += 4


async def end(target: str, folder: str) -> None:
    """End the session that each line of standard input names, and say so."""
    storage = await open_any(target, Path(folder))
    _say("ready")
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        async with storage.open_work() as work:
            work.sessions.end(SessionId(line))
            await work.commit()
        _say(line)
    await storage.close()


async def borrow(target: str, folder: str, who: str, times: str) -> None:
    """Ask for an asset, when told to, until each of four tasks has had it so often; say so."""
    storage = await open_any(target, Path(folder))
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    holders = [Holder(account_id=AccountId(who), client=f"client {lane}") for lane in range(4)]
    mark = Path(folder) / "held"
    await asyncio.gather(*(_borrow(storage, one, mark, int(times)) for one in holders))
    await storage.close()
    _say("done")


async def _borrow(storage: SqlStorage, holder: Holder, mark: Path, times: int) -> None:
    while times:
        found = await storage.checkout_desk.take("asset", holder, at=AT, is_download=False)
        if found.holder == holder:
            with _alone(mark):
                await asyncio.sleep(0)
            await storage.checkout_desk.give_back("asset", holder)
            times -= 1


@contextmanager
def _alone(mark: Path) -> Iterator[None]:
    """Hold a file that nobody else may have; raises FileExistsError if somebody does."""
    mark.touch(exist_ok=False)
    yield
    mark.unlink()


async def claim(target: str, folder: str, holder: str) -> None:
    """Take letters to send, when told to, until none is left; say which they were."""
    storage = await open_any(target, Path(folder))
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    claimed: list[str] = []
    while some := await storage.outbox_desk.claim(holder, at=AT, until=AT + HOUR, limit=3):
        claimed += [one.id for one in some]
    await storage.close()
    _say(*claimed)


async def guess(target: str, folder: str, ticket_id: str, times: str) -> None:
    """Guess at a code so often at once, when told to, and say how often it was right."""
    storage = await open_any(target, Path(folder))
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    one, desk = TicketId(ticket_id), storage.ticket_desk
    right = await asyncio.gather(*(desk.guess(one, "wrong", at=AT) for _ in range(int(times))))
    await storage.close()
    _say(str(sum(right)))


async def bump(path: str, times: str) -> None:
    """Change the counter so many times; after each, its stamp must be a new one."""
    counter = RevocationCounter(Path(path))
    for number in range(int(times)):
        before = counter.stamp()
        with counter.changing():
            assert counter.stamp() is None
        assert before is None or counter.stamp() != before
        _say(str(number))


async def hold(path: str) -> None:
    """Begin a change of the counter and never end it."""
    with RevocationCounter(Path(path)).changing():
        _say("held")
        await asyncio.Event().wait()


async def take(path: str, times: str) -> None:
    """Use some keys so many times at one moment, when told to, and say how often it was let in."""
    rates = MappedKeyRates(Path(path))
    _say("ready")
    sys.stdin.readline()
    _say(*_let_in(rates, int(times)))


async def fork(path: str, times: str) -> None:
    """Do the same in four processes, forked off when the table was open already."""
    rates = MappedKeyRates(Path(path))
    rates.take(ApiKeyId("another"), per_minute=1, at=AT)
    is_first = all([os.fork(), os.fork()])
    # At one go, for all four write to the same pipe.
    os.write(1, f"{' '.join(_let_in(rates, int(times)))}\n".encode())
    # The loop that runs here belongs to the first of them.
    if not is_first:
        os._exit(0)


async def half(folder: str, name: str) -> None:
    """Begin a backup and never end it."""
    with half_made(Path(folder), name):
        _say("begun")
        await asyncio.Event().wait()


def _let_in(rates: MappedKeyRates, times: int) -> list[str]:
    """Use twenty keys in turns, and return how often each was let in."""
    let_in = [0] * 20
    for _ in range(times):
        for key in range(20):
            let_in[key] += rates.take(ApiKeyId(f"k{key}"), per_minute=100, at=AT) == 0
    return [str(count) for count in let_in]


def _say(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201 - what it did is its answer


VERBS: dict[str, Callable[..., Coroutine[None, None, None]]] = {
    "migrate": migrate,
    "add": add,
    "end": end,
    "borrow": borrow,
    "claim": claim,
    "guess": guess,
    "bump": bump,
    "hold": hold,
    "take": take,
    "fork": fork,
    "half": half,
}

if __name__ == "__main__":
    asyncio.run(VERBS[sys.argv[1]](*sys.argv[2:]))
