"""The job that synchronises directories: what it tells, what ends it, and what a kill changes."""

import json
from datetime import timedelta
from typing import Any

import pytest

from fakes_directory import FakeDirectory
from jobs.turning import Bench, bench
from unit.core.conftest import ruled
from unit.core.staff import Staffed, staffed
from watchword.core.jobs.model import Lane, Needs, State
from watchword.core.kernel.errors import DeniedError, InvalidError, UnavailableError
from watchword.core.services.directoryrules import Creates, DirectoryRules
from watchword.jobs.book import Book
from watchword.jobs.flow import CancelledError, FlowFailedError
from watchword.jobs.flows import directory_sync
from watchword.jobs.flows.directory_sync import Mode, SyncParameters

NAME = "directory.sync"
MAKING = DirectoryRules(creates=Creates.SYNC)
AWAY = timedelta(seconds=1)
NOTHING = {"made": 0, "changed": 0, "opened": 0, "closed": 0, "kept": 0, "spared": 0, "refused": 0}


@pytest.fixture
def here() -> Staffed:
    return staffed(MAKING)


@pytest.fixture
async def desk(here: Staffed) -> Bench:
    return await bench(here.house, NAME)


async def run(desk: Bench, **told: Any) -> dict[str, Any]:  # noqa: ANN401 - parameters of a flow
    """Run one turn to its end."""
    result = await directory_sync.flow().run(SyncParameters(**told), await desk.turn())
    return dict(result)


async def report(desk: Bench) -> list[tuple[str, str, str]]:
    """Return who stands in the report, with what was done and why."""
    lines = [json.loads(one) for one in (await desk.output()).splitlines()]
    assert all(list(one) == ["directory", "login", "deed", "why"] for one in lines)
    return [(one["login"], one["deed"], one["why"]) for one in lines]


def with_another(here: Staffed, desk: Bench) -> FakeDirectory:
    """Add a second directory, under the same rules."""
    other = FakeDirectory(name="lab", domain="lab.example", netbios="LAB")
    here.directories.known["lab"] = other
    rules = ruled(directories={"corp": here.rules, "lab": here.rules})
    here.house.services = desk.services = here.house.under(rules)
    return other


async def test_what_it_is() -> None:
    """Heavy, one at a time, every quarter of an hour if there is something to look at."""
    flow = directory_sync.flow()

    assert (flow.name, flow.lane, flow.runs_alone) == (NAME, Lane.HEAVY, True)
    assert flow.schedule == "*/15 * * * *"
    assert directory_sync.flow(is_scheduled=False).schedule == ""


@pytest.mark.parametrize(
    "told",
    [
        {"stop_percent": 101},
        {"stop_percent": -1},
        {"stop_percent": "10"},
        {"mode": "half"},
        {"dry_run": "yes"},
        {"colour": "red"},
    ],
)
def test_what_makes_no_sense_is_refused(told: dict[str, object]) -> None:
    """Before there is a job of it."""
    book = Book(lambda: [directory_sync.flow()], list)

    with pytest.raises(InvalidError, match=next(iter(told))):
        book.read(NAME, told)


def test_who_may_start_it() -> None:
    """As an import; but only a person says that more shall be closed than is usual."""
    book = Book(lambda: [directory_sync.flow()], list)

    assert book.read(NAME, {}).needs is Needs.RUNNER
    assert book.read(NAME, {"dry_run": True}).needs is Needs.RUNNER
    assert book.read(NAME, {"stop_percent": 0}).needs is Needs.ADMIN


async def test_it_counts_and_reports(here: Staffed, desk: Bench) -> None:
    """The result has the counts, the report who is another than before, and nobody else."""
    for name in ("ada", "bob", "same"):
        here.directory.add(name)
    await here.enter("same")
    await here.house.add("bob")

    result = await run(desk)

    job = await desk.now()
    assert result == {
        **NOTHING,
        "seen": 3,
        "made": 1,
        "refused": 1,
        "dry_run": False,
        "looked_at": {"corp": "everybody"},
    }
    assert await report(desk) == [("bob", "refused", "name_held"), ("ada", "made", "")]
    assert (job.progress.done, job.progress.total, job.media) == (3, 3, "application/x-ndjson")
    assert job.progress.counts == {**NOTHING, "seen": 3, "made": 1, "refused": 1}


