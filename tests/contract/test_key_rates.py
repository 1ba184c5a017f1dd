"""What every counter of API keys' uses promises, and what the one that processes share does."""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from random import Random

import pytest

from contract.files import no_larger_files
from contract.things import AT, SECOND
from fakes import CountingKeyRates
from parts.loglines import LogLines
from parts.processes import beside, line_of, tell
from parts.waiting import until
from watchword.core.kernel.ids import ApiKeyId
from watchword.core.ports import KeyRates
from watchword.storage.key_rates import MappedKeyRates

KEY = ApiKeyId("key")
MINUTE = timedelta(minutes=1)
TOLD = "api key rates are counted by each process alone"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "key-rates"


@pytest.fixture
def mapped(path: Path) -> Iterator[MappedKeyRates]:
    made = MappedKeyRates(path)
    yield made
    made.close()


@pytest.fixture(params=["memory", "mapped", "alone"])
def rates(request: pytest.FixtureRequest, tmp_path: Path, mapped: MappedKeyRates) -> KeyRates:
    """Each implementation, and the one that has a file without the file."""
    if request.param == "memory":
        return CountingKeyRates()
    return mapped if request.param == "mapped" else MappedKeyRates(tmp_path / "no folder" / "x")


def waits(rates: KeyRates, times: int, at: datetime = AT, per_minute: int = 6) -> list[int]:
    return [rates.take(KEY, per_minute=per_minute, at=at) for _ in range(times)]


