"""A thousand people of Active Directory get accounts, and ten who change are seen among them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from journeys.directory import BY_HAND, Document, command, settings_of
from parts.database import run
from parts.domain import BASE_DN, ELSEWHERE, Domain
from parts.jobworker import JobWorker, working
from parts.server import Store, peak_mib

pytestmark = pytest.mark.slow

THOUSAND, HUNDRED = "OU=Thousand", "OU=Hundred,OU=Thousand"
LARGE, SMALL = 1000, 100
ROOM_MIB = 16.0
"""How much more memory a look at a thousand may take; a page of them is about four."""


@dataclass
class Clerk:
    """Whoever synchronises the people below one place, with a worker of their own."""

    store: Store
    settings: dict[str, str]
    worker: JobWorker

    def sync(self, *words: str) -> tuple[Document, float]:
        """Return what came of it, and how many seconds the command took."""
        began = time.monotonic()
        ran = command(self.store, self.settings, "directory", "sync", "corp", *words, "--json")
        assert ran.returncode == 0, ran
        result: Document = json.loads(ran.stdout)["job"]["result"]
        return result, time.monotonic() - began


def at(store: Store, domain: Domain, place: str) -> tuple[Store, dict[str, str]]:
    settings = settings_of(domain, base=f"{place},{BASE_DN}", create="sync")
    made = command(store, settings, "migrate")
    assert made.returncode == 0, made
    return store, {**BY_HAND, **settings}


def peak_of_a_few(store: Store, domain: Domain) -> float:
    """Return the memory that a worker takes which looks at a hundred people."""
    store, settings = at(store, domain, HUNDRED)
    with working(store, settings=settings) as worker:
        told, _ = Clerk(store, settings, worker).sync("--full")
        assert told["made"] == SMALL
        return peak_mib(worker.process.pid)


def change_ten(domain: Domain, names: list[str]) -> None:
    """Let ten be another than they were: four left, of whom three are still there."""
    first, second, third, *others = names
    domain.disable(first)
    domain.delete(second)
    domain.move(third, ELSEWHERE)
    domain.rename(others[0], "renamed-of-many")
    for name in others[1:7]:
        domain.replace(name, mail=f"{name}@changed.example")


async def test_a_thousand_people(
    own_domain: Domain, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """All of them once, then whoever changed; memory does not grow with their number."""
    for ou in (THOUSAND, HUNDRED):
        own_domain.new_ou(ou)
    own_domain.new_crowd(SMALL, prefix="hundred", ou=HUNDRED)
    names = [
        one.name for one in own_domain.new_crowd(LARGE - SMALL, prefix="thousand", ou=THOUSAND)
    ]
    small = peak_of_a_few(Store(tmp_path / "few"), own_domain)
    store, settings = at(Store(tmp_path / "many"), own_domain, THOUSAND)

    with working(store, settings=settings) as worker:
        clerk = Clerk(store, settings, worker)
        whole, whole_s = clerk.sync("--full")
        large = peak_mib(worker.process.pid)
        nothing, _ = clerk.sync()
        change_ten(own_domain, names[:10])
        changed, changed_s = clerk.sync()
    after = {row[0]: row[1] for row in await run(store, "SELECT name, state FROM accounts")}

    tell(f"{LARGE} people: {whole_s:.1f} s, {large:.1f} MiB; {SMALL}: {small:.1f} MiB")
    tell(f"10 changes of {LARGE}: {changed_s:.1f} s with the start of the program")
    assert (whole["made"], whole["looked_at"]) == (LARGE, {"corp": "everybody"})
    assert (nothing["looked_at"], nothing["changed"]) == ({"corp": "changes"}, 0)
    assert changed["looked_at"] == {"corp": "changes"}
    assert (changed["closed"], changed["changed"], changed["made"]) == (3, 7, 0)
    assert sum(state == "active" for state in after.values()) == LARGE - 3
    assert [after[name] for name in names[:3]] == ["disabled"] * 3
    assert after["renamed-of-many"] == "active"
    assert large - small < ROOM_MIB
