"""A flow that takes as long as a test wants: it counts, and waits in between."""

from pathlib import Path

from parts.flowpackage import install

FLOW = "slow.count"

_CODE = """
import asyncio

from watchword.jobs.flow import Flow, Parameters


class Told(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    to: int = 1
    pause: float = 0.05
    is_deaf: bool = False


async def _count(told, turn):
    for number in range(int(turn.checkpoint or 0), told.to):
        async with turn.open_work() as work:
            turn.write(work, f"{number}\\n", media="text/plain")
            turn.record(work, done=number + 1, total=told.to, checkpoint=str(number + 1))
            await work.commit()
        if told.is_deaf:
            await asyncio.sleep(1000)
        await turn.wait(told.pause)
    return {"counted": told.to}


count = Flow(name="slow.count", summary="Counts.", parameters=Told, run=_count)
"""


def installed(folder: Path) -> dict[str, str]:
    """Install it; return the settings for processes that are to know it."""
    return install(folder, "slow_flow", _CODE, {FLOW: "slow_flow:count"})
