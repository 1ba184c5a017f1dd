"""The client library against the program itself, and a service that trusts it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from journeys import keys
from journeys.keys import FEED_SCOPE, SECURE, Key
from journeys.people import ADMIN, PASSWORD, WITH_ADMIN
from parts.guarded import Service, guarded
from parts.server import FOR_ALL, Server, Store, command, serving
from parts.waiting import until
from watchword.client import (
    ApiKeyAuth,
    AsyncClient,
    Client,
    Guard,
    InvalidToken,
    ThreadedGuard,
    TokenAuth,
    UnknownAudience,
    WrongCredentials,
)
from watchword.client.surroundings import SURROUNDINGS, Surroundings, elapsed_seconds

pytestmark = pytest.mark.slow

ISSUER, BILLING = "https://id.example", "https://billing.example"
SETTINGS = {
    **WITH_ADMIN,
    **FOR_ALL,
    "WATCHWORD_ISSUER": ISSUER,
    "WATCHWORD_TOKENS__AUDIENCES": BILLING,
}
LATE = 2400.0
"""Seconds after which a token of an hour may be renewed."""

SILENCE_MAX_S = 2.0
HEARD_S = 1.0
TRIES = 100


@dataclass
class AheadTime:
    """Our own clock, which can be put forward."""

    ahead: float = 0.0
    surroundings: Surroundings = field(init=False)

    def __post_init__(self) -> None:
        self.surroundings = Surroundings(
            elapsed=lambda: elapsed_seconds() + self.ahead, chance=lambda: 0.0
        )


def place(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def client_at(url: str, surroundings: Surroundings = SURROUNDINGS) -> Client:
    return Client(url, username=ADMIN, password=PASSWORD, surroundings=surroundings)


def guard_at(url: str, key: Key) -> Guard:
    return Guard(url, issuer=ISSUER, audience=BILLING, api_key=key.text, silence_max=SILENCE_MAX_S)


def feed_key(store: Store) -> Key:
    return keys.create(store, "--scope", FEED_SCOPE, "--per-minute", "0")


@contextmanager
def neighbours(store: Store, *words: str) -> Iterator[tuple[str, Client, Service]]:
    """Run a server and a guarded service; give the URL of the one, a client, and the other."""
    with serving(store, *words, settings=SETTINGS) as server:
        url = place(server)
        with client_at(url) as client, guarded(guard_at(url, feed_key(store))) as service:
            yield url, client, service


def becomes(service: Service, token: str, status: int, *, within: float = 15.0) -> float:
    """Wait until a token gets this answer; return how many seconds that took."""
    began = time.monotonic()
    until(lambda: service.status(token) == status, within=within)
    return time.monotonic() - began


def test_a_log_in_serves_for_a_day(sqlite_store: Store) -> None:
    """Renewed in time, and by one of many threads; after a log-out elsewhere it begins anew."""
    clock = AheadTime()
    with (
        serving(sqlite_store, settings=SETTINGS) as server,
        client_at(place(server), clock.surroundings) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        first = client.token()
        clock.ahead += LATE
        answers = list(pool.map(client.get, [SECURE] * 40))
        second = client.token()
        both = [_greeted(place(server), token) for token in (first, second)]
        _log_out(place(server), second)
        after = client.get(SECURE)
        last = client.token()
        client.logout()
        dead = _greeted(place(server), last)

    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json() == {"message": f"Hi {ADMIN}"}
    assert (second != first, both, after.status_code) == (True, [200, 200], 200)
    assert dead == 401


async def test_the_same_without_blocking(sqlite_store: Store) -> None:
    """And what the server refuses is said in the same words."""
    with serving(sqlite_store, settings=SETTINGS) as server:
        url = place(server)
        async with AsyncClient(url, username=ADMIN, password=PASSWORD) as client:
            answer = await client.get(SECURE)
            token = await client.service_token(BILLING)
            with pytest.raises(UnknownAudience):
                await client.service_token("https://nobody.example")
            await client.logout()
        async with AsyncClient(url, username=ADMIN, password="wrong") as stranger:
            with pytest.raises(WrongCredentials):
                await stranger.get(SECURE)

    assert answer.json() == {"message": f"Hi {ADMIN}"}
    assert token


def test_a_key_is_enough_for_everyday_things(sqlite_store: Store) -> None:
    """In any httpx client."""
    with serving(sqlite_store, settings=SETTINGS) as server:
        key = keys.create(sqlite_store)
        with httpx.Client(base_url=place(server), auth=ApiKeyAuth(key.text)) as client:
            answer = client.get(SECURE)

    assert (answer.status_code, answer.json()) == (200, {"message": f"Hi {ADMIN}"})


@pytest.mark.alone
def test_a_log_out_reaches_a_guarded_service(store: Store, tell: Callable[[str], None]) -> None:
    """A hundred times: accepted before it, refused within a second after its answer."""
    delays = []

    with neighbours(store, "--workers", "2") as (_, client, service):
        for _number in range(TRIES):
            token = client.service_token(BILLING)
            assert service.status(token) == 200
            client.logout()
            delays.append(becomes(service, token, 401))
        own = client.token()
        with httpx.Client(auth=TokenAuth(client, audience=BILLING)) as caller:
            served = caller.get(service.url)
        strays = [service.status(own), service.status("nonsense")]

    delays.sort()
    tell(
        f"a logged-out token was refused after {delays[TRIES // 2] * 1000:.0f} ms (p50), "
        f"{delays[TRIES * 99 // 100 - 1] * 1000:.0f} ms (p99), {delays[-1] * 1000:.0f} ms (most)"
    )
    assert delays[-1] < HEARD_S
    assert served.status_code == 200
    assert strays == [401, 401]


def test_a_service_token_opens_nothing_here(sqlite_store: Store) -> None:
    """It is for that service alone."""
    with neighbours(sqlite_store) as (url, client, _):
        token = client.service_token(BILLING)
        status = _greeted(url, token)

    assert status == 401


@pytest.mark.alone
def test_a_restart_is_survived(store: Store) -> None:
    """What was ended while the server was away is known when anybody is let in again."""
    with serving(store, settings=SETTINGS) as server:
        url, port = place(server), str(server.port)
        key = feed_key(store)
        with client_at(url) as client, client_at(url) as other:
            ended, lives = client.service_token(BILLING), other.service_token(BILLING)
            labels = _labels(store)
            with guarded(guard_at(url, key)) as service:
                before = [service.status(token) for token in (ended, lives)]
                server.stop()
                down = becomes(service, lives, 503)
                refusal = service.ask(lives)
                # The newest first: `other` came after `client`.
                assert command(store, "session", "end", labels[1]).returncode == 0
                with serving(store, "--port", port, settings=SETTINGS):
                    becomes(service, lives, 200)
                    after = service.status(ended)

    assert before == [200, 200]
    assert down < SILENCE_MAX_S + HEARD_S
    assert int(refusal.headers["retry-after"]) >= 1
    assert after == 401


@pytest.mark.alone
def test_a_short_restart_goes_unnoticed(sqlite_store: Store) -> None:
    """Within the time that silence may last, everybody is served on."""
    with serving(sqlite_store, settings=SETTINGS) as server:
        url, port = place(server), str(server.port)
        key = feed_key(sqlite_store)
        patient = Guard(url, issuer=ISSUER, audience=BILLING, api_key=key.text, silence_max=30)
        with client_at(url) as client, guarded(patient) as service:
            token = client.service_token(BILLING)
            statuses = {service.status(token)}
            server.stop()
            statuses.add(service.status(token))
            with serving(sqlite_store, "--port", port, settings=SETTINGS):
                statuses.add(service.status(token))
                client.logout()
                delay = becomes(service, token, 401)

    assert statuses == {200}
    assert delay < HEARD_S + HEARD_S  # the pause between two tries comes on top


@pytest.mark.alone
def test_without_its_key_a_guard_lets_nobody_in(sqlite_store: Store) -> None:
    """The key is revoked: no news can come any more."""
    with serving(sqlite_store, settings=SETTINGS) as server:
        url, key = place(server), feed_key(sqlite_store)
        with client_at(url) as client, guarded(guard_at(url, key)) as service:
            token = client.service_token(BILLING)
            before = service.status(token)
            assert command(sqlite_store, "apikey", "revoke", key.id).returncode == 0
            delay = becomes(service, token, 503)

    assert before == 200
    assert delay < SILENCE_MAX_S + HEARD_S


@pytest.mark.alone
def test_distrusted_keys_are_distrusted_everywhere(store: Store) -> None:
    """Within a second, and whoever logs in again is served with a token of the new key."""
    with neighbours(store) as (_, client, service):
        token = client.service_token(BILLING)
        before = service.status(token)
        ran = command(store, "signing-key", "rotate", "--distrust-old")
        assert ran.returncode == 0, ran.stderr
        delay = becomes(service, token, 401)
        with httpx.Client(auth=TokenAuth(client, audience=BILLING)) as caller:
            again = caller.get(service.url)

    assert before == 200
    assert delay < HEARD_S
    assert again.status_code == 200


def test_a_rotated_key_goes_unnoticed(sqlite_store: Store) -> None:
    """Tokens of both keys are served."""
    with neighbours(sqlite_store) as (url, client, service):
        old = client.service_token(BILLING)
        before = service.status(old)
        assert command(sqlite_store, "signing-key", "rotate").returncode == 0
        with client_at(url) as other:
            new = other.service_token(BILLING)
            until(lambda: service.status(new) == 200, within=5)
        after = service.status(old)

    assert (before, after) == (200, 200)


@pytest.mark.alone
def test_a_service_that_blocks_is_guarded(sqlite_store: Store) -> None:
    """By a thread that follows the feed."""
    with serving(sqlite_store, settings=SETTINGS) as server:
        url, key = place(server), feed_key(sqlite_store)
        guard = ThreadedGuard(
            url, issuer=ISSUER, audience=BILLING, api_key=key.text, silence_max=SILENCE_MAX_S
        )
        with client_at(url) as client, guard:
            token = client.service_token(BILLING)
            subject = guard.check(token).subject
            client.logout()
            until(lambda: _is_refused(guard, token), within=HEARD_S)

    assert subject


def _greeted(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{url}{SECURE}", headers=headers).status_code


def _log_out(url: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    httpx.post(f"{url}/user/logout", headers=headers).raise_for_status()


def _labels(store: Store) -> list[str]:
    """Return the labels of all live sessions, newest first."""
    listed = command(store, "session", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    sessions = httpx.Response(200, content=listed.stdout).json()["sessions"]
    return [one["label"] for one in sessions]


def _is_refused(guard: ThreadedGuard, token: str) -> bool:
    try:
        guard.check(token)
    except InvalidToken:
        return True
    return False
