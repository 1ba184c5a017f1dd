"""API keys in the journeys: how they come into being, and how they are used."""

import json
from dataclasses import dataclass
from typing import Any

from journeys.people import ADMIN, Person
from parts.line import Line
from parts.peer import Answer
from parts.server import Store, command

ADD, LIST, DELETE = (f"/authheader/{verb}" for verb in ("add", "list", "delete"))
SECURE, FEED = "/test/secure", "/revocations"
FEED_SCOPE = "revocations:read"

Document = dict[str, Any]  # what `--json` prints


@dataclass(frozen=True, slots=True)
class Key:
    """An API key that somebody holds."""

    id: str
    text: str


async def add(line: Line, owner: Person, name: str = "nightly report") -> Key:
    """Make a key as its owner does over HTTP."""
    answer = await line.ask("POST", ADD, {"name": name}, token=owner.token)
    assert answer.status == 200, answer
    return Key(answer.document["id"], answer.document["token"])


async def delete(line: Line, owner: Person, text: str) -> None:
    """Delete a key, by itself or by its id."""
    answer = await line.ask("POST", DELETE, {"text": text}, token=owner.token)
    assert answer.status == 200, answer


async def use(line: Line, key: Key, path: str = SECURE) -> Answer:
    return await line.ask("GET", path, headers=[f"X-Authorization: {key.text}"])


def create(store: Store, *options: str, owner: str = ADMIN) -> Key:
    """Make a key as the operator does."""
    return made_by(store, "create", owner, "--name", "by the operator", *options)


def rotate(store: Store, key: Key, *options: str) -> Key:
    return made_by(store, "rotate", key.id, *options)


def made_by(store: Store, *words: str) -> Key:
    document = order(store, *words)
    return Key(document["api_key"]["id"], document["key"])


def listed(store: Store) -> dict[str, Document]:
    """Return what the operator is shown of each key, by its id."""
    return {one["id"]: one for one in order(store, "list")["api_keys"]}


def order(store: Store, *words: str) -> Document:
    """Run `watchword apikey`, and return what it says."""
    ran = command(store, "apikey", *words, "--json")
    assert ran.returncode == 0, ran.stderr
    document: Document = json.loads(ran.stdout)
    return document
