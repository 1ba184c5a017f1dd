"""Where a token may stand, which of several counts, and when it is dead."""

import asyncio
from dataclasses import replace

import pytest

from dialects.asking import said
from dialects.asta.conftest import Open
from dialects.asta.talk import ADMIN, ADMIN_PASSWORD, USERS, Asta, Person, refused
from dialects.household import DEMO, Choices

ME = "/api/auth/me"
LOGOUT = "/api/auth/logout"
LOG_IN_FIRST = refused(401, "Authentication required")
BAD = refused(401, "Invalid or expired token")


@pytest.mark.parametrize(
    "written", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}", "Bearer{}", "{}"]
)
async def test_a_token_is_taken_as_real_clients_write_it(
    asta: Asta, admin: Person, written: str
) -> None:
    """The scheme in any case, without the space, or not at all."""
    header = {"Authorization": written.format(admin.token)}

    answer = await asta.get(ME, headers=header)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "credential",
    ["Bearer x", "Bearer", "Bearer a.b.c", "Bearer null", "rubbish", "Bearer {}x", "Bearer {} x"],
)
async def test_a_bad_token_is_told_from_none(asta: Asta, admin: Person, credential: str) -> None:
    """The words differ, and so can an app; the status is the same."""
    bad = await asta.get(ME, headers={"Authorization": credential.format(admin.token)})
    none = await asta.get(ME)

    assert said(bad) == BAD
    assert said(none) == LOG_IN_FIRST
    assert bad.headers["www-authenticate"] == none.headers["www-authenticate"] == "Bearer"


async def test_another_scheme_is_no_credential(asta: Asta) -> None:
    """What some proxies add is not for us."""
    answer = await asta.get(ME, headers={"Authorization": "Basic YWRtaW46QWRtaW4xMjM="})

    assert said(answer) == LOG_IN_FIRST


@pytest.mark.parametrize("path", [ME, USERS])
async def test_a_token_may_stand_in_the_query_of_a_get(
    asta: Asta, admin: Person, path: str
) -> None:
    """As web views do that cannot set a header."""
    answer = await asta.get(f"{path}?x=1&token={admin.token}")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", LOGOUT),
        ("POST", "/api/auth/change-password"),
        ("PUT", "/api/auth/change-password"),
        ("POST", USERS),
        ("PUT", f"{USERS}/x"),
        ("DELETE", f"{USERS}/x"),
        ("PUT", f"{USERS}/x/reset-password"),
    ],
)
async def test_no_other_call_looks_into_the_query(
    asta: Asta, admin: Person, method: str, path: str
) -> None:
    """A link that changes something could be planted."""
    answer = await asta.ask(method, f"{path}?token={admin.token}", {})

    assert said(answer) == LOG_IN_FIRST


async def test_nothing_falls_back_from_a_bad_credential(asta: Asta, admin: Person) -> None:
    """The header counts before the cookie, the cookie before the query."""
    by_query, good = f"{ME}?token={admin.token}", admin.token

    answers = [
        await asta.get(by_query, token="rubbish"),
        await asta.get(by_query, headers={"Cookie": "authToken=rubbish"}),
        await asta.get(by_query, headers={"X-Authorization": "rubbish"}),
        await asta.get(f"{ME}?token=rubbish"),
    ]
    best = await asta.get(f"{ME}?token=x", token=good, headers={"Cookie": "authToken=x"})

    assert [said(answer) for answer in answers] == [BAD] * 4
    assert best.status_code == 200


async def test_a_cookie_of_a_foreign_page_changes_nothing(asta: Asta, admin: Person) -> None:
    """It may look, if it comes from here; it may not end the session from elsewhere."""
    cookie = {"Cookie": f"authToken={admin.token}"}

    look = await asta.get(ME, headers=cookie)
    foreign = await asta.post(LOGOUT, headers={**cookie, "Origin": "https://evil.example"})
    after = await asta.status_of(admin.token)
    own = await asta.post(LOGOUT, headers={**cookie, "Origin": "http://localhost:9261"})

    assert look.status_code == 200
    assert (foreign.status_code, set(foreign.json())) == (403, {"detail"})
    assert (after, own.status_code) == (200, 200)


