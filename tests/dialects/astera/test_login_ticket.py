"""POST /api/account/loginAD with `Authorization: Negotiate` (RFC 4559)."""

from base64 import b64encode
from dataclasses import replace

import httpx
import pytest

from dialects.asking import Json, said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    ADMIN,
    CHALLENGE,
    LOGIN,
    LOGIN_AD,
    WRONG,
    Astera,
    message,
    misread,
    refused,
)
from dialects.household import OPEN, Choices
from fakes_directory import (
    DIRECTORY,
    PASSWORD,
    FakeDirectories,
    FakeDirectory,
    FakeNegotiation,
)
from watchword.core.directory.model import Closed
from watchword.core.services.directoryrules import DirectoryRules

HOUR, MONTH = 3600, 30 * 86_400
TICKET, REPLY = b"\x60\x82 a ticket of ada's", b"\xa1\x81 so you know me"

WANTED = refused(401, "Send user and password, or a Kerberos ticket.")
NO_GOOD = refused(
    401, "The ticket is wrong, out of date, or of nobody who is known here.", "wrong_credentials"
)
NOT_TAKEN = refused(401, "Kerberos tickets are not taken here. Send user and password.")
BOTH = [CHALLENGE, "Negotiate"]


@pytest.fixture
def corp() -> FakeDirectory:
    """A directory, with somebody in it."""
    directory = FakeDirectory()
    directory.add("ada")
    return directory


@pytest.fixture
def negotiation(corp: FakeDirectory) -> FakeNegotiation:
    return FakeNegotiation(tickets={TICKET: corp.ticket_of("ada", REPLY)})


@pytest.fixture
async def astera(opened: Open, corp: FakeDirectory, negotiation: FakeNegotiation) -> Astera:
    """A client of a server that knows the directory, and understands tickets."""
    directories = FakeDirectories(known={DIRECTORY: corp})
    _, astera = await opened(Choices(directories=directories, negotiation=negotiation))
    return astera


def negotiate(ticket: bytes = TICKET) -> dict[str, str]:
    return {"Authorization": f"Negotiate {b64encode(ticket).decode()}"}


def challenges(answer: httpx.Response) -> list[str]:
    return answer.headers.get_list("www-authenticate")


async def test_a_ticket_is_a_log_in(astera: Astera) -> None:
    """No body is needed, and the answer proves the server to the client."""
    answer = await astera.post(LOGIN_AD, headers=negotiate())

    body = answer.json()
    assert (answer.status_code, body["expiresIn"], body["user"]["user"]) == (200, HOUR, "ada")
    assert challenges(answer) == [f"Negotiate {b64encode(REPLY).decode()}"]
    assert await astera.statuses_of(body["token"]) == [200]


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (b"", HOUR),
        (b"{}", HOUR),
        (b'{"rememberMe": false}', HOUR),
        (b'{"REMEMBERME": "True"}', MONTH),
        (b'{"rememberMe": 1, "user": null, "domain": "CORP"}', MONTH),
    ],
)
async def test_remember_me_is_all_that_counts_in_the_body(
    astera: Astera, content: bytes, seconds: int
) -> None:
    """What else is there, and names nobody, is ignored."""
    answer = await astera.post(LOGIN_AD, content=content, headers=negotiate())

    assert answer.json()["expiresIn"] == seconds


@pytest.mark.parametrize("scheme", ["negotiate", "NEGOTIATE", "Negotiate "])
async def test_the_scheme_is_known_in_any_letter_case(astera: Astera, scheme: str) -> None:
    """As every scheme (RFC 9110, 11.1)."""
    text = b64encode(TICKET).decode()

    answer = await astera.post(LOGIN_AD, headers={"Authorization": f"{scheme} {text}"})

    assert answer.status_code == 200


async def test_a_ticket_full_of_groups_is_no_longer_than_allowed(
    astera: Astera, corp: FakeDirectory, negotiation: FakeNegotiation
) -> None:
    """Somebody in hundreds of groups has one of 20 KB and more."""
    long = TICKET * 1000
    negotiation.tickets[long] = corp.ticket_of("ada")

    answer = await astera.post(LOGIN_AD, headers=negotiate(long))

    assert len(b64encode(long)) > 24_000
    assert answer.status_code == 200
    assert challenges(answer) == []


