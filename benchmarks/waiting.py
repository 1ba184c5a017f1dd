"""A slow domain controller, and people who wait for it, beside a measurement.

Each line on stdin is answered with `done`: the port of our server, then `wait` (they all ask, and
none is answered) and `go` (they are). It says first at which URL the slow controller is.
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

from journeys.directory import LOG_IN_AD
from parts.domain import PASSWORD, Domain
from parts.line import Line
from parts.slow_dc import Between, slow_dc

FOR_EVER_S = 3600.0
SETTLES_S = 0.5
"""All of them have come as far as they come by then."""


async def main(names: list[str], slow: Between) -> None:
    port, tasks = int(await _heard()), list[asyncio.Task[int]]()
    print("done", flush=True)
    while word := await _heard():
        if word == "wait":
            slow.delay = FOR_EVER_S
            tasks = [asyncio.create_task(_log_in(port, name)) for name in names]
            await asyncio.sleep(SETTLES_S)
            assert not any(task.done() for task in tasks)
        else:
            slow.delay = 0.0
            statuses = Counter(await asyncio.gather(*tasks))
            assert set(statuses) == {200}, statuses
        print("done", flush=True)


async def _log_in(port: int, name: str) -> int:
    async with await Line.open(port) as line:
        answer = await line.ask("POST", LOG_IN_AD, {"user": name, "password": PASSWORD})
        return answer.status


async def _heard() -> str:
    heard: str = await asyncio.to_thread(sys.stdin.readline)
    return heard.strip()


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    with slow_dc(Domain(Path(asked["folder"]), asked["address"]), 0.0) as slow:
        print(slow.ldaps_url, flush=True)
        asyncio.run(main(asked["names"], slow))