async def test_a_role_counts_from_the_next_request_on(asta: Asta, admin: Person) -> None:
    """The old token carries the new role, up and down."""
    eve = await asta.make("eve")
    at_eve = f"{USERS}/{eve.id}"
    before = await asta.get(USERS, token=eve.token)

    await asta.put(at_eve, {"role": "admin"}, token=admin.token)
    as_admin = await asta.get(USERS, token=eve.token)
    me = await asta.get(ME, token=eve.token)
    await asta.put(at_eve, {"role": "user"}, token=admin.token)
    after = await asta.get(USERS, token=eve.token)

    assert [one.status_code for one in (before, as_admin, after)] == [403, 200, 403]
    assert me.json()["role"] == "admin"


async def test_a_disabled_account_has_no_session_left(asta: Asta, admin: Person) -> None:
    """Its token is dead, and stays so when the account is enabled again."""
    ada = await asta.make("ada")

    await asta.put(f"{USERS}/{ada.id}", {"active": False}, token=admin.token)
    disabled = await asta.get(ME, token=ada.token)
    await asta.put(f"{USERS}/{ada.id}", {"active": True}, token=admin.token)
    enabled = await asta.get(ME, token=ada.token)
    log_in = await asta.try_log_in("ada", ada.password)

    assert said(disabled) == said(enabled) == BAD
    assert log_in.status_code == 200


async def test_pages_of_allowed_origins_may_read_answers(open_asta: Open) -> None:
    """A refusal too: an app that cannot read a 401 cannot show its log-in page."""
    allowed = replace(DEMO, allowed_origins=("https://app.example",))
    asta = await open_asta(Choices(surroundings=allowed))
    origin = {"Origin": "https://app.example"}
    asked = {**origin, "Access-Control-Request-Method": "PUT"}

    answer = await asta.get(ME, headers=origin)
    foreign = await asta.get(ME, headers={"Origin": "https://evil.example"})
    before = await asta.http.options(
        USERS, headers={**asked, "Access-Control-Request-Headers": "authorization"}
    )

    assert said(answer) == LOG_IN_FIRST
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in foreign.headers
    assert before.status_code == 200
    assert "PUT" in before.headers["access-control-allow-methods"]


async def test_of_many_who_want_a_name_one_gets_it(asta: Asta) -> None:
    """Ten registrations at once of one name, spelled in ten ways."""
    names = [f"{' ' * number}AdA" for number in range(10)]
    wishes = [{"username": name, "password": "pass-word"} for name in names]

    answers = await asyncio.gather(*(asta.post("/api/auth/register", wish) for wish in wishes))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9


async def test_two_admins_cannot_delete_each_other(asta: Asta, admin: Person) -> None:
    """However close they come, one of them stays."""
    eve = await asta.make("eve", role="admin")

    answers = await asyncio.gather(
        asta.delete(f"{USERS}/{eve.id}", token=admin.token),
        asta.delete(f"{USERS}/{admin.id}", token=eve.token),
    )
    alive = [await asta.status_of(person.token) for person in (admin, eve)]

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert statuses[1] in {400, 401, 403, 404}
    assert sorted(alive) == [200, 401]


async def test_two_admins_cannot_demote_each_other(asta: Asta, admin: Person) -> None:
    """The same with roles, and with states."""
    eve = await asta.make("eve", role="admin")

    answers = await asyncio.gather(
        asta.put(f"{USERS}/{eve.id}", {"role": "user"}, token=admin.token),
        asta.put(f"{USERS}/{admin.id}", {"active": False}, token=eve.token),
    )
    people = [await asta.try_log_in(name, word) for name, word in _words(eve)]

    admins = [one for one in people if one.status_code == 200 and _role(one.json()) == "admin"]
    assert min(answer.status_code for answer in answers) == 200
    assert len(admins) == 1


def _words(eve: Person) -> list[tuple[str, str]]:
    return [(ADMIN, ADMIN_PASSWORD), (eve.name, eve.password)]


def _role(log_in: dict[str, dict[str, str]]) -> str:
    return log_in["user"]["role"]
