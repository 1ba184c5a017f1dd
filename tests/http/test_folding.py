"""Members of a body in any letter case, where a dialect's clients write them so."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.http.reading import BodyProblem, Flaw, read_json


class Company(msgspec.Struct, frozen=True):
    """A shape within a shape."""

    Name: str
    Tags: list[str] = []


class Person(msgspec.Struct, frozen=True, rename="camel"):
    """A shape with what shapes have."""

    user_name: str
    age: int = 0
    nick: str | None = None
    home: Company | None = None
    all_of: list[Company] = []
    by_year: dict[int, Company] = {}
    anything: object = None


GOOD = b'{"userName": "ada", "age": 36}'


def read(body: bytes, content_type: str = "") -> Person | tuple[BodyProblem, ...]:
    return read_json(Person, body, content_type, folds_case=True)


@pytest.mark.parametrize(
    "body", [GOOD, GOOD.upper().replace(b"ADA", b"ada"), b'{"USERname": "ada", "aGE": 36}']
)
def test_letter_case_does_not_matter(body: bytes) -> None:
    """However a client writes it, it is the same member."""
    assert read(body) == Person("ada", 36)


def test_case_matters_where_nobody_asked_for_that() -> None:
    """Other dialects know a member in one spelling only."""
    assert read_json(Person, b'{"USERNAME": "ada"}') == (BodyProblem(Flaw.MISSING, ("userName",)),)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"username": "a", "userName": "b", "USERNAME": "c"}', "c"),
        (b'{"userName": "a", "USERNAME": "b", "userName": "c"}', "c"),
        (b'{"USERNAME": "a", "userName": "b", "USERNAME": "c", "x": 1}', "c"),
        (b'{"username": 7, "userName": "b"}', "b"),
        (b'{"userName": "a", "user\\u004eame": "b"}', "b"),
    ],
)
def test_the_last_of_those_that_differ_in_case_counts(body: bytes, name: str) -> None:
    """As with a member that comes twice in one spelling."""
    assert read(body) == Person(name)


def test_shapes_within_are_folded_too() -> None:
    """In lists, in objects, and where there may be nothing."""
    body = (
        b'{"USERNAME": "ada", "HOME": {"nAME": "a", "TAGS": ["X"]}, "ALLOF": [{"name": "b"}],'
        b' "BYYEAR": {"1843": {"NAME": "c"}}}'
    )

    assert read(body) == Person(
        "ada", 0, None, Company("a", ["X"]), [Company("b")], {1843: Company("c")}
    )


def test_what_has_no_shape_stays_as_it_is() -> None:
    """The names in it are the client's own."""
    body = b'{"username": "ada", "ANYTHING": {"A": 1, "a": 2, "B": {"C": 3}}}'

    assert read(body) == Person("ada", anything={"A": 1, "a": 2, "B": {"C": 3}})


