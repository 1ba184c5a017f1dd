"""Records are read from anywhere in the file, in little memory, and with the right numbers."""

import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from jobs.importing import Inbox, names, reading
from watchword.core.kernel.errors import InvalidError
from watchword.jobs.importfile import PORTION_BYTES
from watchword.jobs.lines import RECORD_BYTES_MAX, Place, read_lines
from watchword.jobs.records import BrokenRecord, Form

MEMORY_MAX = 4 << 20
TOO_LONG = "is longer than 65,536 octets"

one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

PIECES = [
    *(b"\n", b"\r\n", b"\r", b'"', b'""', b",", b" ", b"\0", b"\xff", b"a", b"ada,x", b'"b\nc",y'),
    *(b'{"name":1}', b'{"name":', b"[", b"{}", b"x" * RECORD_BYTES_MAX),
]
contents = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)
forms = st.sampled_from(list(Form))


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def start(form: Form) -> bytes:
    """Return how a file of this form begins: a header if it has one, and no NUL for a while."""
    return (b"name,email\n" if form is Form.CSV else b"{}\n") + b" " * 2000


@one_folder
@given(contents, forms, st.data())
def test_who_begins_again_reads_the_same(
    inbox: Inbox, octets: bytes, form: Form, data: st.DataObject
) -> None:
    """From the end of each record, whatever the file: nothing twice and nothing left out."""
    whole = inbox.read(start(form) + b"\nada,x\n" + octets, form=form)
    done = data.draw(st.integers(1, len(whole)))

    rest = inbox.read(start(form) + b"\nada,x\n" + octets, form=form, begin=whole[done - 1].end)

    assert rest == whole[done:]


@one_folder
@given(contents, forms, st.integers(0, 60))
def test_no_portion_ends_in_a_wrong_place(
    inbox: Inbox, octets: bytes, form: Form, back: int
) -> None:
    """A file is read in portions. Where one ends makes no difference."""
    near = start(form) + b"x\n"
    moved = PORTION_BYTES - len(near) - back
    far = start(form) + b"x" * moved + b"x\n"

    close = inbox.read(near + octets, form=form)
    distant = inbox.read(far + octets, form=form)

    assert [
        structs.replace(one, end=Place(one.end.offset + moved, one.end.line))
        for one in close
        if one.line > 2
    ] == [one for one in distant if one.line > 2]


def test_lines_are_cut_where_they_end(inbox: Inbox) -> None:
    """Short ones and long ones, over several portions: all octets, and where each begins."""
    chance = random.Random(6)
    sizes = [0, 1, 70, 5000, RECORD_BYTES_MAX, RECORD_BYTES_MAX + 1, 400_000]
    whole = [b"x" * chance.choice(sizes) for _ in range(60)]
    octets = b"name\n" + b"\n".join(whole)

    with inbox.open(inbox.put(octets)) as file:
        found = list(read_lines(file, Place(5, 2)))

    ends = [one.end.offset for one in found]
    assert [one.number for one in found] == list(range(2, 62))
    assert ends == [5 + sum(len(one) + 1 for one in whole[:n]) for n in range(1, 60)] + [
        len(octets)
    ]
    assert all(
        line.octets == one or len(line.octets) > RECORD_BYTES_MAX < len(one)
        for line, one in zip(found, whole, strict=True)
    )


def test_numbers_are_right_behind_all_that_is_broken(inbox: Inbox) -> None:
    """Long lines, lines that are not closed, records of several lines, blank ones."""
    broken = [b"x" * 300_000, b'"ada', b'"a\nb\nc",\xff', b"", b"a,b,c", b'a"b"', b"\0,"]
    octets = b"name,email\n" + b"".join(one + b"\nbob,x\n" for one in broken * 3)

    found = names(inbox.read(octets))

    lines = octets.split(b"\n")
    assert [line for line, name in found if name == "bob"] == [
        number for number, line in enumerate(lines, 1) if line == b"bob,x"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("form", list(Form))
def test_line_700_000_is_told_as_line_700_000(inbox: Inbox, form: Form) -> None:
    """Far into a big file, in either form."""
    good = {Form.CSV: b"ada,x\n", Form.JSON_LINES: b'{"name":"ada"}\n'}[form]
    octets = start(form) + b"\n" + good * 699_997 + b"broken\n" + good * 10
    with inbox.open(inbox.put(octets)) as file:
        broken = [one for one in reading(file, form=form) if isinstance(one, BrokenRecord)]

    assert [one.line for one in broken] == [700_000]


@pytest.mark.parametrize(
    "size", [16 << 20, pytest.param(1 << 30, marks=pytest.mark.slow)], ids=["16MB", "1GB"]
)
@pytest.mark.parametrize("form", list(Form))
def test_a_field_of_any_size_takes_little_memory(inbox: Inbox, form: Form, size: int) -> None:
    """It costs its own record, and the next one is read."""
    path = inbox.folder / inbox.put(start(form) + b"x")
    last = {Form.CSV: b"\nzoe,x\n", Form.JSON_LINES: b'\n{"name":"zoe"}'}[form]
    with path.open("r+b") as stream:
        stream.truncate(size)
        stream.seek(size)
        stream.write(last)

    tracemalloc.start()
    try:
        with inbox.open(path.name) as file:
            found = list(reading(file, form=form))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert names(found[-2:]) == [(2, TOO_LONG), (3, "zoe")]
    assert found[-2].end == Place(size + 1, 3)
    assert peak < MEMORY_MAX


def test_a_long_line_of_blanks_is_not_skipped(inbox: Inbox) -> None:
    """It is not kept whole, so nobody knows what else it held."""
    long = b" " * PORTION_BYTES + b"x" + b" " * 2 * PORTION_BYTES

    found = names(inbox.read(b"name\n" + long + b"\nzoe\n"))

    assert found == [(2, TOO_LONG), (3, "zoe")]


def test_a_quotation_mark_with_many_lines_behind_it_takes_little_memory(inbox: Inbox) -> None:
    """What was read ahead in vain is kept until it is read again, and is not much."""
    inbox.put(b"name\n" + b'"\n' + b"ab\n" * 30_000)

    tracemalloc.start()
    try:
        with inbox.open("accounts.csv") as file:
            count = sum(1 for _ in reading(file))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 30_001
    assert peak < 4 * MEMORY_MAX


def test_a_file_that_grows_is_not_read_to_its_end(inbox: Inbox) -> None:
    """Its last line may be half a line, and may be a whole one at the next look."""
    path = inbox.folder / inbox.put(b"name\nada\nbo")
    with inbox.open(path.name) as file:
        records = reading(file)
        first = next(records)
        with path.open("ab") as stream:
            stream.write(b"b\n")

        with pytest.raises(InvalidError, match="changed"):
            next(records)

    assert names([first]) == [(2, "ada")]