@pytest.mark.parametrize("content", [b"", b"{}", b'{"rememberMe": true}', b'{"user": null}'])
async def test_who_sends_nothing_is_asked_for_a_ticket(astera: Astera, content: bytes) -> None:
    """Browsers and curl bring one when the answer names the scheme."""
    answer = await astera.post(LOGIN_AD, content=content)

    assert said(answer) == WANTED
    assert challenges(answer) == BOTH


@pytest.mark.parametrize(
    "sent",
    [
        "Negotiate",
        "Negotiate !!!!",
        "Negotiate YWRh YWRh",
        "Negotiate YWR",
        "Negotiate \u00e4\u00e4\u00e4\u00e4",
        f"Negotiate {b64encode(b'a forged one').decode()}",
        f"Negotiate {b64encode(b'NTLMSSP').decode()}",
    ],
)
async def test_a_ticket_that_is_none(
    astera: Astera, negotiation: FakeNegotiation, sent: str
) -> None:
    """Whatever is wrong with it, it is one answer; what is no base64 gets no further."""
    answer = await astera.http.post(LOGIN_AD, headers=[(b"Authorization", sent.encode())])

    assert said(answer) == NO_GOOD
    assert challenges(answer) == BOTH
    assert len(negotiation.seen) <= 1


async def test_two_tickets_are_none(astera: Astera, negotiation: FakeNegotiation) -> None:
    """Nobody guesses which of them was meant; the same one twice is one."""
    one = ("Authorization", negotiate()["Authorization"])
    other = ("Authorization", negotiate(b"another")["Authorization"])

    differing = await astera.http.post(LOGIN_AD, headers=[one, other])
    same = await astera.http.post(LOGIN_AD, headers=[one, one])

    assert said(differing) == NO_GOOD
    assert same.status_code == 200
    assert negotiation.seen == [TICKET]


async def test_what_is_typed_goes_before_a_ticket(
    astera: Astera, negotiation: FakeNegotiation
) -> None:
    """A browser adds its ticket by itself: a wrong password must not log in who sits there.

    For the same reason nobody who typed something is asked for a ticket: a browser would
    send the wrong password once more with it.
    """
    bodies: list[Json] = [
        {"user": "bob", "password": "wrong"},
        {"user": "bob"},
        {"PASSWORD": "x"},
        {"user": "ada", "password": PASSWORD},
    ]

    answers = [await astera.post(LOGIN_AD, body, headers=negotiate()) for body in bodies]

    assert said(answers[0]) == WRONG
    assert challenges(answers[0]) == [CHALLENGE]
    assert said(answers[1]) == misread("password is required.", "#/password")
    assert said(answers[2]) == misread("user is required.", "#/user")
    assert answers[3].status_code == 200
    assert challenges(answers[3]) == []
    assert negotiation.seen == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"rememberMe": "perhaps"}', 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"rememberMe": "\\u0000"}', 400),
        (b"\xff", 400),
    ],
)
async def test_a_body_that_cannot_be_read(
    astera: Astera, negotiation: FakeNegotiation, content: bytes, status: int
) -> None:
    """It is refused as elsewhere, and no ticket is looked at."""
    answer = await astera.post(LOGIN_AD, content=content, headers=negotiate())

    assert (answer.status_code, answer.json()["code"]) == (status, "invalid_body")
    assert negotiation.seen == []