@pytest.mark.parametrize("share", [1, 7, 59, 60, 61, 999, 1000])
def test_a_share_may_be_used_at_once(rates: KeyRates, share: int) -> None:
    """As many uses as a minute has, and then one waits for the next to come back."""
    asked = waits(rates, share + 3, per_minute=share)

    assert asked[:share] == [0] * share
    assert asked[share:] == [max(1, -(-60 // share))] * 3


def test_uses_come_back_one_by_one(rates: KeyRates) -> None:
    """Spread evenly over a minute; what was refused in between counts for nothing."""
    waits(rates, 6)

    assert waits(rates, 3, AT + 9 * SECOND) == [1, 1, 1]
    assert waits(rates, 2, AT + 10 * SECOND) == [0, 10]
    assert waits(rates, 3, AT + 30 * SECOND) == [0, 0, 10]
    assert waits(rates, 7, AT + 3 * MINUTE) == [0] * 6 + [10]


def test_a_wait_is_told_in_whole_seconds_and_is_enough(rates: KeyRates) -> None:
    """Who comes back after that long is let in; who comes a moment earlier is not."""
    waits(rates, 6)
    at = AT + timedelta(seconds=3, milliseconds=200)
    [wait] = waits(rates, 1, at)

    assert wait == 7
    assert waits(rates, 1, AT + timedelta(seconds=9, milliseconds=999)) == [1]
    assert waits(rates, 1, at + SECOND * wait) == [0]


def test_each_key_has_its_own_share(rates: KeyRates) -> None:
    """Nobody waits for somebody else."""
    waits(rates, 7)

    assert rates.take(ApiKeyId("another"), per_minute=6, at=AT) == 0


def test_no_limit_is_no_limit(rates: KeyRates) -> None:
    """A key without a rate is never refused."""
    assert waits(rates, 100, per_minute=0) == [0] * 100


def test_a_clock_set_back_makes_nobody_wait_longer_than_a_minute(rates: KeyRates) -> None:
    """However far it was ahead: the next use comes back as if the share had just been spent."""
    waits(rates, 6, AT + timedelta(days=400))

    assert waits(rates, 2) == [10, 10]
    assert waits(rates, 2, AT + 10 * SECOND) == [0, 10]
    assert waits(rates, 6, AT + MINUTE) == [0] * 5 + [10]


def test_over_any_while_no_more_are_let_in_than_were_promised(rates: KeyRates) -> None:
    """A whole share at once, and then as many as come back: at moments drawn by lot."""
    lot, at, let_in = Random(3), AT, 0
    for _ in range(2000):
        at += timedelta(milliseconds=lot.choice([0, 0, 1, 200, 900, 3000]))
        let_in += rates.take(KEY, per_minute=30, at=at) == 0

        assert let_in <= 30 + (at - AT) / MINUTE * 30


def test_the_table_is_for_its_owner_alone(mapped: MappedKeyRates, path: Path) -> None:
    """Nobody else on the machine may read or change it, and it says no key's name."""
    waits(mapped, 1)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY.encode() not in path.read_bytes()


def test_what_was_counted_outlives_a_process(mapped: MappedKeyRates, path: Path) -> None:
    """A restart gives nobody a new share, and two objects share one table."""
    waits(mapped, 3)
    mapped.close()

    assert waits(MappedKeyRates(path), 4) == [0, 0, 0, 10]
    assert waits(mapped, 1) == [10]


def test_four_processes_share_one_share(path: Path) -> None:
    """Of four hundred uses at one moment a hundred are let in, wherever they come."""
    with ExitStack() as stack:
        processes = [stack.enter_context(beside("take", str(path), "100")) for _ in range(4)]
        assert [line_of(process) for process in processes] == ["ready"] * 4
        for process in processes:
            tell(process, "go")
        lines = [line_of(process) for process in processes]

    assert totals(lines) == [100] * 20


def test_processes_that_are_forked_off_share_it_too(path: Path) -> None:
    """Each opens the table for itself, though it was open before."""
    with beside("fork", str(path), "100") as process:
        output, _ = process.communicate(timeout=30)

    assert totals(output.splitlines()) == [100] * 20


def totals(lines: list[str]) -> list[int]:
    """Add up what four processes say of each key."""
    assert len(lines) == 4
    return [sum(map(int, counts)) for counts in zip(*(line.split() for line in lines), strict=True)]


@pytest.mark.parametrize("replace", [False, True])
def test_a_table_that_was_removed_is_made_anew(
    mapped: MappedKeyRates,
    path: Path,
    replace: bool,  # noqa: FBT001 - a parameter
) -> None:
    """At the next use, and all go on with the same one."""
    waits(mapped, 6)
    path.unlink()
    if replace:
        path.touch()

    assert waits(mapped, 3) == [0, 0, 0]
    assert waits(MappedKeyRates(path), 4) == [0, 0, 0, 10]


def test_a_table_that_was_cut_short_kills_nobody(mapped: MappedKeyRates, path: Path) -> None:
    """To touch what is not there any more would end the process."""
    waits(mapped, 6)
    os.truncate(path, 100)

    assert waits(mapped, 7) == [0] * 6 + [10]


def colliding(count: int) -> list[ApiKeyId]:
    """Return keys that all lie in the same cells."""
    found: dict[int, list[ApiKeyId]] = {}
    number = 0
    while True:
        key = ApiKeyId(f"k{number}")
        digest = blake2b(key.encode(), digest_size=8).digest()
        alike = found.setdefault(int.from_bytes(digest) % (16_384 - 16 + 1), [])
        alike.append(key)
        if len(alike) == count:
            return alike
        number += 1


def test_where_there_is_no_room_the_oldest_goes(mapped: MappedKeyRates) -> None:
    """Of more keys than can be told apart, the one that came back soonest is forgotten."""
    first, *others = colliding(17)
    begun = [
        mapped.take(key, per_minute=1, at=AT + SECOND * number)
        for number, key in enumerate([first, *others])
    ]
    later = AT + 20 * SECOND

    assert begun == [0] * 17
    assert [mapped.take(key, per_minute=1, at=later) for key in others] == list(range(41, 57))
    assert mapped.take(first, per_minute=1, at=later) == 0


def test_a_cell_whose_time_is_past_is_free(mapped: MappedKeyRates) -> None:
    """It is taken before anybody has to go."""
    early, *others, last = colliding(17)
    mapped.take(early, per_minute=60, at=AT)
    for key in [*others, last]:
        mapped.take(key, per_minute=1, at=AT + 2 * SECOND)

    assert {mapped.take(key, per_minute=1, at=AT + 2 * SECOND) for key in [*others, last]} == {60}


def test_without_its_folder_a_process_counts_alone(tmp_path: Path, log_lines: LogLines) -> None:
    """It says so once, and limits all the same."""
    alone = MappedKeyRates(tmp_path / "no folder" / "key-rates")

    assert waits(alone, 8) == [0] * 6 + [10, 10]
    assert [line["reason"] for line in log_lines.of(TOLD)] == ["No such file or directory"]


def test_without_room_for_its_file_a_process_counts_alone(
    mapped: MappedKeyRates, path: Path
) -> None:
    """A full disk refuses nobody, and when there is room again all count together again."""
    with no_larger_files(4096):
        assert waits(mapped, 7) == [0] * 6 + [10]

    until(lambda: not waits(mapped, 1)[0], within=3)
    assert waits(MappedKeyRates(path), 6)[-1] == 10


def test_somebody_who_holds_the_table_and_never_lets_go_is_not_waited_for(
    mapped: MappedKeyRates, path: Path, log_lines: LogLines
) -> None:
    """A process that was stopped in the middle of a use delays the others for a moment only."""
    waits(mapped, 6)
    descriptor = os.open(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    begun = time.monotonic()
    alone = waits(mapped, 500)
    took = time.monotonic() - begun
    os.close(descriptor)

    assert alone[:7] == [0] * 6 + [10]
    assert took < 1
    assert len(log_lines.of(TOLD)) == 1
    until(lambda: waits(mapped, 1, AT + 10 * SECOND) == [0], within=3)
