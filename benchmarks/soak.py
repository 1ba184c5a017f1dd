"""Whether our server grows under load: ten minutes of everything at once, and what it holds.

`.venv/bin/python benchmarks/soak.py` (`--minutes 10`), or `make bench-soak`. SQLite. Each visitor
does one thing after another, drawn by chance from a fixed seed: log-ins, checks by token and by
key, log-outs, registrations, wrong passwords, names of nobody, and requests that make no sense.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import linear_regression

import uvloop
from load import request
from memory import MIB, held_by
from people import ACCOUNTS, LOGIN, ME, PASSWORD, make_keys, seed, tokens
from processes import Running, watchword
from tables import surroundings, table

VISITORS = 16
SAMPLE_S = 5.0
PATIENCE_S = 60.0
HEAD_MAX = 65536
TOKENS_KNOWN = 10_000
"""So many tokens a server remembers by default. It takes minutes until there are as many."""

GROWTH_MIB_MOST = 0.1
"""A minute, over the second half: below this a line through samples cannot tell it from none."""


@dataclass(frozen=True)
class Sample:
    """What the server held at one moment, `at` in seconds since the load began."""

    at: float
    rss: float
    threads: int
    files: int
    store: float
    log: float
    answers: int


@dataclass
class Tally:
    """What was done, and how it was answered."""

    answers: Counter[str] = field(default_factory=Counter)

    def note(self, what: str, status: int) -> None:
        self.answers[f"{what} {status}"] += 1


class Visitor:
    """One connection, on which one thing is done after another."""

    def __init__(self, number: int, port: int, keys: list[str], tally: Tally) -> None:
        self._chance = random.Random(number)  # noqa: S311 - the same visits in each run
        self._port = port
        self._keys = keys
        self._tally = tally
        self._held: list[str] = []
        self._names = (f"guest{time.time_ns():x}x{number}x{n}" for n in count())
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def visit(self, ends_at: float) -> None:
        deeds, weights = zip(*self._deeds().items(), strict=True)
        while time.monotonic() < ends_at:
            [deed] = self._chance.choices(deeds, weights)
            await deed()
        if self._line:
            self._line[1].close()

    def _deeds(self) -> Mapping[Callable[[], Awaitable[None]], int]:
        return {
            self._log_in: 10,
            self._check: 60,
            self._check_by_key: 30,
            self._log_out: 6,
            self._renew_password: 1,
            self._register: 2,
            self._be_wrong: 2,
            self._be_nobody: 2,
            self._talk_nonsense: 8,
            self._come_anew: 3,
        }

    async def _log_in(self) -> None:
        number = self._chance.randrange(ACCOUNTS)
        status, said = await self._post("log-in", LOGIN, _person(number))
        if status == 200:
            self._held.append(json.loads(said)["access_token"])
        del self._held[:-20]

    async def _check(self) -> None:
        token = self._chance.choice(self._held or [""])
        await self._ask("check", request("GET", ME, token=token or "none"))

    async def _check_by_key(self) -> None:
        await self._ask("key", request("GET", ME, key=self._chance.choice(self._keys)))

    async def _log_out(self) -> None:
        if self._held:
            token = self._held.pop(self._chance.randrange(len(self._held)))
            await self._ask("log-out", request("POST", "/api/auth/logout", token=token))

    async def _renew_password(self) -> None:
        """End all sessions of an account at once, by a password that is another for a moment."""
        name = next(self._names)
        for path in ("/api/auth/register", LOGIN, LOGIN):
            status, said = await self._post("ends", path, {"username": name, "password": PASSWORD})
        if status == 200:
            new = {"current_password": PASSWORD, "new_password": f"{PASSWORD} and another"}
            await self._post("change", "/api/auth/change-password", new, json.loads(said))

    async def _register(self) -> None:
        await self._post(
            "register", "/api/auth/register", {"username": next(self._names), "password": PASSWORD}
        )

    async def _be_wrong(self) -> None:
        wrong = _person(self._chance.randrange(ACCOUNTS)) | {"password": "wrong and long enough"}
        await self._post("wrong", LOGIN, wrong)

    async def _be_nobody(self) -> None:
        await self._post("nobody", LOGIN, {"username": next(self._names), "password": PASSWORD})

    async def _talk_nonsense(self) -> None:
        number = self._chance.randrange(1 << 40)
        nonsense = (
            request("POST", LOGIN, body=b'{"username": '),
            request("GET", f"/nowhere/{number}"),
            request("GET", ME, token=f"{number:x}.{number:x}.{number:x}"),
            request("GET", ME, key=f"ak_{number:x}"),
            request(f"BREW{number % 1000}", ME),
        )
        await self._ask("nonsense", self._chance.choice(nonsense))

    async def _come_anew(self) -> None:
        if self._line:
            self._line[1].close()
        self._line = None

    async def _post(
        self, what: str, path: str, body: object, holder: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        token = holder["access_token"] if holder else ""
        return await self._ask(
            what, request("POST", path, token=token, body=json.dumps(body).encode())
        )

    async def _ask(self, what: str, asked: bytes) -> tuple[int, bytes]:
        if self._line is None:
            self._line = await asyncio.open_connection("127.0.0.1", self._port, limit=HEAD_MAX)
        reader, writer = self._line
        try:
            writer.write(asked)
            async with asyncio.timeout(PATIENCE_S):
                status, said, goes_on = await _read(reader)
        except (OSError, EOFError) as error:
            status, said, goes_on = 0, type(error).__name__.encode(), False
        self._tally.note(what, status)
        if not goes_on:
            await self._come_anew()
        return status, said


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, length = head.partition(b"content-length:")
    body = await reader.readexactly(int(length.partition(b"\r\n")[0] or 0))
    return int(head[9:12]), body, b"connection: close" not in head


def _person(number: int) -> dict[str, str]:
    return {"username": f"name{number}", "password": f"{PASSWORD} {number}"}


async def _soak(
    running: Running, data: Path, keys: list[str], seconds: float, tally: Tally
) -> list[Sample]:
    began = time.monotonic()
    visitors = [Visitor(number, running.port, keys, tally) for number in range(VISITORS)]
    visits = [asyncio.create_task(visitor.visit(began + seconds)) for visitor in visitors]
    samples = []
    while time.monotonic() < began + seconds and not any(visit.done() for visit in visits):
        await asyncio.sleep(SAMPLE_S)
        samples.append(_sample(running, data, time.monotonic() - began, tally))
    await asyncio.gather(*visits)
    return samples


def _sample(running: Running, data: Path, at: float, tally: Tally) -> Sample:
    held = held_by(running.pid)
    store, log = (
        file.stat().st_size / MIB**2 for file in (data / "watchword.db", data / "watchword.db-wal")
    )
    total = tally.answers.total()
    return Sample(at, held.rss, held.threads, held.files, store, log, total)


def measure(*, minutes: float, folder: Path) -> tuple[list[Sample], Tally]:
    """Press a server for so long; return what it held every few seconds."""
    tally = Tally()
    with watchword(folder) as running:
        seed(running)
        keys = make_keys(running, tokens(running))
        samples = uvloop.run(_soak(running, folder, keys, minutes * 60, tally))
    return samples, tally


def slope(samples: list[Sample]) -> float:
    """Return by how many MiB a minute the RSS grew in the second half."""
    half = [one for one in samples if one.at >= samples[-1].at / 2]
    return 60 * linear_regression([one.at for one in half], [one.rss for one in half]).slope


def _minutes(samples: list[Sample]) -> Iterator[list[str]]:
    for minute in range(int(samples[-1].at // 60) + 1):
        during = [one for one in samples if minute <= one.at / 60 < minute + 1]
        if during:
            last = during[-1]
            yield [
                f"{minute + 1}",
                f"{min(one.rss for one in during):.1f} to {max(one.rss for one in during):.1f}",
                f"{last.threads}",
                f"{last.files}",
                f"{last.store:.1f}",
                f"{last.log:.1f}",
                f"{last.answers:,}",
            ]


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted:
        yield wanted
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--tokens", type=int, default=TOKENS_KNOWN, help="remembered at most")
    parser.add_argument("--folder", type=Path, help="where the data is kept meanwhile")
    options = parser.parse_args()
    os.environ["WATCHWORD_SESSIONS__CACHE_SIZE"] = str(options.tokens)
    about = surroundings() | {"tokens remembered at most": str(options.tokens)}
    print("\n".join(f"- {name}: {value}" for name, value in about.items()))
    with _folder(options.folder) as folder:
        samples, tally = measure(minutes=options.minutes, folder=folder)
    head = ["minute", "RSS MiB", "threads", "files", "store MiB", "its log MiB", "answers so far"]
    print(f"\n{table(head, _minutes(samples))}\n")
    grown = slope(samples)
    verdict = "met" if grown <= GROWTH_MIB_MOST else "**missed**"
    print(f"RSS over the second half: {grown:+.3f} MiB a minute (≤ {GROWTH_MIB_MOST}: {verdict})\n")
    print(
        table(
            ["what, status", "answers"], ([k, f"{n:,}"] for k, n in sorted(tally.answers.items()))
        )
    )


if __name__ == "__main__":
    main()
