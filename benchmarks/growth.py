"""`make bench-growth`: what the same things cost in a small store and in a large one."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import asyncpg
from growth_fill import Sizes, fill_postgres, fill_sqlite, read_whole
from growth_inside import OPERATIONS, Shop, find_the_middle, measured
from growth_outside import Place, measure
from growth_rows import SESSIONS_EACH, Crowd

from watchword.app.house import House, open_house
from watchword.settings.load import load

SIZES = (1_000, 100_000, 1_000_000)
ROUNDS = 10
RATIO_MAX = 1.2
SQLITE_FILE = "watchword.db"


@dataclass
class Stand:
    """One store: where it is, how large, and what was measured there, in milliseconds."""

    accounts: int
    folder: Path
    database: str
    sizes: Sizes = field(default_factory=lambda: Sizes(0, 0, 0))
    taken: dict[str, list[float]] = field(default_factory=dict)

    @property
    def options(self) -> list[str]:
        return ["--database", self.database] if self.database else []

    def note(self, name: str, taken: Sequence[float]) -> None:
        self.taken.setdefault(name, []).extend(taken)


def main() -> None:
    options = _options()
    with _stands(options) as stands:
        for stand in stands:
            asyncio.run(_fill(stand))
        _outside(stands)
        asyncio.run(_inside(stands))
        print(_table(stands))
        print(_bytes(stands))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="accounts, by commas")
    parser.add_argument("--folder", type=Path, help="where to make the stores, on a real disk")
    parser.add_argument("--database", default="", help="a PostgreSQL where we may make databases")
    parser.add_argument("--keep", action="store_true", help="leave the stores where they are")
    return parser.parse_args()


@contextmanager
def _stands(options: argparse.Namespace) -> Iterator[list[Stand]]:
    folder = Path(tempfile.mkdtemp(prefix="growth-", dir=options.folder))
    stands = [
        Stand(size, folder / str(size), _url(options.database, size))
        for size in map(int, options.sizes.split(","))
    ]
    try:
        for stand in stands:
            asyncio.run(_make_database(options.database, stand))
        yield stands
    finally:
        if options.keep:
            _say(f"the stores are in {folder}")
        else:
            for stand in stands:
                asyncio.run(_drop_database(options.database, stand))
            shutil.rmtree(folder)


def _url(server: str, size: int) -> str:
    return f"{server.rpartition('/')[0]}/watchword_growth_{size}" if server else ""


async def _make_database(server: str, stand: Stand) -> None:
    await _drop_database(server, stand)
    await _ask(server, f"CREATE DATABASE watchword_growth_{stand.accounts}")


async def _drop_database(server: str, stand: Stand) -> None:
    await _ask(server, f"DROP DATABASE IF EXISTS watchword_growth_{stand.accounts}")


async def _ask(server: str, sql: str) -> None:
    if server:
        connection = await asyncpg.connect(server)
        await connection.execute(sql)
        await connection.close()


async def _fill(stand: Stand) -> None:
    began = time.perf_counter()
    async with _house(stand) as house:
        await house.keys.ensure_first()
        crowd = _crowd(stand, house)
    if stand.database:
        stand.sizes = await fill_postgres(stand.database, crowd)
    else:
        stand.sizes = fill_sqlite(stand.folder / SQLITE_FILE, crowd)
    _say(f"{stand.accounts:,} accounts: filled in {time.perf_counter() - began:.0f} s")


@asynccontextmanager
async def _house(stand: Stand) -> AsyncIterator[House]:
    given = {"data": str(stand.folder)}
    if stand.database:
        given["database"] = stand.database
    # All log-ins come from one address.
    environ = {"WATCHWORD_LIMITS__EXEMPT_ADDRESSES": "10.0.0.0/8"}
    async with open_house(load(environ=environ, overrides=given)) as house:
        yield house


def _crowd(stand: Stand, house: House) -> Crowd:
    # Only the store's own key makes digests by which it finds API keys.
    safe = house.services.api_keys._safe  # noqa: SLF001 - a benchmark may look
    return Crowd(stand.accounts, lambda text: safe.digests(text)[0])


def _outside(stands: Sequence[Stand]) -> None:
    _read(stands)
    measure([Place(one.folder, one.accounts, one.options, one.taken) for one in stands])
    _say("over HTTP")


def _read(stands: Sequence[Stand]) -> None:
    """Let no disk decide: to fill a large store may have put smaller ones out of memory."""
    for stand in stands:
        if not stand.database:
            read_whole(stand.folder / SQLITE_FILE)


async def _inside(stands: Sequence[Stand]) -> None:
    """Measure each operation in turns at all sizes, since the speed of the machine drifts."""
    _read(stands)
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(_house(stand)) for stand in stands]
        shops = [
            Shop(house, _crowd(stand, house)) for stand, house in zip(stands, houses, strict=True)
        ]
        for shop in shops:
            await find_the_middle(shop)
        for name, (operation, times) in OPERATIONS.items():
            rounds = min(ROUNDS, times)
            for _ in range(rounds):
                for stand, shop in zip(stands, shops, strict=True):
                    stand.note(name, await measured(operation, shop, times // rounds))
            _say(name)


def _table(stands: Sequence[Stand]) -> str:
    heads = [f"{stand.accounts:,}" for stand in stands]
    small = stands[0]
    lines = [
        f"| what (p50, ms) | {' | '.join(heads)} | ratio to {heads[0]} | wanted |",
        "|---|" + "---|" * (len(stands) + 2),
    ]
    for name, taken in small.taken.items():
        figures = [median(stand.taken[name]) for stand in stands]
        ratios = [figure / median(taken) for figure in figures[1:]]
        said = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        shown = " | ".join(f"{figure:.3g}" for figure in figures)
        lines.append(f"| {name} | {shown} | {said} | {_wanted(ratios)} |")
    return "\n".join(lines)


def _wanted(ratios: Sequence[float]) -> str:
    is_met = all(ratio <= RATIO_MAX for ratio in ratios)
    return f"{RATIO_MAX}" if is_met else f"{RATIO_MAX}, or logarithmic"


def _bytes(stands: Sequence[Stand]) -> str:
    lines = [
        "",
        "| accounts | sessions | an account | a session | all, MiB |",
        "|---|---|---|---|---|",
    ]
    for stand in stands:
        sizes, sessions = stand.sizes, SESSIONS_EACH * stand.accounts
        account = (sizes.with_people - sizes.empty) / stand.accounts
        session = (sizes.with_sessions - sizes.with_people) / sessions
        all_mib = sizes.with_sessions / 2**20
        lines.append(
            f"| {stand.accounts:,} | {sessions:,} | {account:,.0f} bytes | {session:,.0f} bytes"
            f" | {all_mib:,.0f} |"
        )
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
