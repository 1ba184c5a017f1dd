"""Files that are not what they should be, through the program as it is served.

What each kind of broken line is told is proven in tests/jobs.
"""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import pytest

from journeys import jobs, newcomers, people
from journeys.jobs import JOBS, Document, Runner
from journeys.people import WITH_ADMIN
from parts.line import Line
from parts.server import FOR_ALL, Store, peak_mib, serving

pytestmark = pytest.mark.slow

SETTINGS = {**WITH_ADMIN, **FOR_ALL}
GIGABYTE = 1 << 30
BOMB_BYTES = 16 << 20
PEAK_MIB_MAX = 200.0
LINES, BROKEN, LONG_S = 700_001, 700_000, 180.0

OUTSIDE = "The path must stay inside the folder for imports."
NOT_PLAIN = "The path must name a file: no folder, pipe, socket or device."
NOT_THERE = "There is no such file in the folder for imports."
NO_UTF_8 = "is not UTF-8; if the file is Latin-1, set encoding to latin-1"
TAKEN = "the name is taken"


@dataclass(frozen=True)
class Case:
    """A file, and what comes of it: who was taken in, and why which line was not."""

    octets: bytes
    accepted: int
    refused: Mapping[int, str] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)


CASES = {
    "mark": Case(b"\xef\xbb\xbfname\nmark-1\nmark-2\n", 2),
    "crlf": Case(b'name,email\r\n"crlf-1",c1@example.org\r\ncrlf-2,\r\n', 2),
    "both": Case(b"\xef\xbb\xbfname\r\nboth-1\r\nboth-2", 2),
    "latin": Case("name\nlatin-1\nlatin-jürgen\n".encode("latin-1"), 1, {3: NO_UTF_8}),
    "told": Case(
        "name\ntold-1\ntold-jürgen\n".encode("latin-1"), 2, parameters={"encoding": "latin-1"}
    ),
    # The third is in letters of full width, the fourth is there since the first start.
    "twice": Case(
        "name\ntwin\nTWIN\n\uff54win\nadmin\nnone\n".encode(), 2, {3: TAKEN, 4: TAKEN, 5: TAKEN}
    ),
    "dry": Case(b"name\ndry-1\ndry-1\n", 1, {3: TAKEN}, {"dry_run": True}),
}


async def test_each_file_is_read_as_it_is_written(store: Store) -> None:
    """With a mark, CRLF or Latin-1; names that are there twice come in once, the first time."""
    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            started = {name: await start(runner, store, name) for name in CASES}
            ended = {name: await runner.ended(job) for name, job in started.items()}
            told = {name: await report(runner, one) for name, one in ended.items()}
            known = set(await people.names(line, await people.log_in(line)))

    assert {name: one["status"] for name, one in ended.items()} == dict.fromkeys(CASES, "Completed")
    assert told == {name: dict(case.refused) for name, case in CASES.items()}
    assert {name: one["counts"]["accepted"] for name, one in ended.items()} == {
        name: case.accepted for name, case in CASES.items()
    }
    assert known == {
        *("admin", "mark-1", "mark-2", "crlf-1", "crlf-2", "both-1", "both-2"),
        *("latin-1", "told-1", "told-jürgen", "twin", "none"),
    }