async def test_a_form_is_no_body_of_ours(astera: Astera) -> None:
    """415, with a ticket too; an empty one is none at all."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    full = await astera.post(LOGIN_AD, content=b"rememberMe=1", headers=negotiate() | kind)
    empty = await astera.post(LOGIN_AD, content=b"", headers=negotiate() | kind)

    assert (full.status_code, empty.status_code) == (415, 200)


@pytest.mark.parametrize(
    ("site", "own"),
    [("cross-site", "same-origin"), ("same-site", "none"), ("something new", "none")],
)
async def test_a_page_that_is_not_ours_uses_no_ticket(
    opened: Open, corp: FakeDirectory, negotiation: FakeNegotiation, site: str, own: str
) -> None:
    """Its visitor's browser would add one, and a session would begin that nobody asked for."""
    directories = FakeDirectories(known={DIRECTORY: corp})
    _, astera = await opened(
        Choices(surroundings=OPEN, directories=directories, negotiation=negotiation)
    )
    foreign = {"Sec-Fetch-Site": site}

    theirs = await astera.post(LOGIN_AD, headers=negotiate() | foreign)
    ours = await astera.post(LOGIN_AD, headers=negotiate() | {"Sec-Fetch-Site": own})

    assert said(theirs) == refused(403, "A page of another site cannot do this.")
    assert ours.status_code == 200
    assert negotiation.seen == [TICKET]


async def test_a_good_ticket_of_somebody_who_may_not_come_in(
    opened: Open, corp: FakeDirectory, negotiation: FakeNegotiation
) -> None:
    """The reason is told, since who they are is proven; the server still proves itself."""
    rules = DirectoryRules(allowed=frozenset({"S-1-5-1"}))
    corp.add(ADMIN, "S-1-5-1")
    corp.add("bob", "S-1-5-1", closed=Closed.DISABLED)
    for name in (ADMIN, "bob"):
        negotiation.tickets[name.encode()] = corp.ticket_of(name, REPLY)
    ada = corp.ticket_of("ada", REPLY)
    negotiation.tickets[b"nobody"] = replace(ada, sid="S-1-5-21-1-2-3-9")
    negotiation.tickets[b"other"] = replace(ada, principal="ada@OTHER.EXAMPLE")
    _, astera = await opened(
        Choices(
            directories=FakeDirectories(known={DIRECTORY: corp}),
            directory_rules={DIRECTORY: rules},
            negotiation=negotiation,
        )
    )

    answers = [
        await astera.post(LOGIN_AD, headers=negotiate(ticket))
        for ticket in (TICKET, b"bob", b"admin", b"nobody", b"other")
    ]

    text = "This user of the directory is not one of those who may log in here."
    held = "Somebody else here has the name of this user of the directory."
    assert [said(one) for one in answers] == [
        refused(403, text, "not_admitted"),
        refused(403, "The account is disabled.", "disabled"),
        refused(409, held, "name_held"),
        NO_GOOD,
        NO_GOOD,
    ]
    proof = f"Negotiate {b64encode(REPLY).decode()}"
    assert [challenges(one) for one in answers] == [[proof]] * 3 + [BOTH] * 2


async def test_where_kerberos_is_off(opened: Open, corp: FakeDirectory) -> None:
    """A ticket is 401 with words and without the scheme, and an empty body is a wrong one."""
    directories = FakeDirectories(known={DIRECTORY: corp})
    _, astera = await opened(Choices(directories=directories))

    with_ticket = await astera.post(LOGIN_AD, headers=negotiate())
    with_nothing = await astera.post(LOGIN_AD)
    with_both = await astera.post(
        LOGIN_AD, {"user": "ada", "password": PASSWORD}, headers=negotiate()
    )

    assert said(with_ticket) == NOT_TAKEN
    assert challenges(with_ticket) == [CHALLENGE]
    assert said(with_nothing) == misread("The body is required.")
    assert with_both.status_code == 200


async def test_no_other_call_knows_tickets(astera: Astera, negotiation: FakeNegotiation) -> None:
    """`login` wants a name, and whoever shows a ticket elsewhere has shown nothing."""
    log_in = await astera.post(LOGIN, headers=negotiate())
    log_out = await astera.post("/api/account/logout", headers=negotiate())

    assert said(log_in) == misread("The body is required.")
    assert said(log_out) == refused(401, "Log in first.")
    assert negotiation.seen == []


async def test_a_session_of_a_ticket_is_like_any_other(astera: Astera) -> None:
    """It is ended by its log-out."""
    token = (await astera.post(LOGIN_AD, headers=negotiate())).json()["token"]

    answer = await astera.post("/api/account/logout", token=token)

    assert said(answer) == message("Logged out.")
    assert await astera.statuses_of(token) == [401]
