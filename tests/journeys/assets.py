"""Clients of the assets API in the journeys: how they log in, and how they check out."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from journeys.people import ADMIN, PASSWORD
from parts.line import Line

Document = dict[str, Any]  # what an answer says

CHECKOUTS = "/services/checkouts"


@dataclass(frozen=True, slots=True)
class Client:
    """A program that is logged in, and what it calls itself."""

    line: Line
    token: str
    name: str

    async def check_out(self, asset: str) -> Document:
        return await self.post(f"/services/checkout/{asset}")

    async def check_in(self, asset: str) -> Document:
        return await self.post(f"/services/checkin/{asset}")

    async def give_up(self, asset: str) -> Document:
        return await self.post(f"/services/undocheckout/{asset}")

    async def post(self, path: str) -> Document:
        answer = await self.line.ask("POST", path, token=self.token)
        assert answer.status == 200, answer
        document: Document = answer.document
        return document

    async def held(self, *, of_all: bool = False) -> list[str]:
        """Return all assets that the caller has, or everybody, however many pages they fill."""
        found: list[str] = []
        path = f"{CHECKOUTS}?all=true" if of_all else CHECKOUTS
        while path:
            answer = await self.line.ask("GET", path, token=self.token)
            assert answer.status == 200, answer
            found += [one["assetId"] for one in answer.document["checkouts"]]
            path = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
        return found


async def log_in(line: Line, name: str = ADMIN, client: str = "") -> Client:
    """Log a program in, as most of them do: by the query."""
    query = urlencode({"username": name, "password": PASSWORD, "clientId": client})
    answer = await line.ask("POST", f"/services/apilogin?{query}")
    assert answer.document["loginSuccess"], answer
    return Client(line, answer.document["authToken"], client)
