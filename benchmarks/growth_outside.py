"""What is measured at the servers themselves, over HTTP: checks, one at a time, and the start."""

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from growth_rows import KEYS_EVERY, PASSWORD, key_text, name
from processes import PATIENCE_S, Running, watchword

PEOPLE = 150
"""So many accounts, drawn at random, log in before; each is then looked at."""

STARTS = 3
WARM_ROUNDS = 5
AT_ONCE = 10
"""So many checks at one server, then the next one's turn: the speed of the machine drifts."""

PATH = "/api/auth/me"

Header = tuple[str, str]


@dataclass
class Place:
    """One store and its server: who is looked at there, and how long things took."""

    folder: Path
    accounts: int
    options: list[str]
    taken: dict[str, list[float]] = field(default_factory=dict)
    headers: dict[str, list[Header]] = field(default_factory=dict)

    def note(self, name: str, figures: Sequence[float]) -> None:
        self.taken.setdefault(name, []).extend(figures)


def measure(places: Sequence[Place]) -> None:
    """Note milliseconds, and the memory of an idle server in MiB, at each place."""
    for place in places:
        _log_people_in(place)
    for _ in range(STARTS):
        with ExitStack() as stack:
            opened = [(place, stack.enter_context(_served(place))) for place in places]
            for kind in ("token", "key"):
                _in_turns(opened, f"cold check of a {kind}, after a start", kind)
                for _ in range(WARM_ROUNDS):
                    _in_turns(opened, f"check of a {kind}", kind)


def _log_people_in(place: Place) -> None:
    chance = Random(place.accounts)  # noqa: S311 - the same people at each run
    drawn = chance.sample(range(1, place.accounts // 3), min(PEOPLE, place.accounts // 4))
    with watchword(place.folder, *place.options) as running:
        tokens = [_token(running, name(number)) for number in drawn]
    keys = [key_text(number // KEYS_EVERY * KEYS_EVERY) for number in drawn]
    place.headers["token"] = [("Authorization", f"Bearer {one}") for one in tokens]
    # Two of those drawn may share a key; the second look at it is not cold.
    place.headers["key"] = [("X-Authorization", one) for one in dict.fromkeys(keys)]


def _token(running: Running, who: str) -> str:
    body = {"username": who, "password": PASSWORD}
    status, answer = running.ask("POST", "/api/auth/login", body)
    if status != http.client.OK:
        raise SystemExit(f"a log-in answered {status}: {answer!r}")
    return str(json.loads(answer)["access_token"])


@contextmanager
def _served(place: Place) -> Iterator[http.client.HTTPConnection]:
    with watchword(place.folder, *place.options) as running:
        place.note("start until ready", [running.ready_s * 1000])
        place.note("memory of an idle server, MiB", [running.rss_mib])
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE_S)
        for _ in range(WARM_ROUNDS):
            _ask(connection, ("Authorization", "Bearer nobody"), http.client.UNAUTHORIZED)
        yield connection
        connection.close()


def _in_turns(
    opened: Sequence[tuple[Place, http.client.HTTPConnection]], said: str, kind: str
) -> None:
    """Send each header once, some at one server, then some at the next."""
    longest = max(len(place.headers[kind]) for place, _ in opened)
    for begin in range(0, longest, AT_ONCE):
        for place, connection in opened:
            some = place.headers[kind][begin : begin + AT_ONCE]
            place.note(said, [_ask(connection, header, http.client.OK) for header in some])


def _ask(connection: http.client.HTTPConnection, header: Header, wanted: int) -> float:
    began = time.perf_counter()
    connection.request("GET", PATH, headers=dict([header]))
    answer = connection.getresponse()
    answer.read()
    if answer.status != wanted:
        raise SystemExit(f"a check answered {answer.status}")
    return (time.perf_counter() - began) * 1000
