"""A program that administers a store from a process of its own, as `watchword account` does.

It stays open and takes one order a line, so that an order costs no start of Python.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from parts.program import PATHS
from parts.server import Store, environment
from watchword.app.house import House, open_house
from watchword.cli.calls import OPERATOR
from watchword.core.accounts.model import Role
from watchword.core.kernel.ids import ApiKeyId
from watchword.core.policy.refusals import Refused
from watchword.settings.load import load

READY, DONE = "ready", "done"
NEW_PASSWORD = "four mules and a wagon"


@dataclass(frozen=True, slots=True)
class Steward:
    """The program as its tests see it."""

    process: Process

    async def do(self, verb: str, name: str) -> None:
        """Have one thing done, and return when it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{verb} {name}\n".encode())
        assert await self.hear() == DONE

    async def hear(self) -> str:
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().strip()


@asynccontextmanager
async def steward(store: Store) -> AsyncIterator[Steward]:
    """Run the program on a store until the end of the block."""
    place = json.dumps({"data": str(store.folder), "database": store.database})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parts.steward", place),
        stdin=PIPE,
        stdout=PIPE,
        env={**environment(), "PYTHONPATH": PATHS},
    )
    try:
        found = Steward(process)
        assert await found.hear() == READY
        yield found
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def obey(house: House, verb: str, name: str) -> str:
    """Do one thing as the operator, and say what came of it."""
    if verb.endswith("-key"):
        return await obey_about_key(house, verb, ApiKeyId(name))
    services = house.services
    account = await services.accounts.find(name)
    assert account is not None
    match verb:
        case "disable":
            outcome: object = await services.accounts.change(OPERATOR, account.id, active=False)
        case "delete":
            outcome = await services.accounts.delete(OPERATOR, account.id)
        case "role":
            outcome = await services.accounts.change(OPERATOR, account.id, role=Role.ADMIN)
        case "passwd":
            outcome = await services.passwords.reset(
                OPERATOR, account.id, new=NEW_PASSWORD, documented=1
            )
        case "end":
            outcome = await services.sessions.end_all_of(OPERATOR, account.id)
    return told(outcome)


async def obey_about_key(house: House, verb: str, key_id: ApiKeyId) -> str:
    api_keys = house.services.api_keys
    match verb:
        case "revoke-key":
            outcome: object = await api_keys.revoke(OPERATOR, key_id)
        case "rotate-key":
            outcome = await api_keys.rotate(OPERATOR, key_id, overlap=timedelta(0))
    return told(outcome)


def told(outcome: object) -> str:
    return str(outcome.reason) if isinstance(outcome, Refused) else DONE


async def main() -> None:
    settings = load(environ={}, overrides=json.loads(sys.argv[1]))
    async with open_house(settings) as house:
        print(READY, flush=True)  # noqa: T201 (a program's output)
        while order := await asyncio.to_thread(sys.stdin.readline):
            verb, name = order.split()
            print(await obey(house, verb, name), flush=True)  # noqa: T201 (a program's output)


if __name__ == "__main__":
    asyncio.run(main())
