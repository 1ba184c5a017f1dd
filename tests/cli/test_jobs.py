"""`watchword job`, on jobs that nobody works on but the test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.shell import Shell
from cli.steering import FLOW, IMPORT, Hand, keeping_workers_away
from watchword.core.jobs.model import State

KEYS = {
    *("id", "flow", "state", "parameters", "owner", "owner_name", "key", "lane"),
    *("done", "total", "counts", "note", "tries", "cancel_asked", "error", "result", "output"),
    *("created_at", "due_at", "started_at", "finished_at"),
}
NOBODY_HAS = "9"
NOBODY = 65_534
ESCAPE = "\x1b[2Jgone\x9b31m\u202e"


@pytest.fixture
def hand(each_shell: Shell) -> Iterator[Hand]:
    with keeping_workers_away(each_shell):
        yield Hand(each_shell)


@pytest.fixture
def sqlite_hand(shell: Shell) -> Iterator[Hand]:
    """The same where the engine makes no difference."""
    with keeping_workers_away(shell):
        yield Hand(shell)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder with a store in it that we may read and not write: root could do both."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "users.csv").write_text("name\nada\n")
    (folder / "users.csv").chmod(0o644)
    Shell(folder / "data").ask("migrate")
    for path in (*(folder / "data").iterdir(), folder / "data"):
        path.chmod(0o555)
    if not os.geteuid():
        os.seteuid(NOBODY)
    yield folder
    os.seteuid(os.getuid())
    (folder / "data").chmod(0o755)
    shutil.rmtree(folder)


def test_flows_say_what_they_take(sqlite_hand: Hand) -> None:
    """By name: what it does, who may start it, what it can be told and what counts otherwise."""
    shell = sqlite_hand.shell

    found = {one["name"]: one for one in shell.ask("job", "flows")["flows"]}
    told = shell.run("job", "flows").out

    assert list(found) == sorted(found)
    assert {FLOW, IMPORT, "backup.create", "mail.send"} <= set(found)
    assert found["backup.create"]["needs"] == "admin"
    assert found["backup.create"]["runs_alone"]
    assert found["mail.send"]["lane"] == "light"
    assert found[FLOW]["schema"]["$defs"]
    assert f"{IMPORT}\n  {found[IMPORT]['summary']}\n" in told
    assert "Who may: admins, and API keys with jobs:run. Lane: heavy." in told
    assert "Who may: admins. Lane: heavy; one at a time." in told
    assert "  --set path=TEXT  (needed)\n" in told
    assert "  --set dry_run=true|false  (default false)\n" in told
    assert "  --set hash_options=TEXT  (default empty)\n" in told


def test_a_job_is_started_and_looked_at(hand: Hand) -> None:
    """It is there at once, for programs and for people, in the list and by its number."""
    shell = hand.shell

    ran = shell.run("job", "start", FLOW, "--no-wait", "--set", "format=jsonl")
    job = shell.ask("job", "show", "1")["job"]
    listed = shell.ask("job", "list")
    page, row = shell.run("job", "show", "1").out, shell.run("job", "list").out.splitlines()[1]

    assert ran.out == f"Started job 1 ({FLOW}). Watch it with: watchword job watch 1\n"
    assert (ran.code, ran.err) == (0, "")
    assert set(job) == KEYS
    assert (job["id"], job["flow"], job["state"]) == (1, FLOW, "not-started")
    assert job["parameters"] == {"format": "jsonl", "with_hashes": False}
    assert (job["owner"], job["owner_name"]) == ("operator", "operator")
    assert (job["result"], job["output"], job["started_at"]) == (None, None, None)
    assert listed == {"jobs": [job], "next": None}
    assert page.startswith(f"Id:        1\nFlow:      {FLOW}\nState:     not-started\n")
    assert "Parameters:\n  format: jsonl\n" in page
    assert row.split()[:4] == ["1", FLOW, "not-started", "operator"]


def test_how_far_a_job_is_stands_everywhere(sqlite_hand: Hand) -> None:
    """In the list and on its page: parts of a hundred, its own counts, its note."""
    shell, number = sqlite_hand.shell, sqlite_hand.starts()
    sqlite_hand.begins(number)
    sqlite_hand.gets(number, 30, 120, counts={"read": 30, "refused": 2}, note="half way there")

    job = shell.ask("job", "show", "1")["job"]
    page, row = shell.run("job", "show", "1").out, shell.run("job", "list").out.splitlines()[1]

    assert (job["state"], job["done"], job["total"]) == ("running", 30, 120)
    assert (job["counts"], job["note"]) == ({"read": 30, "refused": 2}, "half way there")
    assert "Done:      25 % (30 of 120)\nCounts:    read 30, refused 2\n" in page
    assert "Note:      half way there\n" in page
    assert "25 % (30 of 120)" in row


def test_the_owner_is_called_by_name(sqlite_hand: Hand) -> None:
    """Where an account asked for it; what the server starts is the schedule's."""
    shell = sqlite_hand.shell
    ada = shell.has("ada", "--role", "admin")["id"]
    shell.has("schedule")
    sqlite_hand.starts()
    sqlite_hand.starts()
    shell.sets(f"UPDATE jobs SET owner = '{ada}' WHERE id = 1")  # noqa: S608 - our own id
    shell.sets("UPDATE jobs SET owner = 'schedule' WHERE id = 2")

    jobs = shell.ask("job", "list")["jobs"]

    assert [(one["id"], one["owner"], one["owner_name"]) for one in jobs] == [
        (2, "schedule", "schedule"),
        (1, ada, "ada"),
    ]