@pytest.mark.parametrize(
    ("mode", "looks"),
    [(Mode.AUTO, "changes"), (Mode.CHANGES, "changes"), (Mode.FULL, "everybody")],
)
async def test_whom_it_looks_at(here: Staffed, desk: Bench, mode: Mode, looks: str) -> None:
    """After the first time, at whoever changed, unless told otherwise."""
    here.directory.add("ada")
    await run(desk)

    again = await bench(here.house, NAME, key="again")
    result = await run(again, mode=mode)

    assert result["looked_at"] == {"corp": looks}
    assert await report(again) == []


async def test_a_dry_run_does_nothing(here: Staffed, desk: Bench) -> None:
    """It reports all the same, and so does one that would stop."""
    for number in range(20):
        here.directory.add(f"user{number:02}")
    first = await run(desk, dry_run=True)
    none = dict(here.house.storage.rows.accounts)
    await run(await bench(here.house, NAME, key="real"))
    here.directory.entries.clear()

    again = await bench(here.house, NAME, key="again")
    result = await run(again, dry_run=True, mode=Mode.FULL)

    assert (first["made"], first["dry_run"], first["would_stop"], none) == (20, True, [], {})
    assert (result["closed"], result["would_stop"]) == (20, ["corp"])
    assert ("user00", "closed", "gone") in await report(again)
    assert all(one.is_active for one in here.house.storage.rows.accounts.values())


async def test_a_stop_says_how_to_go_on(here: Staffed, desk: Bench) -> None:
    """How many, how many may, that none was closed, and the very command."""
    for number in range(30):
        here.directory.add(f"user{number:02}")
    await run(desk)
    for number in range(4):
        here.directory.remove(f"user{number:02}")

    stopped = await bench(here.house, NAME, key="stopped")
    with pytest.raises(FlowFailedError) as caught:
        await run(stopped)

    words = str(caught.value)
    assert words == (
        "corp: 4 of 30 accounts would be closed, and more than 3 at once are not closed unasked:"
        " none of them was. Look at who they are: `watchword directory sync corp --dry-run`. If"
        " that is right, say so: `watchword directory sync corp --stop-percent 14`."
    )
    assert ("user03", "spared", "gone") in await report(stopped)
    assert (await stopped.now()).progress.counts["spared"] == 4
    assert (await run(await bench(here.house, NAME, key="yes"), stop_percent=14))["closed"] == 4


async def test_a_stop_of_a_whole_look_names_the_whole_look(here: Staffed, desk: Bench) -> None:
    """A look at what changed might not see it again: settings may have changed, not people."""
    for number in range(4):
        here.directory.add(f"user{number:02}")
    await run(desk)
    here.directory.entries.clear()

    full = await bench(here.house, NAME, key="full")
    with pytest.raises(FlowFailedError, match="sync corp --full --stop-percent 100`"):
        await run(full, mode=Mode.FULL)


async def test_started_again_it_looks_again(here: Staffed, desk: Bench) -> None:
    """What it stopped for may be over; the report says where it began anew."""
    for number in range(4):
        here.directory.add(f"user{number:02}")
    await run(desk)
    everybody = dict(here.directory.entries)
    here.directory.entries.clear()
    stopped = await bench(here.house, NAME, key="stopped")
    with pytest.raises(FlowFailedError):
        await run(stopped, mode=Mode.FULL)
    here.directory.entries.update(everybody)

    result = await run(stopped, mode=Mode.FULL)

    assert (result["seen"], result["spared"]) == (4, 0)
    assert [deed for _, deed, _ in await report(stopped)] == [*["spared"] * 4, "begun-again"]


async def test_without_a_service_account_it_says_what_to_set(here: Staffed, desk: Bench) -> None:
    """Nobody can be looked at."""
    here.directory.looks = False

    with pytest.raises(FlowFailedError, match=r"directories\.corp\.bind_user"):
        await run(desk)


async def test_a_directory_that_there_is_none_of(here: Staffed, desk: Bench) -> None:
    """Those that there are, are named; where there is none at all, that is said."""
    with pytest.raises(FlowFailedError, match="There are: corp"):
        await run(desk, directory="other")
    here.directories.known.clear()
    with pytest.raises(FlowFailedError, match="name no directory"):
        await run(desk)


