"""What is wrong with a body, said exactly."""

import msgspec
import pytest

from watchword.http.reading import BodyProblem, Flaw, read_json


class Person(msgspec.Struct, frozen=True, rename="camel"):
    """A shape with what shapes have."""

    name: str
    birth_year: int
    is_admin: bool = False
    nick: str | None = None
    friends: list[dict[str, list[str]]] = []


GOOD = b'{"name": "ada", "birthYear": 1815}'


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"],
)
def test_json_is_read_in_its_shape(content_type: str) -> None:
    """A body without a type is taken for JSON."""
    assert read_json(Person, GOOD, content_type) == Person("ada", 1815)


def test_unknown_members_are_ignored() -> None:
    """Clients send more than we know, of any kind."""
    body = b'{"x": [1, {"y": null}], "name": "ada", "z": "\\u0041", "birthYear": 1815}'

    assert read_json(Person, body) == Person("ada", 1815)


def test_the_last_of_a_member_that_comes_twice_counts() -> None:
    """As every JSON reader that the originals used does it."""
    body = b'{"name": "bob", "birthYear": 1815, "name": "ada"}'

    assert read_json(Person, body) == Person("ada", 1815)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "x"])
def test_what_says_that_it_is_no_json_is_not_read_as_json(content_type: str) -> None:
    """A form of a foreign page cannot pass for JSON."""
    assert read_json(Person, GOOD, content_type) == (BodyProblem(Flaw.TYPE, expected="object"),)


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        (b"", [BodyProblem(Flaw.MISSING)]),
        (b"null", [BodyProblem(Flaw.MISSING)]),
        (b"[]", [BodyProblem(Flaw.TYPE, expected="object")]),
        (b'"text"', [BodyProblem(Flaw.TYPE, expected="object")]),
        (b"7", [BodyProblem(Flaw.TYPE, expected="object")]),
        (
            b"{}",
            [BodyProblem(Flaw.MISSING, ("name",)), BodyProblem(Flaw.MISSING, ("birthYear",))],
        ),
        (
            b'{"name": 7, "isAdmin": "yes", "nick": []}',
            [
                BodyProblem(Flaw.TYPE, ("name",), expected="str"),
                BodyProblem(Flaw.MISSING, ("birthYear",)),
                BodyProblem(Flaw.TYPE, ("isAdmin",), expected="bool"),
                BodyProblem(Flaw.TYPE, ("nick",), expected="str | null"),
            ],
        ),
        (
            b'{"name": null, "birthYear": "1815"}',
            [
                BodyProblem(Flaw.TYPE, ("name",), expected="str"),
                BodyProblem(Flaw.TYPE, ("birthYear",), expected="int"),
            ],
        ),
        (
            b'{"Name": "ada", "birth_year": 1815}',
            [BodyProblem(Flaw.MISSING, ("name",)), BodyProblem(Flaw.MISSING, ("birthYear",))],
        ),
    ],
)
def test_everything_that_is_wrong_is_said_at_once(body: bytes, problems: list[BodyProblem]) -> None:
    """Each problem names its kind, its place and what was wanted there."""
    assert read_json(Person, body) == tuple(problems)


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        (b"{", 1),
        (b'{"name": "ada"', 14),
        (b'{"name": }', 9),
        (b"{'name': 1}", 1),
        (b'{"name": "ada",}', 15),
        (GOOD + b" more", 36),
        (b"\xef\xbb\xbf" + GOOD, 0),
        (b"NaN", 0),
        (b'{"name": "a\nb", "birthYear": 1}', 11),
        (b'{"name": "a\x00b", "birthYear": 1}', 11),
        (b'{"name": "\\ud800", "birthYear": 1}', 16),
        (b'{"x": "\\udfff", "name": "a", "birthYear": 1}', 13),
        (b'{"name": 7, "birthYear": oops}', 25),
        (GOOD.decode().encode("utf-16-le"), 1),
    ],
)
def test_broken_json_is_located(body: bytes, offset: int) -> None:
    """The byte is said at which JSON ends to be JSON, whatever else is wrong."""
    assert read_json(Person, body) == (BodyProblem(Flaw.JSON, offset=offset),)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "\xff", "birthYear": 1}',
        b'{"name": "\xed\xa0\x80", "birthYear": 1}',
        b'{"unknown": "\xc0\x80", "name": "ada", "birthYear": 1}',
        GOOD.decode().encode("utf-16"),
    ],
)
def test_bytes_that_are_no_utf8_are_refused(body: bytes) -> None:
    """Also in members that we do not know: half a text is no text."""
    problems = read_json(Person, body)

    assert isinstance(problems, tuple)
    assert [problem.flaw for problem in problems] == [Flaw.ENCODING]


@pytest.mark.parametrize(
    "body",
    [b"[" * 60_000, b'{"x":' * 10_000, b'{"name": "ada", "x": ' + b"[" * 50_000],
)
def test_deep_json_is_refused(body: bytes) -> None:
    """However deep, it is a problem of the caller and not of ours."""
    assert read_json(Person, body) == (BodyProblem(Flaw.DEPTH),)


@pytest.mark.parametrize("number", ["9" * 4301, "1e999", "-1e999", "1.5", "1e400000"])
def test_a_number_that_is_none_of_ours_is_refused(number: str) -> None:
    """A huge one, or one with a fraction, is a wrong value of that member."""
    problems = read_json(Person, b'{"name": "ada", "birthYear": %b}' % number.encode())

    assert isinstance(problems, tuple)
    assert [problem.flaw for problem in problems] in ([Flaw.TYPE], [Flaw.VALUE])


@pytest.mark.parametrize(
    ("body", "at"),
    [
        (b'{"name": "a\\u0000", "birthYear": 1}', ("name",)),
        (b'{"name": "a", "birthYear": 1, "nick": "\\u0000"}', ("nick",)),
        (
            b'{"name": "a", "birthYear": 1, "friends": [{}, {"of": ["\\u0000"]}]}',
            ("friends", "1", "of", "0"),
        ),
    ],
)
def test_nul_is_refused_wherever_it_is_read(body: bytes, at: tuple[str, ...]) -> None:
    """Not every part behind us can keep one."""
    assert read_json(Person, body) == (BodyProblem(Flaw.NUL, at),)


def test_nul_where_nobody_reads_does_no_harm() -> None:
    """A member that we do not know is ignored, whatever is in it."""
    body = b'{"name": "ada", "birthYear": 1815, "x\\u0000": "\\u0000"}'

    assert read_json(Person, body) == Person("ada", 1815)


def test_a_backslash_before_u0000_is_text() -> None:
    """The escape of a backslash is not the escape of a NUL."""
    body = b'{"name": "\\\\u0000", "birthYear": 1}'

    assert read_json(Person, body) == Person("\\u0000", 1)


def test_a_problem_repeats_nothing_of_the_body() -> None:
    """A password in the wrong place is not given back."""
    bodies = (b'{"name": {"hunter2": 1}}', b'{"birthYear": "hunter2"}', b'hunter2 {"name')

    assert not any("hunter2" in repr(read_json(Person, body)) for body in bodies)
