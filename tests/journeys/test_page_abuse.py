"""Buttons that are pressed wrongly, late, twice or by programs: a clear page, and no harm."""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from journeys.astera import CONFIRM, FORM, RESET, guards_of, heading
from journeys.errands import NEW_PASSWORD, Errand, errand
from journeys.mailing import Mailing, mailing
from journeys.people import PASSWORD
from parts import database
from parts.line import request
from parts.peer import Answer, chunked, post
from parts.server import FOR_ALL, Store
from watchword.console.languages import WORDS
from watchword.core.tickets.model import Purpose

pytestmark = pytest.mark.slow

AT_ONCE = 6
SAID = WORDS["en"]
LATE = timedelta(days=8)

MISSING = {
    Purpose.RESET: [
        {},
        {"password": NEW_PASSWORD},
        {"password_again": NEW_PASSWORD},
        {"password": NEW_PASSWORD, "password_again": f"{NEW_PASSWORD}!"},
        {"password": "", "password_again": ""},
        {"password": "goose", "password_again": "goose"},
        {"password": "password123", "password_again": "password123"},
        {"password": "x" * 1025, "password_again": "x" * 1025},
    ],
    Purpose.JOIN: [
        {},
        {"username": "eve"},
        {"password": NEW_PASSWORD, "password_again": NEW_PASSWORD},
        {"username": "  ", "password": NEW_PASSWORD, "password_again": NEW_PASSWORD},
        {"username": "e\u202eve", "password": NEW_PASSWORD, "password_again": NEW_PASSWORD},
        {"username": "x" * 101, "password": NEW_PASSWORD, "password_again": NEW_PASSWORD},
        {"username": "admin", "password": NEW_PASSWORD, "password_again": NEW_PASSWORD},
        {"username": "eve", "password": "eve", "password_again": "eve"},
    ],
}
"""What may be wrong with what is typed."""

TYPES = {
    "none": (),
    "JSON": ("Content-Type: application/json",),
    "text": ("Content-Type: text/plain",),
    "in parts": ("Content-Type: multipart/form-data; boundary=x",),
    "no word": ("Content-Type: \xff",),
    "another charset": (f"{FORM}; charset=utf-16",),
    "two types": (FORM, "Content-Type: application/json"),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailing]:
    """One server for all that does not ask for a database of its own."""
    store = Store(tmp_path_factory.mktemp("abuse") / "data")
    with mailing(store, "--workers", "2", settings=FOR_ALL) as opened:
        yield opened
        assert opened.trouble() == []


def says_clearly(answer: Answer) -> bool:
    """Say whether this is a page of ours that does nothing, and says why."""
    titles = {
        SAID.link_bad,
        SAID.unreadable.title,
        SAID.trouble.title,
        *(message.title for message in SAID.statuses.values()),
        *(deed.title for deed in SAID.deeds.values()),
    }
    return (
        answer.status in range(400, 500)
        and heading(answer) in titles
        and guards_of(answer)["content-type"] == "text/html; charset=utf-8"
    )


def still_works(sent: Errand) -> bool:
    """Press the button as one should."""
    done = sent.press()
    return done.status == 200 and heading(done) == SAID.deeds[sent.purpose].done


def send(sent: Errand, body: bytes, *headers: str) -> Answer:
    return sent.house.send(post(sent.link.path, body, *headers))


def press_at_once(sent: Errand, typed: list[dict[str, str]]) -> list[Answer]:
    """Press the button in several windows at the same time, with something else typed in each."""
    with ThreadPoolExecutor(len(typed)) as pool:
        return list(pool.map(lambda one: sent.press(**one), typed))


