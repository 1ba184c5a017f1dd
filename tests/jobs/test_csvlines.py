"""CSV as RFC 4180 says: what a file holds, what is broken in it, and what goes on behind it."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.importing import Inbox, names, told
from watchword.core.kernel.errors import InvalidError
from watchword.jobs.lines import RECORD_BYTES_MAX, Encoding

NOT_CLOSED = "a quotation mark is not closed"
MISPLACED = "a quotation mark stands inside a field, or text behind its end"

LETTERS = st.characters(codec="utf-8", exclude_characters="\0")


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def refused(inbox: Inbox, octets: bytes) -> str:
    """Return the sentence with which a header is refused."""
    with pytest.raises(InvalidError) as caught:
        inbox.read(octets)
    assert caught.value.field == "columns"
    return str(caught.value)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_plain_file_is_read(inbox: Inbox, end: bytes, last: bytes, mark: bytes) -> None:
    """With either end of line, with or without the last one, with or without a mark."""
    lines = "name,email\nada,ada@example.org\nJosé,\n".encode()
    octets = mark + lines.rstrip(b"\n").replace(b"\n", end) + (end if last else b"")

    found = told(inbox.read(octets))

    assert found == [
        (2, {"name": "ada", "email": "ada@example.org"}),
        (3, {"name": "José", "email": ""}),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_tells_the_delimiter(inbox: Inbox, delimiter: str) -> None:
    """The other two are text like any other, and blanks around a value stay."""
    others = "".join({",", ";", "\t"} - {delimiter})
    octets = f"name{delimiter}email\nada{others}{delimiter} x \n".encode()

    found = told(inbox.read(octets))

    assert found == [(2, {"name": f"ada{others}", "email": " x "})]


@pytest.mark.parametrize(
    "header", [b"DISPLAYNAME,\tName ", b'"DisplayName","NAME"', b"displayname, name"]
)
def test_columns_are_found_by_their_names(inbox: Inbox, header: bytes) -> None:
    """In any order, in any case, with blanks around, in quotation marks; not all of them."""
    found = told(inbox.read(header + b"\nAda L.,ada\n"))

    assert found == [(2, {"displayName": "Ada L.", "name": "ada"})]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (b"name,shoe size", 'The file has an unknown column "shoe size".'),
        (b"name,", "The file has an unknown column."),
        (b"name,$2b$12$abc", "The file has an unknown column."),
        (b"name," + b"x" * 41, "The file has an unknown column."),
        (b"name,email,Name", 'The file has the column "name" twice.'),
        (b"email", 'The first line names the columns, and none of them is "name".'),
        (b"ada,hunter2", 'The first line names the columns, and none of them is "name".'),
        (b"n\0me", "The line that names the columns cannot be read: "),
        (b'name,"email', f"The line that names the columns cannot be read: {NOT_CLOSED}."),
        (b"name\rada\r", "The line that names the columns cannot be read: holds a carriage"),
        (b"name,\xff", "The line that names the columns cannot be read: is not UTF-8"),
        (b"x" * 70_000, "The line that names the columns cannot be read: is longer than"),
        (b"\n \n\r\n", "The file has no line that names its columns."),
        (b"\xef\xbb\xbf", "The file has no line that names its columns."),
    ],
)
def test_a_header_that_is_not_ours_is_refused(inbox: Inbox, header: bytes, sentence: str) -> None:
    """Before the first record. It names a column only where that tells no secret."""
    # A NUL near the beginning is refused sooner, as no text.
    begin = b"\n" * 1100 if b"\0" in header else b""

    assert refused(inbox, begin + header).startswith(sentence)


def test_blank_lines_count_and_say_nothing(inbox: Inbox) -> None:
    """Before the header, between records, and at the end."""
    found = names(inbox.read(b"\n\r\nname\n\n  \nada\n\t\n\nbob\n\n"))

    assert found == [(6, "ada"), (9, "bob")]


def test_a_quoted_field_may_hold_anything(inbox: Inbox) -> None:
    """Delimiters, quotation marks and line breaks; the next record has the right line."""
    octets = b'name,email\n"a,""b""\nc\r\n\nd",x\nbob,"e\n"\neve,f\n'

    found = told(inbox.read(octets))

    assert found == [
        (2, {"name": 'a,"b"\nc\r\n\nd', "email": "x"}),
        (6, {"name": "bob", "email": "e\n"}),
        (8, {"name": "eve", "email": "f"}),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"ada", "has 1 field instead of 2"),
        (b"ada,x,y", "has 3 fields instead of 2"),
        (b"a\0da,x", "holds a NUL octet"),
        (b"ada,\xe9", "is not UTF-8; if the file is Latin-1, set encoding to latin-1"),
        (b"ada,\xed\xa0\x80", "is not UTF-8; if the file is Latin-1, set encoding to latin-1"),
        (b"ada,x\ry", "holds a carriage return outside quotation marks"),
        (b'ada,"x', NOT_CLOSED),
        (b'ada,"x""', NOT_CLOSED),
        (b'ada,x"', NOT_CLOSED),
        (b'"ada,x', NOT_CLOSED),
        (b'ada,"x"y', MISPLACED),
        (b'ada, "x"', MISPLACED),
        (b'ada "the first",x', MISPLACED),
        (b"ada," + b"x" * RECORD_BYTES_MAX, "is longer than 65,536 octets"),
    ],
)
def test_a_broken_line_costs_one_record(inbox: Inbox, line: bytes, reason: str) -> None:
    """It is told with its number; those before it and behind it are read."""
    # A NUL near the beginning is refused sooner, as no text.
    before = b"name,email\nbob,x\n" + b" " * 1100 + b"\n"

    found = names(inbox.read(before + line + b"\r\neve,y\n\nzoe,z"))

    assert found == [(2, "bob"), (4, reason), (5, "eve"), (7, "zoe")]


def test_a_record_may_be_just_so_long(inbox: Inbox) -> None:
    """On one line and on several, the last line feed not counted."""
    one = b"a" * RECORD_BYTES_MAX
    two = b'"' + b"b" * 30_000 + b"\r\n" + b"c" * (RECORD_BYTES_MAX - 30_004) + b'"'
    longer = b'"' + b"d" * 30_000 + b"\n" + b"e" * (RECORD_BYTES_MAX - 30_002) + b'"'

    found = names(inbox.read(b"\n".join([b"name", one, two, longer, b"zoe"])))

    assert found == [
        (2, one.decode()),
        (3, two.decode().strip('"')),
        (5, NOT_CLOSED),
        (6, NOT_CLOSED),
        (7, "zoe"),
    ]


def test_two_lines_that_are_not_closed_are_two_broken_lines(inbox: Inbox) -> None:
    """They do not pass for one record, and those between them are read."""
    found = names(inbox.read(b'name,email\nada,"x\nbob,y\neve,"z\nzoe,a\n'))

    assert found == [(2, NOT_CLOSED), (3, "bob"), (4, NOT_CLOSED), (5, "zoe")]


def test_a_record_of_several_lines_is_broken_as_a_whole(inbox: Inbox) -> None:
    """What somebody wrote into a quoted field never becomes a record of its own."""
    found = names(inbox.read(b'name,email\nada,"x\nroot,y\n",z\nbob,"\xff\nroot,y"\nzoe,a\n'))

    assert found == [
        (2, "has 3 fields instead of 2 (a quotation mark makes lines 2 to 4 one record)"),
        (5, "is not UTF-8; if the file is Latin-1, set encoding to latin-1"),
        (7, "zoe"),
    ]


@pytest.mark.parametrize("line", [b'x,"', b'a""","', b'"', b'"""', b'","'])
def test_nothing_is_read_again_and_again(inbox: Inbox, line: bytes) -> None:
    """A file of quotation marks that are not closed takes no longer than another.

    To look for the end of each on the 65,536 octets behind it would take hours.
    """
    found = inbox.read(b"name\n" + b'"\n' + (line + b"\n") * 100_000 + b"x,\n" * 20_000)

    assert found[-1].line == 120_002


def test_latin_1_is_read_if_it_is_asked_for(inbox: Inbox) -> None:
    """Each octet is a letter; what says that it is UTF-8 is not taken for it."""
    found = names(inbox.read("name\nJosé\n".encode("latin-1"), encoding=Encoding.LATIN_1))

    with pytest.raises(InvalidError, match="utf-8") as caught:
        inbox.read(b"\xef\xbb\xbfname\nada\n", encoding=Encoding.LATIN_1)

    assert found == [(2, "José")]
    assert caught.value.field == "encoding"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.text(LETTERS), st.text(LETTERS))),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_program_writes_is_what_we_read(
    inbox: Inbox, rows: list[tuple[str, str]], delimiter: str, end: str
) -> None:
    """Whatever the fields hold, if all of them are quoted."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("name", "email"), *rows])

    found = inbox.read(written.getvalue().encode())

    assert [value for _, value in told(found)] == [
        {"name": name, "email": email} for name, email in rows
    ]