def test_jobs_are_chosen_by_flow_and_state(hand: Hand) -> None:
    """Newest first; each alone and both together; a long list goes on."""
    shell = hand.shell
    first, second, third = hand.starts(), hand.starts(flow="sessions.purge"), hand.starts()
    hand.does(first, state=State.FAILED, error="It broke.")

    def ids(*words: str) -> list[int]:
        return [one["id"] for one in shell.ask("job", "list", *words)["jobs"]]

    page = shell.ask("job", "list", "--limit", "2")

    assert ids() == [third, second, first]
    assert ids("--flow", FLOW) == [third, first]
    assert ids("--state", "failed") == [first]
    assert ids("--state", "not-started", "--flow", FLOW) == [third]
    assert [one["id"] for one in page["jobs"]] == [third, second]
    assert ids("--after", page["next"]) == [first]


def test_a_list_without_jobs_says_so(sqlite_hand: Hand) -> None:
    """A sentence for people, an empty array for programs; what is no state is not understood."""
    shell = sqlite_hand.shell

    every, some = shell.run("job", "list"), shell.run("job", "list", "--state", "failed")
    wrong = shell.run("job", "list", "--state", "lost", "--json")

    assert (every.out, some.out) == ("There are no jobs.\n", "There are no such jobs.\n")
    assert shell.ask("job", "list") == {"jobs": [], "next": None}
    assert (wrong.code, wrong.error["code"]) == (2, "usage")
    assert "'not-started'" in wrong.error["message"]


@pytest.mark.parametrize("verb", ["show", "watch", "cancel", "restart", "result"])
def test_a_number_that_no_job_has(sqlite_hand: Hand, verb: str) -> None:
    """Is not found, and the way to the list is told. What is no number is not understood."""
    shell = sqlite_hand.shell

    missing = shell.run("job", verb, NOBODY_HAS, "--json")
    largest = shell.run("job", verb, str(2**63 - 1))
    wrong = [shell.run("job", verb, text).code for text in ("0", str(2**63), "x", "1.5")]

    assert (missing.code, missing.error["code"]) == (1, "not_found")
    assert "watchword job list" in missing.error["message"]
    assert largest.code == 1
    assert wrong == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("no.such",), "flow_unknown", "There are accounts.export, "),
        ((FLOW, "--set", "colour=red"), "parameters_invalid", "unknown field `colour`"),
        ((FLOW, "--set", "format=xml"), "parameters_invalid", "Invalid enum value 'xml'"),
        ((FLOW, "--set", "with_hashes=maybe"), "parameters_invalid", "Expected `bool`"),
        ((IMPORT,), "parameters_invalid", "missing required field `path`"),
        ((FLOW, "--key", "k" * 256), "job_key_invalid", "255"),
        ((FLOW, "--key", "ünique"), "job_key_invalid", "ASCII"),
    ],
)
def test_what_a_flow_does_not_take_is_refused(
    sqlite_hand: Hand, words: tuple[str, ...], code: str, why: str
) -> None:
    """In the words of the flow, and there is no job of it."""
    shell = sqlite_hand.shell

    ran = shell.run("job", "start", *words, "--json")

    assert (ran.code, ran.error["code"]) == (1, code)
    assert why in ran.error["message"]
    assert shell.ask("job", "list")["jobs"] == []


