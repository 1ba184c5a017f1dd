"""Two thousand connections of noise: the server survives each and tells nothing of it."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from random import Random

import pytest

from parts.line import request
from parts.peer import Peer, get
from parts.target import LOGIN, ME, PASSWORD, USERS, Target, target

pytestmark = pytest.mark.slow

SEED = 20261122
CONNECTIONS = 2000
GROWTH_KIB_MAX = 24 * 1024
STATUS = re.compile(rb"HTTP/1\.1 (\d+)")
STATUSES = {b"%d" % status for status in (100, 200, 307, *range(400, 432))}
"""What an answer may say; a 5xx it may not."""

TRICKS = b"\0 \r\n \n \r : \xff %00 % \t 0 -1 \x80".split(b" ")
FIELDS = (
    b"Content-Length: 5",
    b"Transfer-Encoding: chunked",
    b"Connection: close",
    b"Expect: 100-continue",
    b"Upgrade: h2c\r\nConnection: Upgrade",
    b"Host: evil",
    b"Range: bytes=0-1",
    b"X-Forwarded-For: ::1",
    b"Cookie: authToken=;;=;\xff",
    b"Authorization: Bearer \xff",
    b"Content-Type: text/plain\xff",
)
OTHERS = ("/", "/livez", "/readyz", "/openapi.json", "/docs", "/metrics", "//", "/%2e", "*")
PATHS = (LOGIN, ME, USERS, *OTHERS)
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One server, which gives up soon on what does not go on."""
    with target(
        tmp_path_factory.mktemp("noise"),
        server__header_timeout_s="1",
        server__body_timeout_s="1",
        server__keep_alive_s="1",
    ) as found:
        yield found


def rubbish(chance: Random, _: Target) -> bytes:
    """Return bytes that have nothing to do with HTTP."""
    return chance.randbytes(chance.randrange(1, 2000))


def cut(chance: Random, attacked: Target) -> bytes:
    """Return a good request without its end."""
    whole = good(chance, attacked)
    return whole[: chance.randrange(len(whole))]


def bent(chance: Random, attacked: Target) -> bytes:
    """Return a good request with some of its bytes changed."""
    octets = bytearray(good(chance, attacked))
    for _ in range(chance.randrange(1, 6)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)


def stuffed(chance: Random, attacked: Target) -> bytes:
    """Return a good request with what parsers stumble over put into it."""
    whole = good(chance, attacked)
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(whole))
        whole = whole[:place] + chance.choice(TRICKS) * chance.randrange(1, 4) + whole[place:]
    return whole


def burdened(chance: Random, attacked: Target) -> bytes:
    """Return a good request with fields that say something else."""
    first, _, rest = good(chance, attacked).partition(b"\r\n")
    fields = chance.choices(FIELDS, k=chance.randrange(1, 4))
    return b"\r\n".join([first, *fields, rest])


def several(chance: Random, attacked: Target) -> bytes:
    """Return requests of every kind behind each other."""
    kinds = chance.choices((good, good, bent, stuffed, burdened, rubbish), k=chance.randrange(2, 8))
    return b"".join(kind(chance, attacked) for kind in kinds)


def good(chance: Random, attacked: Target) -> bytes:
    """Return a request in which only the content is odd."""
    method, path = chance.choice(METHODS), chance.choice(PATHS)
    match chance.randrange(4):
        case 0:
            return get(path, f"Authorization: Bearer {attacked.token}")
        case 1:
            return request(method, path, chance.randbytes(chance.randrange(200)))
        case 2:
            body = {"username": "admin", "password": chance.choice([PASSWORD, "wrong", None, 1])}
            return request("POST", chance.choice(PATHS), body)
    return request(method, f"{path}?{chance.randrange(99)}=%{chance.randrange(256):02x}", None)


KINDS: tuple[Callable[[Random, Target], bytes], ...]
KINDS = (rubbish, cut, bent, stuffed, burdened, several)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("stays", [True, False], ids=["who stays", "who leaves"])
def test_noise_does_no_harm(
    attacked: Target, kind: Callable[[Random, Target], bytes], *, stays: bool
) -> None:
    """Each connection is answered, or closed where there was nothing to answer; no failure."""
    chance = Random(f"{SEED} {kind.__name__} {stays}")
    before = attacked.memory_kib()
    noises = [kind(chance, attacked) for _ in range(CONNECTIONS // len(KINDS) // 2)]

    heard = shout(attacked, noises, stays=stays)

    bad = [(noise, said) for noise, said in zip(noises, heard, strict=True) if not fair(said)]
    assert bad == []
    assert all(heard) or not stays
    assert attacked.is_well()
    assert attacked.memory_kib() - before < GROWTH_KIB_MAX


def fair(said: bytes) -> bool:
    """Say whether the answers, if there are any, are no failures of the server."""
    return said[:9] in {b"", b"HTTP/1.1 "} and set(STATUS.findall(said)) <= STATUSES


def shout(attacked: Target, noises: list[bytes], *, stays: bool) -> list[bytes]:
    """Send each noise on its own connection, all at once; return all that comes back."""
    with ExitStack() as stack:
        peers = [stack.enter_context(Peer(attacked.port)) for _ in noises]
        for peer, noise in zip(peers, noises, strict=True):
            with suppress(ConnectionError):
                peer.send(noise)
                if not stays:
                    peer.socket.shutdown(socket.SHUT_WR)
        return [peer.last_words() for peer in peers]


def test_nothing_of_the_noise_is_in_the_log(attacked: Target) -> None:
    """Each line is JSON, and none has a secret or a trace in it."""
    attacked.log_in(PASSWORD)
    told = attacked.server.told()

    assert attacked.trouble() == []
    assert "Traceback" not in told
    assert PASSWORD not in told
    assert attacked.token.split(".")[1] not in told
