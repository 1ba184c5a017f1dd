"""Flows that other packages bring: the example of the page, and some that are bad."""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from journeys import jobs, people
from journeys.jobs import Runner
from journeys.people import WITH_ADMIN
from parts import database
from parts.flowpackage import install
from parts.line import Line
from parts.server import FOR_ALL, Store, command, refuses_to_start, serving
from parts.waiting import eventually
from watchword.jobs.book import GROUP

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "flows.md"
SETTINGS = {**WITH_ADMIN, **FOR_ALL}
AGED = "UPDATE signing_keys SET created_at = created_at - 7200000000"
FLOW = "acme.outsiders"

BAD = """
from watchword.jobs.flow import Flow, Parameters

raise RuntimeError("a-password")
"""

ODD = """
import os, sys

from watchword.jobs.flow import Flow, Lane, Parameters

nothing = "no flow at all"


async def _prints(told, turn):
    print("printed by a flow")
    sys.stdout.flush()
    os.write(1, b"written by a flow\\n")
    return {}


def _named(name):
    return Flow(name=name, summary="Prints.", parameters=Parameters, run=_prints)


prints, other, export = _named("odd.prints"), _named("odd.another"), _named("accounts.export")
"""
ODDITIES = {
    "odd.prints": "odd_flows:prints",
    "odd.other": "odd_flows:other",
    "odd.nothing": "odd_flows:nothing",
    "odd.missing": "odd_flows:missing",
    "accounts.export": "odd_flows:export",
}


class Example(NamedTuple):
    """What the page has somebody write."""

    code: str
    entries: dict[str, str]


@pytest.fixture(scope="module")
def example() -> Example:
    text = PAGE.read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.+?)```", text, re.DOTALL)
    [project] = re.findall(r"```toml\n(.+?)```", text, re.DOTALL)
    return Example(code, tomllib.loads(project)["project"]["entry-points"][GROUP])


async def test_the_example_works(sqlite_store: Store, tmp_path: Path, example: Example) -> None:
    """As it stands on the page: it is listed, started and downloaded like ours."""
    settings = SETTINGS | install(tmp_path / "site", "acme_flows", *example)

    with serving(sqlite_store, settings=settings) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            for name, domain in (("ada", "acme.example"), ("bob", "elsewhere.example")):
                make(sqlite_store, name, f"{name}@{domain}")
            job = await runner.start(FLOW, domain="acme.example")
            ended, result = await runner.ended(job), await runner.result(job)
            wrong = await runner.ended(await runner.start(FLOW, domain="a@b"))
            refused = await runner.try_start(FLOW, {"domain": 5})

    assert (ended["status"], ended["result"]) == ("Completed", {"outside": 1})
    assert result.body == b"bob,bob@elsewhere.example\n"
    assert (wrong["status"], wrong["error"]) == ("Failed", "`domain` is what follows the @.")
    assert refused.status == 422


async def test_its_schedule_can_be_set(
    sqlite_store: Store, tmp_path: Path, example: Example
) -> None:
    """By its name; and the minute that passed while nothing ran is made up for."""
    installed = install(tmp_path / "site", "acme_flows", *example)
    times = {"WATCHWORD_JOBS__SCHEDULES": f'{{"{FLOW}": "* * * * *"}}'}
    with serving(sqlite_store, settings=SETTINGS) as server:
        assert server.stop() == 0
    await database.run(sqlite_store, AGED)

    with serving(sqlite_store, settings=SETTINGS | installed | times) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            ended = await runner.ended(await started_by_itself(runner))

    assert ended["status"] == "Completed"


async def test_what_cannot_be_loaded_is_left_out(sqlite_store: Store, tmp_path: Path) -> None:
    """The log says what it is, and nobody else suffers; what a flow prints is in the log too."""
    site = tmp_path / "site"
    settings = SETTINGS | install(site, "odd_flows", ODD, ODDITIES)
    install(site, "bad_flows", BAD, {"bad.flow": "bad_flows:flow"})

    with serving(sqlite_store, settings=settings) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            unknown = await runner.try_start("bad.flow")
            printed = await runner.ended(await runner.start("odd.prints"))
            export = await runner.ended(await runner.start("accounts.export"))
    told = server.told()

    assert unknown.status == 422
    assert (printed["status"], printed["result"]) == ("Completed", {})
    assert export["result"]["accounts"] == 1
    for flow in ("bad.flow", "odd.other", "odd.nothing", "odd.missing"):
        assert f'"event":"flow cannot be loaded","logger":"watchword.jobs","flow":"{flow}"' in told
    assert '"event":"flow left out: its name is taken"' in told
    assert "a-password" not in told
    assert "printed by a flow" in told
    assert "written by a flow" in told


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ('{"acme.outsiders": "0 3 * * *"}', "acme.outsiders: there is no such flow."),
        ('{"mail.send": "soon"}', "mail.send: 'soon' is no time of cron: it has 5 fields."),
        ('{"accounts.import": "0 3 * * *"}', "accounts.import: it cannot start by itself: "),
    ],
)
def test_a_schedule_that_makes_no_sense_is_told_at_the_start(
    sqlite_store: Store, times: str, said: str
) -> None:
    """The server does not start, and neither does a worker."""
    settings = {**WITH_ADMIN, "WATCHWORD_JOBS__SCHEDULES": times}
    command(sqlite_store, "migrate")

    code, told = refuses_to_start(sqlite_store, settings=settings)
    worker = command(sqlite_store, "worker", settings=settings)

    assert (code, worker.returncode) == (3, 3)
    assert f"jobs.schedules, {said}" in told
    assert f"jobs.schedules, {said}" in worker.stderr


async def started_by_itself(runner: Runner) -> int:
    """Wait for the first job of the flow that nobody asked for; return its number."""

    async def look() -> int | None:
        found = (await runner.ask("GET", f"{jobs.JOBS}?flow={FLOW}")).document
        return found["jobs"][-1]["jobId"] if found["jobs"] else None

    return await eventually(look, within=10)


def make(store: Store, name: str, email: str) -> None:
    made = command(
        store,
        "account",
        "create",
        name,
        "--email",
        email,
        "--password-stdin",
        typed=f"{people.PASSWORD}\n",
    )
    assert made.returncode == 0, made.stderr