def test_the_operator_may_have_hashes(sqlite_hand: Hand) -> None:
    """What no API gives out, the command line does."""
    sqlite_hand.starts("--set", "with_hashes=true")

    job = sqlite_hand.shell.ask("job", "show", "1")["job"]

    assert job["parameters"]["with_hashes"] is True


def test_the_same_wish_under_a_key_is_one_job(hand: Hand) -> None:
    """However far it is; another wish under the key is refused."""
    shell = hand.shell
    words = ("job", "start", FLOW, "--key", "nightly")

    first = shell.ask(*words, "--no-wait")["job"]
    hand.does(first["id"], result='{"accounts": 0}')
    again = shell.run(*words, "--no-wait")
    waited = shell.run(*words)
    other = shell.run(*words, "--set", "format=jsonl", "--json")

    assert again.out == f"Job 1 ({FLOW}) is there under this key: completed.\n"
    assert (again.code, waited.code) == (0, 0)
    assert waited.out.startswith(f"Job 1 ({FLOW}): completed after ")
    assert (other.code, other.error["code"]) == (1, "job_key_reused")
    assert len(shell.ask("job", "list")["jobs"]) == 1


def test_one_at_a_time(sqlite_hand: Hand) -> None:
    """A flow that runs alone has one job that is not over."""
    sqlite_hand.starts(flow="sessions.purge")

    ran = sqlite_hand.shell.run("job", "start", "sessions.purge", "--no-wait", "--json")

    assert (ran.code, ran.error["code"]) == (1, "flow_busy")


def test_cancelling(hand: Hand) -> None:
    """One that waits is over at once, one that runs is told to stop, one that is over stays so."""
    shell, waits, runs = hand.shell, hand.starts(), hand.starts()
    hand.begins(runs)
    hand.gets(runs, 1)

    at_once, told = (shell.run("job", "cancel", str(one)) for one in (waits, runs))
    page = shell.run("job", "show", str(runs)).out
    again = shell.run("job", "cancel", str(waits), "--json")

    assert at_once.out == "Job 1 is cancelled.\n"
    assert told.out == "Job 2 was told to stop, and will.\n"
    assert "State:     running, stopping\n" in page
    assert (again.code, again.error["code"]) == (1, "job_over")


def test_starting_again(hand: Hand) -> None:
    """What failed or was cancelled goes on; what is done, or is not over, does not."""
    shell = hand.shell
    failed, completed, waits = hand.starts(), hand.starts(), hand.starts()
    hand.does(failed, state=State.FAILED, error="It broke.")
    hand.does(completed)

    ran = shell.run("job", "restart", str(failed))
    job = shell.ask("job", "show", str(failed))["job"]
    codes = [
        shell.run("job", "restart", str(one), "--json").error["code"] for one in (completed, waits)
    ]

    assert ran.out == "Job 1 goes on. Watch it with: watchword job watch 1\n"
    assert (job["state"], job["finished_at"]) == ("queued", None)
    assert codes == ["job_over", "job_not_over"]


