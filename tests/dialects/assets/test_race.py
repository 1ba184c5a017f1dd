"""An asset has one holder at each moment, however many clients ask over HTTP."""

import asyncio
from dataclasses import dataclass, field

import pytest

from dialects.assets.conftest import Open
from dialects.assets.talk import CHECKIN, CHECKOUT, UNDO, Assets
from dialects.household import PASSWORD, Choices
from watchword.dialects.assets.options import Options

CLIENTS, PEOPLE, ROUNDS = 50, 5, 10
"""A journey does ten times as much, against a server of several processes."""


@dataclass
class Client:
    """Checks one asset out and in; all of them share a note of who has it."""

    assets: Assets
    token: str
    name: str
    note: list[str]
    had: int = 0
    refused: set[int] = field(default_factory=set)

    async def borrow(self, back: str) -> None:
        taken = await self._post(CHECKOUT)
        if "errorcode" in taken:
            self.refused.add(taken["errorcode"])
            return
        assert self.note == []
        self.note.append(self.name)
        # Whoever else could take it now, does.
        await asyncio.sleep(0)
        assert self.note == [self.name]
        self.note.clear()
        assert "errorcode" not in await self._post(back)
        self.had += 1

    async def _post(self, path: str) -> dict[str, int]:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.assets.http.post(path, headers=headers)
        body: dict[str, int] = answer.json()
        return body


@pytest.fixture
async def clients(opened: Open) -> list[Client]:
    """Ten clients of each of five people, each with a session of its own."""
    household, assets = await opened(Choices(options=Options(api_sessions_max=0)))
    note: list[str] = []
    found = []
    for number in range(CLIENTS):
        who = f"person-{number % PEOPLE}"
        if number < PEOPLE:
            await household.make(who)
        token = await assets.log_in(who, PASSWORD, f"client-{number}")
        found.append(Client(assets, token, f"{number}", note))
    return found


async def test_one_holder_at_each_moment(clients: list[Client]) -> None:
    """Fifty clients at once, again and again; each that got it gives it back, in either way."""

    async def again_and_again(client: Client, number: int) -> None:
        for _ in range(ROUNDS):
            await client.borrow(CHECKIN if number % 2 else UNDO)

    await asyncio.gather(*(again_and_again(one, n) for n, one in enumerate(clients)))

    assert sum(one.had for one in clients) > 1
    assert set().union(*(one.refused for one in clients)) == {409}
