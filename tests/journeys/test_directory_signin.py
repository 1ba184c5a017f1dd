"""People of Active Directory in every state: who knows the password hears the truth, others not."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from journeys.directory import LOG_INS, WRONG, Corp, at_corp, code_of, settings_of, shown
from journeys.visit import files_of, found_in
from parts.database import dump
from parts.domain import ELSEWHERE, PASSWORD, Domain, Person
from parts.server import Store

pytestmark = pytest.mark.slow

MARK = "Whisper"
"""In every name and password that nobody may find again; nobody called so gets an account."""

STATES: dict[str, Callable[[Domain, str], None]] = {
    "530": Domain.close_hours,
    "532": Domain.expire_password,
    "533": Domain.disable,
    "701": Domain.expire,
    "773": Domain.must_change_password,
    "775": Domain.lock,
}
TOLD = {
    "530": (403, "logon_hours"),
    "532": (403, "password_expired"),
    "533": (403, "disabled"),
    "701": (403, "account_expired"),
    "773": (403, "password_must_change"),
    # Active Directory tells this to whoever tries, so we tell it to nobody.
    "775": (401, "wrong_credentials"),
}
TOLD_BY_PRECRIME = {
    "530": (403, "The directory does not let you in at this time, or from here"),
    "532": (403, "Password expired"),
    "533": (401, "Incorrect credentials"),
    "701": (403, "The account has expired in the directory"),
    "773": (
        403,
        "The directory wants another password first: change it by POST /user/password",
    ),
    "775": (401, "Incorrect credentials"),
}
NOTED = {**{state: told for state, (_, told) in TOLD.items()}, "775": "wrong_credentials 775"}
"""By state, what the audit trail says after the right password."""

TYPED_BY_NOBODY = (
    f"{MARK}-nobody",
    f"ADTEST\\{MARK}",
    f"{MARK}@ad.test",
    f"{MARK}@elsewhere.example",
    f"ELSEWHERE\\{MARK}",
    f"{MARK}*",
    f"{MARK})(cn=*",
    f"{MARK}\\2a",
    f"{MARK}\0nul",
    f"{MARK}é\u202e",
    f"{MARK}\ud800",
    MARK * 10_000,
    f"\\{MARK}",
    f"{MARK}@",
    f"@{MARK}",
    f"CN={MARK},OU=People,DC=ad,DC=test",
)
TYPED_AS_PASSWORD = (f"{MARK} password", f"{MARK}\0", f"{MARK}é" * 400, f"{MARK}*)", "")

_numbers = count(1)


@pytest.fixture(params=["service account", "no service account, StartTLS"])
def place(request: pytest.FixtureRequest) -> Corp:
    """A server that looks people up before it binds, and one that cannot."""
    name = "corp" if request.param == "service account" else "blind"
    place: Corp = request.getfixturevalue(name)
    return place


@pytest.fixture(scope="module")
def blind(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corp]:
    """A server without a service account."""
    store = Store(tmp_path_factory.mktemp("blind") / "data")
    settings = settings_of(domain, urls=[domain.starttls_url], bind_user="", bind_password="")
    with at_corp(store, domain, settings={**settings, "WATCHWORD_LOG__LEVEL": "debug"}) as blind:
        yield blind


def somebody(domain: Domain, state: str = "") -> Person:
    """Add somebody to the directory, in a state."""
    person = domain.new_person(f"{MARK}{next(_numbers)}")
    if state:
        STATES[state](domain, person.name)
    return person


async def leaks(corp: Corp) -> list[str]:
    """Return where a password stands, or a name that nobody here has."""
    files = files_of([corp.store.folder, corp.store.outputs])
    found = list(found_in(files, {MARK.encode(), PASSWORD.encode(), WRONG.encode()}))
    rows = repr(await dump(corp.store)).lower()
    return found + [word for word in (MARK, PASSWORD, WRONG) if word.lower() in rows]


async def test_the_right_password_tells_the_truth(place: Corp) -> None:
    """In each dialect's words, though disabled says nothing in those where it never does."""
    people = {state: somebody(place.domain, state) for state in STATES}

    asked = {state: place.try_enter(one.upn) for state, one in people.items()}
    noted = place.refusals(len(STATES))
    elsewhere = {state: place.try_door("precrime", one.upn) for state, one in people.items()}

    assert {state: code_of(answer) for state, answer in asked.items()} == TOLD
    assert {
        state: (answer.status, answer.document["message"]) for state, answer in elsewhere.items()
    } == TOLD_BY_PRECRIME
    assert noted == [NOTED[state] for state in reversed(STATES)]
    assert await leaks(place) == []


async def test_a_wrong_password_tells_nothing(place: Corp) -> None:
    """Whoever it is, in whatever state, here or nobody at all: the answer is the same."""
    names = [somebody(place.domain, state).name for state in ("", *STATES)] + [f"{MARK}-nobody"]
    calls = ("loginAD", "precrime")

    answers = {call: [shown(place.try_door(call, name, WRONG)) for name in names] for call in calls}
    noted = Counter(place.refusals(len(calls) * len(names)))

    for call, told in answers.items():
        assert [status for status, *_ in told] == [401] * len(names), call
        assert all(one == told[0] for one in told), told
    # Of somebody who is locked and of nobody the directory may say more, for us alone.
    assert noted["wrong_credentials 775"] == len(calls)
    assert noted["wrong_credentials 52e"] + noted["wrong_credentials 525"] == 7 * len(calls)
    assert await leaks(place) == []


async def test_nothing_that_was_typed_can_be_found_again(place: Corp) -> None:
    """Names with anything in them, names of nobody, and whatever was typed as a password."""
    well, ones = somebody(place.domain), [(name, WRONG) for name in TYPED_BY_NOBODY]
    others = [(well.name, password) for password in TYPED_AS_PASSWORD[:2]]
    others += [(f"{MARK}-nobody", password) for password in TYPED_AS_PASSWORD]

    statuses = Counter(
        place.try_door(call, name, password).status
        for call in LOG_INS
        for name, password in (*ones, *(others if call == "loginAD" else ()))
    )

    # 429: some of the names are the same one, as far as guesses are counted.
    assert set(statuses) <= {400, 401, 413, 422, 429}, statuses
    assert place.trouble() == []
    assert await leaks(place) == []


async def test_every_spelling_is_the_same_account(place: Corp) -> None:
    """Alone, in capitals, with the domain before or behind it, or beside it."""
    person = place.domain.new_person(ou=ELSEWHERE)
    short = person.down_level

    ids = [place.enter(name)["user"]["id"] for name in (person.upn, short, person.name.upper())]
    ids += [place.enter(person.name, domain=one)["user"]["id"] for one in ("ADTEST", "ad.test")]
    elsewhere = [place.try_door(call, short).status for call in LOG_INS]

    assert len(set(ids)) == 1
    assert elsewhere == [200] * len(LOG_INS)