def test_of_two_presses_one_wins(store: Store) -> None:
    """In whichever process they end up; the others are told, and nothing of theirs is done."""
    with mailing(store, "--workers", "2", settings=FOR_ALL) as house:
        for purpose in (Purpose.CONFIRM, Purpose.CHANGE, Purpose.UNDO):
            answers = press_at_once(errand(house, purpose), [{}] * AT_ONCE)
            assert sorted(one.status for one in answers) == [200, *[410] * (AT_ONCE - 1)]
        reset, join = errand(house, Purpose.RESET), errand(house, Purpose.JOIN)
        passwords = [f"goose number {number} of them" for number in range(AT_ONCE)]
        resets = press_at_once(
            reset, [{"password": one, "password_again": one} for one in passwords]
        )
        names = [f"{join.name}-{number}" for number in range(AT_ONCE)]
        joins = press_at_once(join, [{"username": one} for one in names])
        by_password = [house.try_log_in(reset.name, one).status for one in passwords[:4]]
        by_name = [house.try_log_in(one, NEW_PASSWORD).status for one in names]
        trouble = house.trouble()

    assert sorted(one.status for one in resets) == [200, *[410] * (AT_ONCE - 1)]
    assert by_password == [200 if one.status == 200 else 401 for one in resets[:4]]
    assert sorted(one.status for one in joins) == [200, *[410] * (AT_ONCE - 1)]
    assert by_name == [200 if one.status == 200 else 401 for one in joins]
    assert all(says_clearly(one) for one in (*resets, *joins) if one.status != 200)
    assert trouble == []


def test_a_ticket_is_good_as_a_whole_alone(house: Mailing) -> None:
    """Another character anywhere, a piece, more of it, or another case is no ticket."""
    sent = errand(house, Purpose.RESET)
    secret = sent.link.secret
    flipped = [
        secret[:at] + ("A" if char != "A" else "B") + secret[at + 1 :]
        for at, char in enumerate(secret)
    ]
    odd = [secret[:-1], f"{secret}A", f"{secret} ", f" {secret}", secret.swapcase(), secret[::-1]]
    odd += ["", "\0", f"{secret}\0", "x" * 8000, "é" * 32, "%00", "../reset", sent.letter.code]
    pressed = [sent.press(ticket=one) for one in (*flipped, *odd)]
    looked = [
        house.ask("GET", f"{sent.link.path}?{urlencode({'ticket': one})}")
        for one in (*flipped, *odd)
    ]

    assert len(secret) == 32
    assert {one.status for one in looked} == {410}
    assert {one.status for one in pressed} <= {400, 410}
    assert all(says_clearly(one) for one in (*pressed, *looked))
    assert still_works(sent)


def test_a_ticket_is_good_for_its_own_purpose_alone(house: Mailing) -> None:
    """On every other page it is as good as none, and no worse afterwards."""
    sent = {purpose: errand(house, purpose) for purpose in Purpose}
    typed = {**sent[Purpose.RESET].typed, **sent[Purpose.JOIN].typed}
    answers = []
    for page in sent.values():
        others = [one.link.secret for one in sent.values() if one is not page]
        answers += [house.press(page.link.path, ticket=one, **typed) for one in others]
        answers += [house.ask("GET", f"{page.link.path}?ticket={one}") for one in others]

    assert len(answers) == 2 * 5 * 4
    assert {one.status for one in answers} == {410}
    assert {heading(one) for one in answers} == {SAID.link_bad}
    assert all(still_works(one) for one in sent.values())


@pytest.mark.parametrize("purpose", list(MISSING))
def test_what_is_typed_wrongly_can_be_typed_again(house: Mailing, purpose: Purpose) -> None:
    """The page says what is wrong, and shows no password; the ticket is good all the same."""
    sent = errand(house, purpose)
    path, secret = sent.link.path, sent.link.secret
    wrong = [house.press(path, ticket=secret, **typed) for typed in MISSING[purpose]]
    without = [house.press(path, **sent.typed), send(sent, b"", FORM), send(sent, b"&=&", FORM)]

    assert {one.status for one in wrong} <= {409, 422}
    assert {heading(one) for one in wrong} == {SAID.deeds[purpose].title}
    assert all(SAID.deeds[purpose].failed in one.body.decode() for one in wrong)
    assert not [one for one in wrong if NEW_PASSWORD.encode() in one.body]
    assert {one.status for one in without} == {410}
    assert all(says_clearly(one) for one in (*wrong, *without))
    assert still_works(sent)


