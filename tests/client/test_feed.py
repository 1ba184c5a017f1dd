"""What a guard learns from each answer of the feed, and what it asks next."""

import hashlib
import logging
from collections.abc import Callable

import httpx
import pytest

from client.mint import KEY, Json
from client.standin import HOME, HandTime
from watchword.client.answers import NoAnswer
from watchword.client.feed import Feed, Keys, Next, digest_of

DAY = 86_400.0
SILENCE_MAX = 10.0
NOBODY = NoAnswer("ConnectError")


def make(time: HandTime, *, silence_max: float = SILENCE_MAX) -> Feed:
    return Feed(HOME, KEY, silence_max=silence_max, keep_for=DAY, surroundings=time.surroundings)


@pytest.fixture
def time() -> HandTime:
    return HandTime()


@pytest.fixture
def feed(time: HandTime) -> Feed:
    """A feed that has read all there was: nothing."""
    made = make(time)
    made.request()
    made.take(page(0))
    assert made.is_heard
    return made


def page(following: int, *items: Json) -> httpx.Response:
    return httpx.Response(200, json={"revocations": list(items), "next": following})


def ended(number: int, session: str = "s") -> Json:
    sid = hashlib.sha256(session.encode()).hexdigest()
    return {"number": number, "kind": "session", "sid": sid}


def asked(feed: Feed) -> tuple[int, int]:
    """Return what the next request asks for: since, and wait."""
    parameters = feed.request().url.params
    return int(parameters["since"]), int(parameters["wait"])


def test_nothing_counts_before_all_of_it_was_read(time: HandTime) -> None:
    """Page after page without waiting, until one is empty."""
    feed = make(time)
    seen = [(asked(feed), feed.is_heard)]
    for answer in (page(1000, ended(1, "a")), page(1500, ended(1500, "b")), page(1500)):
        last = feed.take(answer)
        seen.append((asked(feed), feed.is_heard))

    assert seen == [((0, 0), False), ((1000, 0), False), ((1500, 0), False), ((1500, 5), True)]
    assert feed.has_ended(digest_of("a"))
    assert feed.has_ended(digest_of("b"))
    assert last == Next(keys=Keys.VOID)


def test_the_key_travels_in_its_own_header(feed: Feed) -> None:
    """And nowhere else."""
    request = feed.request()

    assert request.headers["X-Authorization"] == KEY
    assert KEY not in str(request.url)
    assert str(request.url).startswith(f"{HOME}/revocations?")


def test_news_counts_at_once(feed: Feed) -> None:
    """And the next question goes out without a pause."""
    asked(feed)
    following = feed.take(page(1, ended(1)))

    assert feed.has_ended(digest_of("s"))
    assert (following, asked(feed)) == (Next(), (1, 5))


def test_silence_closes(time: HandTime, feed: Feed) -> None:
    """Ten seconds without an answer, and no token can be judged."""
    time.advance(SILENCE_MAX)
    before = feed.is_heard
    time.advance(0.1)

    assert (before, feed.is_heard) == (True, False)
    assert asked(feed) == (0, 0)  # whoever is behind does not wait


def test_an_answer_opens_again(time: HandTime, feed: Feed) -> None:
    """An empty one too: it says that there is nothing new."""
    time.advance(60)
    asked(feed)
    feed.take(page(0))

    assert feed.is_heard


def test_an_answer_that_lay_in_the_socket_is_old_news(time: HandTime, feed: Feed) -> None:
    """The process stood still for an hour with a question open; the answer to it is an hour old."""
    asked(feed)
    time.advance(3600)
    feed.take(page(0))

    assert not feed.is_heard


def test_answers_before_their_time_make_no_circle(time: HandTime, feed: Feed) -> None:
    """A server that does not wait is asked with a pause in between."""
    asked(feed)
    early = feed.take(page(0))
    asked(feed)
    time.advance(5)
    in_time = feed.take(page(0))

    assert early.pause > 0
    assert in_time.pause == 0


def test_no_answer_is_tried_again_soon_and_ever_slower(feed: Feed) -> None:
    """Up to a second, since nobody gets in meanwhile; and the first good answer begins anew."""
    pauses = [feed.take(NOBODY).pause for _ in range(2000)]
    hurried = asked(feed)
    feed.take(page(0))

    assert pauses[:5] == [0.05, 0.1, 0.2, 0.4, 0.5]
    assert pauses[-1] == 0.5
    assert hurried == (0, 0)
    assert feed.take(NOBODY).pause == 0.05


def test_a_fleet_does_not_come_back_together(time: HandTime, feed: Feed) -> None:
    """Chance makes the pause longer or shorter."""
    time.chance = 1.0
    assert feed.take(NOBODY).pause == pytest.approx(0.15)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_when(time: HandTime, feed: Feed, status: int) -> None:
    """We come when it said, and a little later by chance."""
    time.chance = 1.0
    following = feed.take(httpx.Response(status, headers={"Retry-After": "3"}))

    assert following.pause == pytest.approx(3.15)