async def test_what_is_no_file_of_accounts_is_refused(sqlite_store: Store, tmp_path: Path) -> None:
    """Bombs, pipes, links and paths that lead elsewhere: each says why, and nothing hangs."""
    expected = {**put_oddities(sqlite_store, tmp_path), "below/../good.csv": OUTSIDE}
    newcomers.put(sqlite_store, "good.csv", b"name\ngood\n")

    with serving(sqlite_store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            started = {path: await runner.start("accounts.import", path=path) for path in expected}
            ended = {path: await runner.ended(job) for path, job in started.items()}
            last = await runner.ended(await runner.start("accounts.import", path="good.csv"))

    assert {path: one["error"] for path, one in ended.items()} == expected
    assert {one["status"] for one in ended.values()} == {"Failed"}
    assert {one["attempts"] for one in ended.values()} == {1}
    assert (last["status"], last["counts"]["accepted"]) == ("Completed", 1)


def put_oddities(store: Store, elsewhere: Path) -> dict[str, str]:
    """Put what is no file of accounts where imports are; return what is to be said, by path."""
    folder, outside = newcomers.imports(store), elsewhere / "outside.csv"
    outside.write_bytes(b"name\noutside\n")
    newcomers.put(store, "bomb.csv", gzip.compress(bytes(BOMB_BYTES), 1))
    newcomers.put(store, "bomb.jsonl", zipped(bytes(BOMB_BYTES)))
    newcomers.put(store, "empty.csv", b"")
    os.mkfifo(folder / "pipe.csv")
    (folder / "below").mkdir()
    (folder / "link.csv").symlink_to(outside)
    (folder / "elsewhere").symlink_to(elsewhere)
    (folder / "loop.csv").symlink_to("loop.csv")
    return {
        "bomb.csv": "The file is compressed (gzip): unpack it first.",
        "bomb.jsonl": "The file is compressed (zip): unpack it first.",
        "empty.csv": "The file is empty.",
        **dict.fromkeys(("pipe.csv", "below", "."), NOT_PLAIN),
        **dict.fromkeys(("link.csv", "elsewhere/outside.csv", str(outside)), OUTSIDE),
        **dict.fromkeys(("../watchword.db", "loop.csv"), OUTSIDE),
        **dict.fromkeys(("none.csv", "bomb.csv/none"), NOT_THERE),
    }


async def test_a_field_of_a_gigabyte_costs_one_line(sqlite_store: Store) -> None:
    """Those before and behind it come in, and the memory for it is not taken."""
    store = sqlite_store
    path = newcomers.imports(store) / "wide.csv"
    with path.open("wb") as file:
        file.write(b'name,first_name\nbefore,x\nwide,"' + b"x" * 2000)
        file.seek(GIGABYTE, os.SEEK_CUR)  # a hole
        file.write(b'"\nbehind,x\n')

    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            ended = await runner.ended(await runner.start("accounts.import", path=path.name))
            told = await report(runner, ended)
            process = jobs.heavy_process(server)
            assert process is not None
            peak = peak_mib(process)

    assert ended["counts"] == {"read": 3, "accepted": 2, "refused": 1}
    assert told == {3: "is longer than 65,536 octets"}
    assert peak < PEAK_MIB_MAX


async def test_line_700_000_is_broken(sqlite_store: Store) -> None:
    """It is told by its number, and all of the others are read."""
    lines = [b"name\n", *(b"n%d\n" % number for number in range(2, LINES + 1))]
    lines[BROKEN - 1] = b'"never closed\n'
    file = newcomers.put(sqlite_store, "long.csv", b"".join(lines))

    with serving(sqlite_store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start("accounts.import", path=file, dry_run=True)
            ended = await runner.ended(job, within=LONG_S)
            told = await report(runner, ended)

    assert ended["counts"] == {"read": LINES - 1, "accepted": LINES - 2, "refused": 1}
    assert told == {BROKEN: "a quotation mark is not closed"}


WRONG = {
    "no path": {},
    "a number for a path": {"path": 7},
    "null": {"path": None},
    "a text for yes or no": {"path": "a.csv", "dry_run": "yes"},
    "no such format": {"path": "a.csv", "format": "xml"},
    "no such encoding": {"path": "a.csv", "encoding": "utf-16"},
    "no such member": {"path": "a.csv", "mode": "fast"},
}
NO_JSON_OF_OURS = {"a list": [], "a text": "a.csv", "a number": 7, "NUL": {"path": "a\0b.csv"}}


async def test_parameters_that_a_flow_does_not_take(sqlite_store: Store) -> None:
    """They are refused when somebody asks, with the member's name, and no job comes of it."""
    with serving(sqlite_store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            wrong = {
                name: await runner.try_start("accounts.import", parameters)
                for name, parameters in {**WRONG, **NO_JSON_OF_OURS}.items()
            }
            unknown = await runner.try_start("accounts.juggle")
            number = await runner.try_start(7)
            nothing = await runner.ask("POST", JOBS, b"")
            listed = await runner.ask("GET", JOBS)

    assert {name: answer.status for name, answer in wrong.items()} == {
        **dict.fromkeys(WRONG, HTTPStatus.UNPROCESSABLE_ENTITY),
        **dict.fromkeys(NO_JSON_OF_OURS, HTTPStatus.BAD_REQUEST),
    }
    for name, member in (("a number for a path", "path"), ("no such member", "mode")):
        assert member in wrong[name].body.decode()
    assert unknown.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "accounts.import" in unknown.body.decode()
    assert [number.status, nothing.status] == [HTTPStatus.BAD_REQUEST] * 2
    assert [one["flow"] for one in listed.document["jobs"] if one["flow"] != "mail.send"] == []


async def start(runner: Runner, store: Store, name: str) -> int:
    """Have the file of a case imported."""
    case = CASES[name]
    file = newcomers.put(store, f"{name}.csv", case.octets)
    return await runner.start("accounts.import", path=file, **case.parameters)


async def report(runner: Runner, job: Document) -> dict[int, str]:
    """Return the lines that were refused, and why."""
    if not job["counts"]["refused"]:
        return {}
    answer = await runner.result(job["jobId"])
    assert answer.status == HTTPStatus.OK, answer
    lines = [json.loads(line) for line in answer.body.splitlines()]
    return {line["line"]: line["reason"] for line in lines}


def zipped(octets: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("accounts.jsonl", octets)
    return packed.getvalue()