def test_watching_what_is_over_tells_how_it_ended(hand: Hand) -> None:
    """The exit code is 0 only for what was completed; the document is the same for both."""
    shell = hand.shell
    done, broke, left = hand.starts(), hand.starts(), hand.starts()
    hand.begins(done)
    hand.gets(done, 3, 3, counts={"read": 3})
    hand.ends(done, result='{"read": 3, "place": "there"}')
    hand.does(broke, state=State.FAILED, error="The disk is full.")
    shell.run("job", "cancel", str(left))

    ran = {one: shell.run("job", "watch", str(one)) for one in (done, broke, left)}
    documents = {one: shell.run("job", "watch", str(one), "--json") for one in (done, broke)}

    assert [ran[one].code for one in (done, broke, left)] == [0, 1, 1]
    assert ran[done].out.startswith(f"Job 1 ({FLOW}): completed after ")
    assert ran[done].out.endswith(" s.\n  read: 3\n  place: there\n")
    assert "Error: The disk is full.\n" in ran[broke].out
    assert ran[broke].out.endswith("watchword job restart 2\n")
    assert f"Job 3 ({FLOW}): cancelled.\n" in ran[left].out
    assert documents[done].document == shell.ask("job", "show", "1")
    assert (documents[broke].code, documents[broke].err) == (1, "")
    assert documents[broke].document["job"]["error"] == "The disk is full."


def test_a_try_to_come_is_told(sqlite_hand: Hand) -> None:
    """What went wrong, how often, and when it is tried again."""
    number = sqlite_hand.starts()
    sqlite_hand.begins(number)
    sqlite_hand.shell.sets(
        "UPDATE jobs SET state = 'queued', error = 'The disk is full.', tries = 2"
    )

    page = sqlite_hand.shell.run("job", "show", str(number)).out

    assert "Error:     The disk is full.\nTried:     2 times in a row\nNext try:  2" in page


def test_nothing_that_a_flow_says_steers_the_terminal(sqlite_hand: Hand) -> None:
    """Notes, errors, counts and results of other people's flows are shown without their power."""
    shell, number = sqlite_hand.shell, sqlite_hand.starts()
    sqlite_hand.begins(number)
    sqlite_hand.gets(number, 1, 2, note=ESCAPE, counts={ESCAPE: 1})
    sqlite_hand.writes(number, "text", media=f"text/csv{ESCAPE}")
    sqlite_hand.ends(
        number, state=State.FAILED, error=ESCAPE, result='{"\\u001b[2J": "\\u001b[2J"}'
    )

    shown = [shell.run("job", *words) for words in (("list",), ("show", "1"), ("watch", "1"))]
    document = shell.ask("job", "show", "1")["job"]

    for ran in shown:
        assert "gone" in ran.out
        assert not {"\x1b", "\x9b", "\u202e"} & set(ran.out + ran.err)
    assert document["note"] == ESCAPE


def test_a_worker_that_cannot_be_started_is_told(shell: Shell) -> None:
    """The job is there, and its number is told: somebody else may work on it."""
    shell.ask("migrate")
    (shell.folder / "worker.log").mkdir()

    ran = shell.run("job", "start", FLOW, "--json")

    assert (ran.code, ran.error["code"], ran.error["job"]) == (3, "no_worker", 1)
    assert "Is a directory" in ran.error["message"]
    assert shell.ask("job", "show", "1")["job"]["state"] == "not-started"


def test_a_data_folder_without_the_right_of_writing(closed_folder: Path) -> None:
    """Says so, for every command that would write, and nothing is left there."""
    shell = Shell(closed_folder / "data")
    file = closed_folder / "users.csv"

    ran = [
        shell.run("job", "start", *words, "--json")
        for words in ((FLOW, "--no-wait"), (FLOW,), (IMPORT, "--file", str(file)))
    ]

    assert {(one.code, one.error["code"]) for one in ran} == {(4, "unavailable")}
    assert {one.error["message"] for one in ran} == {"The database file is read-only."}
    assert not (shell.folder / "imports").exists()


def test_the_audit_trail_has_what_was_done(sqlite_hand: Hand) -> None:
    """Who starts, cancels, starts again and has what came of it."""
    shell, number = sqlite_hand.shell, sqlite_hand.starts()
    shell.run("job", "cancel", "1")
    shell.run("job", "restart", "1")
    sqlite_hand.does(number, result="{}")
    shell.run("job", "result", "1")

    events = shell.ask("audit", "list")["events"]

    assert [(one["action"], one["subject"], one["detail"]) for one in events] == [
        ("job.download", "1", FLOW),
        ("job.restart", "1", FLOW),
        ("job.cancel", "1", FLOW),
        ("job.start", "1", FLOW),
    ]
    assert {one["actor"] for one in events} == {"operator"}
