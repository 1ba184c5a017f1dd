"""JSON Lines: one object a line, and what is broken costs one record."""

from pathlib import Path

import pytest

from jobs.importing import Inbox, names, told
from watchword.core.kernel.errors import InvalidError
from watchword.jobs.lines import RECORD_BYTES_MAX, Encoding
from watchword.jobs.records import Form

NAME = "accounts.jsonl"
NOT_JSON = "is not valid JSON"


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_plain_file_is_read(inbox: Inbox, end: bytes, mark: bytes) -> None:
    """Members of any type, in any order; a member that comes twice counts the last time."""
    lines = ['{"name": "José", "email": null}', "", ' {"displayName":[1],"name":2,"name":3} ', "{}"]

    found = told(inbox.read(mark + end.join(line.encode() for line in lines), NAME))

    assert found == [
        (1, {"name": "José", "email": None}),
        (3, {"displayName": [1], "name": 3}),
        (4, {}),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"null", "is not a JSON object"),
        (b'["ada"]', "is not a JSON object"),
        (b'"ada"', "is not a JSON object"),
        (b'{"name":"ada"', NOT_JSON),
        (b'{"name":"ada"},', NOT_JSON),
        (b"{name:1}", NOT_JSON),
        (b'{"name":NaN}', NOT_JSON),
        (b'{"name":1e999}', NOT_JSON),
        (b'{"name":' + b"9" * 5000 + b"}", NOT_JSON),
        (b'{"name":"\\ud800"}', NOT_JSON),
        (b'{"name":"a\0"}', "holds a NUL octet"),
        (b'{"name":"\xe9"}', "is not UTF-8; if the file is Latin-1, set encoding to latin-1"),
        (b'{"shoe":1,"name":2}', 'has an unknown member "shoe"'),
        (b'{"$2b$12$abc":1}', "has an unknown member"),
        (b'{"Name":1}', 'has an unknown member "Name"'),
        (b'{"name":' + b"[" * 50_000, "is nested too deep"),
        (b'{"name":"' + b"x" * RECORD_BYTES_MAX + b'"}', "is longer than 65,536 octets"),
    ],
)
def test_a_broken_line_costs_one_record(inbox: Inbox, line: bytes, reason: str) -> None:
    """It is told with its number; those before it and behind it are read."""
    begin = b'{"name":"bob"}\n' + b"\n" * 1100
    octets = begin + line + b'\n{"name":"eve"}'

    found = names(inbox.read(octets, NAME))

    assert found == [(1, "bob"), (1102, reason), (1103, "eve")]


def test_latin_1_is_read_if_it_is_asked_for(inbox: Inbox) -> None:
    """Though JSON should be UTF-8."""
    found = names(inbox.read(b'{"name":"Jos\xe9"}', NAME, encoding=Encoding.LATIN_1))

    assert found == [(1, "José")]


@pytest.mark.parametrize("octets", [b'[{"name":"ada"}]', b"\xef\xbb\xbf\n [\n", b"[" * 100_000])
def test_an_array_is_refused(inbox: Inbox, octets: bytes) -> None:
    """It would have to be read whole; the answer says what to write instead."""
    with pytest.raises(InvalidError, match="one object a line") as caught:
        inbox.read(octets, NAME)

    assert caught.value.field == "path"


@pytest.mark.parametrize(
    ("name", "octets", "form"),
    [
        ("a.csv", b"name\n1\n", None),
        ("a.CSV", b"name\n1\n", None),
        ("a.tsv", b"name\temail\n1\t2\n", None),
        ("a.txt", b"name\n1\n", None),
        ("a", b"name\n1\n", None),
        ("a.json", b"name\n1\n", Form.CSV),
        ("a.jsonl", b'\n{"name":"1"}', None),
        ("a.NDJSON", b'\n{"name":"1"}', None),
        ("a.json", b'\n{"name":"1"}', None),
        ("a.txt", b'\n{"name":"1"}', None),
        ("a", b'\xef\xbb\xbf\n{"name":"1"}', None),
        ("a.csv", b'\n{"name":"1"}', Form.JSON_LINES),
    ],
)
def test_the_form_is_asked_for_or_found(
    inbox: Inbox, name: str, octets: bytes, form: Form | None
) -> None:
    """By the end of the name, else by the first character."""
    found = names(inbox.read(octets, name, form=form))

    assert found == [(2, "1")]
