"""A program that keeps a server busy: people log in, look who they are and log out again."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from parts.line import Line
from parts.program import PATHS
from parts.server import environment

PEOPLE = 4
LOOKS = 20
"""How often somebody uses the token of one log-in."""

Counts = Counter[str]


@asynccontextmanager
async def traffic(port: int, names: list[str], password: str) -> AsyncIterator[Counts]:
    """Keep a server busy until the end of the block; what was counted is there after it."""
    asked = json.dumps({"port": port, "names": names, "password": password})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parts.traffic", asked),
        stdin=PIPE,
        stdout=PIPE,
        env={**environment(), "PYTHONPATH": PATHS},
    )
    counts: Counts = Counter()
    try:
        assert process.stdout is not None
        await process.stdout.readline()  # the first log-in is over
        yield counts
    finally:
        said, _ = await process.communicate(b"")
        counts.update(json.loads(said or b"{}"))


async def live(port: int, name: str, password: str, counts: Counts) -> None:
    """Be somebody, for ever."""
    async with await Line.open(port) as line:
        while True:
            who = {"username": name, "password": password}
            answer = await line.ask("POST", "/api/auth/login", who)
            counts[f"log-in {answer.status}"] += 1
            token = answer.document.get("access_token")
            for _ in range(LOOKS):
                answer = await line.ask("GET", "/api/auth/me", token=token)
                counts[f"look {answer.status}"] += 1
            answer = await line.ask("POST", "/api/auth/logout", token=token)
            counts[f"log-out {answer.status}"] += 1


async def main() -> None:
    asked, counts = json.loads(sys.argv[1]), Counter[str]()
    people = [
        asyncio.create_task(live(asked["port"], name, asked["password"], counts))
        for name in asked["names"]
    ]
    while not counts:  # noqa: ASYNC110 (a count sets no event)
        await asyncio.sleep(0.01)
    print("busy", flush=True)  # noqa: T201 (a program's output)
    end = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    done, _ = await asyncio.wait([end, *people], return_when=asyncio.FIRST_COMPLETED)
    for task in done - {end}:
        task.result()
    print(json.dumps(counts), flush=True)  # noqa: T201 (a program's output)
    for task in people:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