@pytest.mark.parametrize(
    "name", ["u\u017fername", "userName\u200b", "\uff35serName", "user\u0130ame"]
)
def test_no_other_alphabet_passes_for_ours(name: str) -> None:
    """Letters that fold onto those of ASCII elsewhere are others here."""
    body = json.dumps({name: "ada"}).encode()

    assert read(body) == (BodyProblem(Flaw.MISSING, ("userName",)),)


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        (b"", [BodyProblem(Flaw.MISSING)]),
        (b"null", [BodyProblem(Flaw.MISSING)]),
        (b"[]", [BodyProblem(Flaw.TYPE, expected="object")]),
        (b"{}", [BodyProblem(Flaw.MISSING, ("userName",))]),
        (
            b'{"USERNAME": 7, "AGE": "36", "NICK": []}',
            [
                BodyProblem(Flaw.TYPE, ("userName",), expected="str"),
                BodyProblem(Flaw.TYPE, ("age",), expected="int"),
                BodyProblem(Flaw.TYPE, ("nick",), expected="str | null"),
            ],
        ),
        (b'{"USERNAME": "a\\u0000"}', [BodyProblem(Flaw.NUL, ("userName",))]),
        (b'{"USERNAME": "a", "X": "\\u0000"}', None),
        (b'{"USERNAME": "a\x00"}', [BodyProblem(Flaw.JSON, offset=15)]),
        (b'{"USERNAME": "\\ud800"}', [BodyProblem(Flaw.JSON, offset=22)]),
        (b'{"USERNAME": ', [BodyProblem(Flaw.JSON, offset=13)]),
        (b'{"USERNAME": "a"} more', [BodyProblem(Flaw.JSON, offset=19)]),
        (b"\xef\xbb\xbf{}", [BodyProblem(Flaw.JSON, offset=0)]),
        (b'{"x": "\xff", "USERNAME": "a"}', [BodyProblem(Flaw.ENCODING, offset=7)]),
        (GOOD.decode().encode("utf-16"), [BodyProblem(Flaw.ENCODING)]),
        (b"NaN", [BodyProblem(Flaw.JSON, offset=0)]),
        (b'{"USERNAME": "a", "AGE": 1e999}', [BodyProblem(Flaw.VALUE)]),
        (b'{"USERNAME": "a", "AGE": %b}' % (b"9" * 4301), [BodyProblem(Flaw.VALUE)]),
        (b"[" * 60_000, [BodyProblem(Flaw.DEPTH)]),
        (b'{"x":' * 10_000, [BodyProblem(Flaw.DEPTH)]),
        (b'{"HOME":' * 10_000, [BodyProblem(Flaw.DEPTH)]),
        (b'{"USERNAME": "a", "x": ' + b"[" * 50_000, [BodyProblem(Flaw.DEPTH)]),
    ],
)
def test_what_is_wrong_is_said_as_exactly(body: bytes, problems: list[BodyProblem] | None) -> None:
    """A problem names the member as the shape spells it, and nothing becomes a failure."""
    assert read(body) == (Person("a") if problems is None else tuple(problems))


@pytest.mark.parametrize("depth", [100, 300, 500, 900, 970, 990, 1000, 1010])
def test_no_depth_is_too_much_for_one_reader_alone(depth: int) -> None:
    """It is read, or it is too deep; whichever part of us comes to its limit first."""
    body = b'{"USERNAME": "a", "ANYTHING": %b}' % (b"[" * depth + b"]" * depth)
    found = read(body)

    assert isinstance(found, Person) or found == (BodyProblem(Flaw.DEPTH),)


def test_two_members_that_differ_in_case_are_a_bug_of_ours() -> None:
    """Such a shape cannot be read so."""

    class Torn(msgspec.Struct):
        name: str
        NAME: str

    with pytest.raises(AssertionError):
        read_json(Torn, b"{}", folds_case=True)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.sampled_from("naAmMeE")), inner),
    max_leaves=8,
)  # fmt: skip
_NAMES = st.sampled_from(["userName", "age", "nick", "home", "allOf", "byYear", "anything", "x"])


@st.composite
def _spellings(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Return members in any case and order, some of them twice; and the same spelled right."""
    members = draw(st.lists(st.tuples(_NAMES, st.lists(st.booleans(), max_size=9), _JSON)))
    written = (
        f"{json.dumps(_recased(name, flips))}: {json.dumps(value)}"
        for name, flips, value in members
    )
    right = {name: value for name, _, value in members}
    return ("{" + ", ".join(written) + "}").encode(), json.dumps(right).encode()


def _recased(name: str, flips: list[bool]) -> str:
    flipped = (one.swapcase() if flip else one for one, flip in zip(name, flips, strict=False))
    return "".join(flipped) + name[len(flips) :]


@given(_spellings())
def test_any_spelling_is_read_like_the_right_one(bodies: tuple[bytes, bytes]) -> None:
    """It gives the same, or the same problems."""
    any_spelling, right = bodies

    assert read(any_spelling) == read(right)


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_no_bytes_are_a_failure(body: bytes) -> None:
    """Whatever comes, it is read or its problems are told."""
    assert isinstance(read(body), Person | tuple)
