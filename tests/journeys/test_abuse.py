"""Bad bodies and bad ids, sent to the program itself: a clear no each time, and nothing breaks."""

import gzip
from collections.abc import Iterator

import pytest

from parts.line import request
from parts.peer import Answer, Peer
from parts.target import LOGIN, PASSWORD, USERS, Target, says_no, target

pytestmark = pytest.mark.slow

BODY_BYTES_MAX = 1_000_000
"""More than usual, so that what is deep is refused for its depth."""

DEEP = 100_000
BAD_BODIES = {
    "nothing": b"",
    "a space": b" ",
    "null": b"null",
    "a number": b"1",
    "a text": b'"a"',
    "a list": b"[]",
    "cut off": b'{"username":',
    "something behind it": b'{"username":"a","password":"b"} x',
    "a comma too many": b'{"username":"a","password":"b",}',
    "single quotes": b"{'username':'a','password':'b'}",
    "no number": b'{"username":NaN,"password":-Infinity}',
    "a long number": b'{"username":1' + b"0" * 5000 + b',"role":1' + b"0" * 5000 + b"}",
    "a large exponent": b'{"username":1e999999,"role":1e999999,"new_password":1e999999}',
    "wrong types": b'{"username":[],"password":{},"role":3,"active":"x","new_password":1}',
    "nulls": b'{"username":null,"password":null,"active":0,"new_password":null}',
    "booleans": b'{"username":true,"password":false,"active":"true","new_password":true}',
    "deep lists": b"[" * DEEP,
    "deep closed lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP,
    "a deep member": b'{"username":' + b"[" * DEEP + b"]" * DEEP + b',"password":"b"}',
    "a deep unknown member": b'{"active":true,"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "a raw NUL": b'{"username":"a\0b","password":"b"}',
    "only a NUL": b"\0",
    "an escaped NUL": b'{"username":"a\\u0000","role":"\\u0000","new_password":"\\u0000"}',
    "latin-1": b'{"username":"\xe9","password":"b"}',
    "UTF-16": '{"username":"a","password":"b"}'.encode("utf-16"),
    "UTF-32": '{"username":"a","password":"b"}'.encode("utf-32"),
    "a byte order mark": b'\xef\xbb\xbf{"username":"a","password":"b"}',
    "a byte too many": b'{"username":"\xc0\xaf","password":"b"}',
    "bytes of a surrogate": b'{"username":"\xed\xa0\x80","password":"b"}',
    "a lone surrogate": b'{"username":"\\ud800","password":"b","new_password":"\\ud800"}',
    "a lone low surrogate": b'{"username":"a","password":"\\udc00","new_password":"\\udc00"}',
    "half a pair": b'{"username":"\\ud83dx","password":"b","new_password":"\\ud83dx"}',
    "a surrogate nobody asked for": b'{"active":true,"x":"\\ud800"}',
    "twice, and wrong once": b'{"username":1,"username":"a","role":1,"role":"user"}',
    "compressed": gzip.compress(b'{"username":"a","password":"b"}'),
    "a form": b"username=a&password=b&new_password=c&role=user",
    "too large": b'{"username":"' + b"a" * BODY_BYTES_MAX + b'"}',
}

ODD_BODIES = {
    "twice": b'{"username":"nobody","username":"nobody","password":"x","password":"wrong"}',
    "a NUL for a name": b'{"\\u0000":1,"username":"nobody","password":"wrong"}',
    "no characters": b'{"username":"\xef\xbf\xbe","password":"\xef\xbf\xbf"}',
    "a pair": b'{"username":"\\ud83d\\ude00","password":"wrong"}',
    "a long name": b'{"username":"' + b"a" * 900_000 + b'","password":"wrong"}',
    "a long password": b'{"username":"nobody","password":"' + b"a" * 900_000 + b'"}',
    "a name that NFKC makes longer": b'{"username":"'
    + "\ufdfa".encode() * 9000
    + b'","password":"x"}',
    "many members": b"{" + b'"x":1,' * 50_000 + b'"username":"nobody","password":"wrong"}',
}