@pytest.mark.parametrize("types", TYPES.values(), ids=TYPES)
def test_what_is_no_form_is_not_read(house: Mailing, types: tuple[str, ...]) -> None:
    """Whatever is in it."""
    sent = errand(house, Purpose.CONFIRM)
    form = urlencode({"ticket": sent.link.secret}).encode()
    parts = b'--x\r\nContent-Disposition: form-data; name="ticket"\r\n\r\n%b\r\n--x--\r\n'
    bodies = [form, b'{"ticket":"%b"}' % sent.link.secret.encode(), b""]
    bodies += [parts % sent.link.secret.encode()]
    answers = [send(sent, body, *types) for body in bodies]

    assert {one.status for one in answers} <= {400, 415}
    assert all(says_clearly(one) for one in answers)
    assert still_works(sent)


def test_too_much_and_unreadable_forms_are_not_read(house: Mailing) -> None:
    """However they come."""
    sent = errand(house, Purpose.RESET)
    form = urlencode({"ticket": sent.link.secret}).encode()
    large = [
        send(sent, form + b"&password=" + b"x" * size, FORM) for size in (17 * 1024, 70 * 1024)
    ]
    pieces = chunked(sent.link.path, form, *[b"x" * 7 * 1024] * 10)
    large.append(house.send(pieces.replace(b"\r\n", f"\r\n{FORM}\r\n".encode(), 1)))
    odd = [
        send(sent, form + tail, FORM)
        for tail in (b"&x=%00", b"&x=%ff", b"&x=\xff", b"&x=" + b"y" * 9000, b"&x=1" * 200)
    ]

    assert [one.status for one in large] == [413] * 3
    assert {one.status for one in odd} <= {400, 415}
    assert all(says_clearly(one) for one in (*large, *odd))
    assert still_works(sent)


def test_other_methods_and_paths_do_nothing(house: Mailing) -> None:
    """A ticket in the address of a POST or of anything else is none."""
    sent = errand(house, Purpose.CONFIRM)
    answers = [
        house.send(request(method, sent.link.target))
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY")
    ]
    query = sent.link.target.partition("?")[2]
    paths = ("/account", "/account/", "/account/nothing", "/account/confirm/", "/account//confirm")
    more = ("/account/confirm/x", "/account/%63onfirm/..", "/account/confirm;x")
    answers += [
        house.send(post(f"{path}?{query}", query.encode(), FORM)) for path in (*paths, *more)
    ]

    assert {one.status for one in answers} <= {400, 404, 405, 415}
    assert all(says_clearly(one) for one in answers)
    assert still_works(sent)


def test_yesterdays_tickets_are_spent(store: Store) -> None:
    """Links after their time, and codes after ten minutes or five tries, when links still work."""
    with mailing(store, settings=FOR_ALL) as house:
        early = errand(house, Purpose.CONFIRM)
        age(store, timedelta(minutes=11))
        code = {"email": early.to, "code": early.letter.code}
        late_code = house.ask("POST", CONFIRM, code)
        guessed = errand(house, Purpose.RESET)
        guesses = [reset_by(guessed, f"0000-000{number}") for number in range(5)]
        right = reset_by(guessed, guessed.letter.code)
        good = [still_works(early), still_works(guessed)]
        sent = [errand(house, purpose) for purpose in Purpose]
        age(store, LATE)
        late = [answer for one in sent for answer in (one.look(), one.press())]
        trouble = house.trouble()

    assert late_code.status == 400
    assert [one.status for one in (*guesses, right)] == [400] * 6
    assert good == [True, True]
    assert {one.status for one in late} == {410}
    assert all(says_clearly(one) for one in late)
    assert trouble == []


def age(store: Store, ago: timedelta) -> None:
    """Let it be so much longer ago that all tickets were made."""
    shift = ago // timedelta(microseconds=1)
    names = ("created_at", "expires_at", "code_expires_at")
    changes = ", ".join(f"{name} = {name} - {shift}" for name in names)
    asyncio.run(database.run(store, f"UPDATE tickets SET {changes}"))  # noqa: S608 (a number)


def reset_by(sent: Errand, code: str) -> Answer:
    body: Mapping[str, str] = {"email": sent.to, "token": code, "password": PASSWORD}
    return sent.house.ask("POST", RESET, body)