async def test_several_are_looked_at_one_after_the_other(here: Staffed, desk: Bench) -> None:
    """One that nobody can be looked at in is left out and told; counts are those of all."""
    here.directory.add("ada")
    with_another(here, desk).add("bob")
    blind = FakeDirectory(name="blind", looks=False)
    here.directories.known["blind"] = blind

    result = await run(desk)

    assert result["looked_at"] == {"corp": "everybody", "lab": "everybody"}
    assert result["without_service_account"] == ["blind"]
    assert (result["seen"], result["made"]) == (2, 2)
    assert (await desk.now()).progress.done == 2


async def test_an_answer_is_for_one_directory(here: Staffed, desk: Bench) -> None:
    """A percentage that was meant for one closes nobody of another."""
    with_another(here, desk)

    with pytest.raises(FlowFailedError, match="name it"):
        await run(desk, stop_percent=50)
    assert (await run(desk, directory="lab", stop_percent=50))["looked_at"] == {"lab": "everybody"}


async def test_one_that_is_away_keeps_no_other_from_being_looked_at(
    here: Staffed, desk: Bench
) -> None:
    """It is tried again, and the others are not; a turn in vain stays one."""
    here.directory.add("ada")
    with_another(here, desk).add("bob")
    here.directory.away = AWAY

    with pytest.raises(UnavailableError, match="watchword directory test corp"):
        await run(desk)
    tries = [(await desk.now()).tries]
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await run(desk)
        tries.append((await desk.now()).tries)
    here.directory.away = None
    result = await run(desk)

    assert tries == [0, 1, 2]
    assert (result["seen"], result["made"]) == (2, 2)
    assert await report(desk) == [("bob", "made", ""), ("ada", "made", "")]


async def test_a_stop_of_one_is_told_after_the_others_are_done(here: Staffed, desk: Bench) -> None:
    """Whichever comes first."""
    for number in range(4):
        here.directory.add(f"user{number:02}")
    other = with_another(here, desk)
    await run(desk)
    here.directory.entries.clear()
    other.add("bob")

    again = await bench(here.house, NAME, key="again")
    with pytest.raises(FlowFailedError, match=r"^corp: 4 of 4 accounts"):
        await run(again, mode=Mode.FULL)

    assert ("bob", "made", "") in await report(again)


async def test_what_is_cut_off_begins_anew_and_counts_once(here: Staffed) -> None:
    """What was done stays done; the counts are those of the look that came to its end."""
    here.directory.at_once = 2
    for number in range(5):
        here.directory.add(f"user{number}")
    desk = await bench(here.house, NAME)
    first = await desk.turn()
    first.cancel()
    with pytest.raises(CancelledError):
        await directory_sync.flow().run(SyncParameters(), first)
    made = len(here.house.storage.rows.accounts)

    result = await run(desk)

    assert made == 2
    assert (result["seen"], result["made"]) == (5, 3)
    assert [deed for _, deed, _ in await report(desk)] == [
        *["made"] * 2,
        "begun-again",
        *["made"] * 3,
    ]


async def test_a_commit_that_failed_is_counted_once(here: Staffed, desk: Bench) -> None:
    """Something stands against one of a portion, and each is stored by itself."""
    here.directory.add("ada")
    here.directory.add("bob")
    await run(desk)
    await here.house.add("held")
    here.directory.change("ada", name="held", login="held")
    here.directory.change("bob", first_name="Bob")

    again = await bench(here.house, NAME, key="again")
    result = await run(again)

    assert await report(again) == [("held", "refused", "name_held"), ("bob", "changed", "names")]
    assert (result["seen"], result["changed"], result["refused"]) == (2, 1, 1)


async def test_one_that_was_taken_over_does_nothing(here: Staffed, desk: Bench) -> None:
    """Another worker has the job."""
    here.directory.add("ada")
    old = await desk.turn()
    await desk.turn()

    with pytest.raises(DeniedError):
        await directory_sync.flow().run(SyncParameters(), old)

    assert here.house.storage.rows.accounts == {}


async def test_how_far_it_is(here: Staffed, desk: Bench) -> None:
    """Of as many as have an account; nobody knows how many people there are beside them."""
    here.directory.at_once = 1
    for name in ("ada", "bob", "eve"):
        here.directory.add(name)
    await here.enter("ada")
    await here.enter("bob")
    here.directory.portions = 1
    with pytest.raises(UnavailableError):
        await run(desk)
    progress = (await desk.now()).progress
    here.directory.portions = None
    await run(desk)

    assert (progress.done, progress.total, progress.note) == (1, 2, "corp")
    assert (await desk.now()).progress.total == 3
    assert (await desk.now()).state is not State.COMPLETED