@pytest.mark.parametrize("status", [401, 403])
def test_a_bad_key_closes_at_once(
    time: HandTime, feed: Feed, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """There is nothing to wait for. It is said once a minute, without the key."""
    with caplog.at_level(logging.INFO):
        for _ in range(30):
            following = feed.take(httpx.Response(status))
            time.advance(5)

    said = [record.getMessage() for record in caplog.records]
    assert not feed.is_heard
    assert following.pause == 2.5
    assert len(said) == 3
    assert "revocations:read" in said[0]
    assert KEY not in "".join(said)


def test_a_key_that_works_again_opens(feed: Feed) -> None:
    """What was learnt before is still known."""
    asked(feed)
    feed.take(page(1, ended(1)))
    feed.take(httpx.Response(401))
    asked(feed)
    feed.take(page(1))

    assert feed.is_heard
    assert feed.has_ended(digest_of("s"))


def test_another_database_is_read_from_its_start(feed: Feed) -> None:
    """What is known counts until the new reading is whole, then what that said."""
    asked(feed)
    feed.take(page(7, ended(7, "old")))
    begin = feed.take(httpx.Response(410))
    first = asked(feed)
    feed.take(page(1, ended(1, "new")))
    between = [feed.has_ended(digest_of(name)) for name in ("old", "new")]
    second = asked(feed)
    whole = feed.take(page(1))

    assert (first, second) == ((0, 0), (1, 0))
    assert begin.pause > 0
    assert between == [True, True]
    assert [feed.has_ended(digest_of(name)) for name in ("old", "new")] == [False, True]
    assert whole.keys is Keys.VOID


def test_a_feed_without_a_start_is_no_feed(time: HandTime, feed: Feed) -> None:
    """Who says 410 to zero is asked with ever longer pauses, and silence closes."""
    for _ in range(10):
        pause = feed.take(httpx.Response(410)).pause
    time.advance(11)

    assert pause == 0.5
    assert not feed.is_heard


def test_void_keys_are_forgotten_and_read_twice(time: HandTime, feed: Feed) -> None:
    """The second time after a second: a slow node may have shown the old ones."""
    asked(feed)
    first = feed.take(page(1, {"number": 1, "kind": "keys"}))
    poll = asked(feed)
    time.advance(1)
    second = feed.take(page(1))
    asked(feed)
    time.advance(5)
    third = feed.take(page(1))

    assert [step.keys for step in (first, second, third)] == [Keys.VOID, Keys.READ, Keys.KEEP]
    assert poll == (1, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"null",
        b'{"revocations": []}',
        b'{"revocations": {}, "next": 1}',
        b'{"revocations": [], "next": "1"}',
        b'{"revocations": [], "next": true}',
        b'{"revocations": [], "next": -1}',
        b'{"revocations": [{"number": 1, "kind": "keys"}], "next": 0}',
        b'{"revocations": [{"number": 1, "kind": "account"}], "next": 1}',
        b'{"revocations": [{"number": 1, "kind": "session"}], "next": 1}',
        b'{"revocations": [{"number": 1, "kind": "session", "sid": "zz"}], "next": 1}',
        b'{"revocations": [{"number": 1, "kind": "session", "sid": "ab"}], "next": 1}',
        b'{"revocations": ["x"], "next": 1}',
        b"[" * 100_000,
    ],
)
def test_what_we_do_not_understand_is_not_passed_over(
    time: HandTime, feed: Feed, body: bytes
) -> None:
    """It may be a revocation: so it counts as silence."""
    time.advance(6)
    asked(feed)
    pause = feed.take(httpx.Response(200, content=body)).pause
    time.advance(6)

    assert pause > 0
    assert not feed.is_heard
    assert asked(feed) == (0, 0)


@pytest.mark.parametrize("answer", [lambda: httpx.Response(302), lambda: httpx.Response(500)])
def test_other_answers_are_none(feed: Feed, answer: Callable[[], httpx.Response]) -> None:
    """Nothing is learnt from them."""
    assert feed.take(answer()).pause > 0


def test_what_no_token_can_meet_is_forgotten(time: HandTime, feed: Feed) -> None:
    """Once the longest life of a token has passed; so memory does not grow for ever."""
    asked(feed)
    feed.take(page(1, ended(1, "first")))
    time.advance(DAY - 1)
    asked(feed)
    feed.take(page(2, ended(2, "second")))
    before = feed.has_ended(digest_of("first"))
    time.advance(2)
    asked(feed)
    feed.take(page(2))

    assert before
    assert not feed.has_ended(digest_of("first"))
    assert feed.has_ended(digest_of("second"))


@pytest.mark.parametrize(("silence_max", "poll"), [(2.0, 1), (4.0, 2), (10.0, 5), (60.0, 5)])
def test_an_answer_comes_well_within_the_silence(
    time: HandTime, silence_max: float, poll: int
) -> None:
    """So that a quiet day is no silence."""
    assert make(time, silence_max=silence_max).poll_s == poll