BAD_IDS = (
    *(
        "x",
        "0",
        "-1",
        "1e5",
        "null",
        "default",
        "{id}",
        "*",
        "'",
        '"',
        "<script>",
        "\\",
        "~",
        ";a=b",
    ),
    *("%00", "a%00b", "%2F", "%2f..%2f", "..", "%2e%2e", "%2E%2E%2Fusers", ".", "%5c", "%0d%0aX:y"),
    *("%", "%zz", "%u0041", "%c3%28", "%ed%a0%80", "%f0%9f%98%80", "%E2%80%AE", "%EF%BD%86"),
    *("a" * 10_000, "a" * 30_000, "urn:uuid:11111111-2222-4333-8444-555555555555"),
    *("11111111-2222-4333-8444-555555555555%20", "11111111222243338444555555555555"),
)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One server for all of this page."""
    folder = tmp_path_factory.mktemp("bodies")
    with target(folder, server__body_bytes_max=str(BODY_BYTES_MAX)) as found:
        yield found


def reading_paths(attacked: Target) -> list[tuple[str, str]]:
    """Return every call that reads a body."""
    one = f"{USERS}/{attacked.admin}"
    return [
        ("POST", LOGIN),
        ("POST", "/api/auth/register"),
        ("POST", "/api/auth/change-password"),
        ("PUT", "/api/auth/change-password"),
        ("POST", USERS),
        ("PUT", one),
        ("PUT", f"{one}/reset-password"),
    ]


@pytest.mark.parametrize("kind", BAD_BODIES)
def test_a_bad_body_gets_a_clear_no(attacked: Target, kind: str) -> None:
    """Whatever is wrong with it, on every path that reads one."""
    body = BAD_BODIES[kind]
    paths = reading_paths(attacked)
    answers = [attacked.call(*path, body, token=attacked.token) for path in paths]

    assert [answer for answer in answers if not says_no(answer)] == []
    assert attacked.is_well()


@pytest.mark.parametrize("kind", ["a long number", "a large exponent"])
def test_a_number_past_all_bounds_is_called_unreadable(attacked: Target, kind: str) -> None:
    """The original cannot read it either; nobody is told that an object is no object."""
    answer = attacked.call("POST", LOGIN, BAD_BODIES[kind])

    assert answer.status == 400
    assert answer.document == {"detail": "There was an error parsing the body"}


@pytest.mark.parametrize("kind", ODD_BODIES)
def test_an_odd_body_is_taken_or_refused(attacked: Target, kind: str) -> None:
    """Nobody gets in with it, and nothing fails."""
    answer = attacked.call("POST", LOGIN, ODD_BODIES[kind])
    registered = attacked.call("POST", "/api/auth/register", ODD_BODIES[kind])

    assert says_no(answer)
    assert says_no(registered)


@pytest.mark.parametrize("path_id", BAD_IDS, ids=lambda text: text[:20])
def test_an_id_that_is_none_is_not_found(attacked: Target, path_id: str) -> None:
    """It is nobody's, on every path that takes one; or the path is another one."""
    answers: list[Answer] = []
    with Peer(attacked.port) as peer:
        for method, rest, body in (
            ("PUT", "", {"active": False}),
            ("DELETE", "", None),
            ("PUT", "/reset-password", {"new_password": PASSWORD[::-1]}),
        ):
            path = f"{USERS}/{path_id}{rest}"
            answers.append(peer.ask(request(method, path, body, token=attacked.token)))

    redirects = [answer for answer in answers if answer.status == 307]
    assert all(answer.headers["location"] == USERS for answer in redirects)
    assert all(
        answer.status == 404 and says_no(answer) for answer in answers if answer not in redirects
    )
