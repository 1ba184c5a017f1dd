"""The assets API at the program itself: what only the wire shows."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote

import pytest

from parts.line import request
from parts.peer import Answer, ClosedError, Peer, chunked, get, post
from parts.server import Store, serving
from parts.target import PASSWORD, Target, target

pytestmark = pytest.mark.slow

APILOGIN, PROFILE = "/services/apilogin", "/services/profile"
TYPE = "application/json;charset=utf-8"
PARTS = "Content-Type: multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n'
BIG_BYTES = 10 * 2**20
GROWTH_KIB_MAX = 8 * 1024


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One server with little patience for a body, for all of this page."""
    with target(tmp_path_factory.mktemp("assets"), server__body_timeout_s="1") as found:
        yield found


def is_fault(answer: Answer, code: int, *, status: int = 200) -> bool:
    """Say whether an answer says this, and in the shape of the API."""
    told = answer.document
    return (
        answer.status == status
        and answer.headers["content-type"] == TYPE
        and set(told) == {"errorcode", "message"}
        and told["errorcode"] == code
    )


def test_ping_over_a_certificate_of_our_own(sqlite_store: Store) -> None:
    """`curl -k https://127.0.0.1:…/services/ping`, as the page has it."""
    curl = shutil.which("curl")
    assert curl, "curl is not installed"
    with serving(sqlite_store, "--demo", "--tls", "self-signed") as server:
        url = f"https://127.0.0.1:{server.port}/services/ping"
        ran = subprocess.run([curl, "-sSk", url], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert (
        ran.stdout == '{"state":"running","version":"6.107.0.0","available":true,"server":"Assets"}'
    )


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_ten_megabytes_in_parts(attacked: Target, *, announced: bool) -> None:
    """Refused with 413 in the shape of this API, and never held in memory."""
    big = PART + b"x" * BIG_BYTES + b"\r\n--x--\r\n"
    pieces = [big[at : at + 65_536] for at in range(0, len(big), 65_536)]
    raw = post(APILOGIN, big, PARTS)
    if not announced:
        raw = chunked(APILOGIN, *pieces).replace(b"\r\n", f"\r\n{PARTS}\r\n".encode(), 1)
    before = attacked.memory_kib()

    answers = []
    for _ in range(5):
        with Peer(attacked.port) as peer:
            # It hangs up while we still send, which may cost us its answer.
            with suppress(ConnectionError):
                peer.send(raw)
            with suppress(ClosedError):
                answers.append(peer.answer())

    assert answers
    assert all(is_fault(answer, 413, status=413) for answer in answers)
    assert attacked.memory_kib() - before < GROWTH_KIB_MAX


def test_a_body_that_dawdles(attacked: Target) -> None:
    """408 in the shape of this API, a session id in the path or not."""
    for path in (APILOGIN, f"{APILOGIN};jsessionid=1"):
        whole = post(path, PART, PARTS)
        with Peer(attacked.port) as peer:
            peer.send(whole[:-10])
            answer = peer.answer()

        assert is_fault(answer, 408, status=408)


@pytest.mark.parametrize(
    ("asset", "code"),
    [
        ("..", 400),
        ("%2e%2e", 400),
        (".", 400),
        ("a%00b", 400),
        ("%00", 400),
        ("x" * 65, 400),
        ("x" * 20_000, 400),
        ("a%2Fb", 404),
        ("a/b", 404),
        ("../../api/health", 404),
        ("%ff", 400),
        ("a%0d%0aX: y", 400),
        ("%", 400),
        ("%zz", 400),
    ],
)
@pytest.mark.parametrize("verb", ["checkout", "undocheckout", "checkin"])
def test_odd_ids(attacked: Target, verb: str, asset: str, code: int) -> None:
    """Byte for byte on the wire; none of them is an error of ours, or another path."""
    path = f"/services/{verb}/{asset.replace(' ', '%20')}"

    answer = attacked.call("POST", path, token=attacked.token)

    assert is_fault(answer, code)


def test_parts_beside_a_get(attacked: Target) -> None:
    """A client that sends each call in parts does so with a GET; the connection goes on."""
    with Peer(attacked.port) as peer:
        body = post(PROFILE, b"--x--\r\n", PARTS, f"Authorization: Bearer {attacked.token}")
        answers = [peer.ask(body.replace(b"POST", b"GET", 1)) for _ in range(3)]
        ping = peer.ask(get("/services/ping"))

    assert [answer.document["username"] for answer in answers] == ["admin"] * 3
    assert ping.document["available"] is True


def test_no_parts_in_no_body(attacked: Target) -> None:
    """`Content-Length: 0` with a type of parts, and everything in the query."""
    path = f"{APILOGIN}?username=admin&password={quote(PASSWORD)}"

    answer = attacked.ask(post(path, b"", PARTS))

    assert answer.document["loginSuccess"] is True


def test_a_password_in_the_query_is_in_no_log(attacked: Target) -> None:
    """Of ours; the page warns of those in front of us."""
    secret = "hush-hush-hush"
    paths = [
        f"{APILOGIN}?username=admin&password={secret}",
        f"/services/login?username={secret}&password={secret}",
        f"/services/login?cred={secret}",
        f"/services/login;jsessionid={secret}?username=admin&password={secret}",
        f"/services/{secret}?password={secret}",
        f"/services/checkout/{secret}?password={secret}",
    ]
    bad = f"username=admin&password={secret}%00".encode()
    broken = b"--x\r\nContent-Disposition: " + secret.encode()

    answers = [attacked.ask(post(path, b"")) for path in paths]
    answers += [
        attacked.ask(post(APILOGIN, bad, "Content-Type: application/x-www-form-urlencoded")),
        attacked.ask(post(APILOGIN, broken, PARTS)),
        attacked.ask(request("GET", f"{APILOGIN}?password={secret}")),
    ]

    assert {answer.status for answer in answers} == {200}
    assert not any(secret.encode() in answer.body for answer in answers)
    assert secret not in attacked.server.told() + attacked.server.out.read_text("utf-8")
