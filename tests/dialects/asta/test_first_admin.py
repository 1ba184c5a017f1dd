"""Before there is an account: single-user mode, and how it ends."""

import asyncio

from dialects.asking import said
from dialects.asta.conftest import Open
from dialects.asta.talk import ADMIN, ADMIN_PASSWORD, USERS, Asta, refused
from dialects.household import DEMO, OPEN, Choices, Household, furnish
from watchword.core.ports import Storage
from watchword.dialects.asta import dialect

ME = "/api/auth/me"
DEFAULT = {"id": "default", "username": "admin", "role": "admin"}
WISH = {"username": "ada", "password": "pass-word"}

EMPTY_DEMO = Choices(has_first_account=False, surroundings=DEMO)
EMPTY = Choices(has_first_account=False, surroundings=OPEN)

LOG_IN_FIRST = refused(401, "Authentication required")
FORBIDDEN = refused(403, "Admin access required")


async def test_a_demo_without_an_account_has_a_default_user(open_asta: Open) -> None:
    """A caller at the machine is the original's only user."""
    asta = await open_asta(EMPTY_DEMO)

    answer = await asta.get(ME)

    assert said(answer) == (200, DEFAULT)


async def test_a_bad_token_is_bad_there_too(open_asta: Open) -> None:
    """Nothing falls back to the default user."""
    asta = await open_asta(EMPTY_DEMO)

    answer = await asta.get(ME, token="rubbish")

    assert said(answer) == refused(401, "Invalid or expired token")


async def test_elsewhere_there_is_no_default_user(open_asta: Open) -> None:
    """A server that is no demo asks everybody to log in, at the same machine as well."""
    asta = await open_asta(EMPTY)

    answer = await asta.get(ME)

    assert said(answer) == LOG_IN_FIRST


async def test_the_first_account_of_a_demo_needs_no_token(open_asta: Open) -> None:
    """It is an admin, whatever role was asked for, and ends single-user mode."""
    asta = await open_asta(EMPTY_DEMO)

    made = await asta.post(USERS, {**WISH, "role": "user"})
    again = await asta.post(USERS, {**WISH, "username": "bob"})
    me = await asta.get(ME)
    ada = await asta.log_in("ada", "pass-word")

    assert made.json()["user"]["role"] == "admin"
    assert set(made.json()["user"]) == {"id", "username", "role", "created_at"}
    assert said(again) == said(me) == LOG_IN_FIRST
    assert await asta.status_of(ada.token) == 200


async def test_the_first_account_is_judged_like_any_other(open_asta: Open) -> None:
    """A wrong wish leaves single-user mode as it was."""
    asta = await open_asta(EMPTY_DEMO)

    role = await asta.post(USERS, {**WISH, "role": "root"})
    short = await asta.post(USERS, {**WISH, "password": "abc"})
    shape = await asta.post(USERS, {"username": "ada"})
    me = await asta.get(ME)

    assert said(role) == refused(400, "Role must be 'admin' or 'user'")
    assert said(short) == refused(400, "Password must be at least 4 characters")
    assert shape.status_code == 422
    assert said(me) == (200, DEFAULT)


async def test_the_setup_token_makes_the_first_admin(storage: Storage) -> None:
    """It does so once, and is dead afterwards."""
    household = await furnish(dialect, storage, EMPTY)
    key = {"X-Setup-Token": await household.services.setup.make_token()}
    async with household.talking(peer="198.51.100.7") as http:
        asta = Asta(http)

        without = await asta.post(USERS, WISH)
        wrong = await asta.post(USERS, WISH, headers={"X-Setup-Token": "wrong"})
        right = await asta.post(USERS, WISH, headers=key)
        again = await asta.post(USERS, {**WISH, "username": "bob"}, headers=key)

    assert said(without) == said(again) == LOG_IN_FIRST
    assert said(wrong) == FORBIDDEN
    assert (right.status_code, right.json()["user"]["role"]) == (200, "admin")


async def test_the_setup_token_is_tried_five_times(storage: Storage) -> None:
    """After five wrong ones the right one is too late."""
    household = await furnish(dialect, storage, EMPTY)
    key = await household.services.setup.make_token()
    tries = ["1", "2", "3", "é", "x" * 4000, key]
    async with household.talking() as http:
        answers = [
            await Asta(http).post(USERS, WISH, headers={"X-Setup-Token": one}) for one in tries[:3]
        ]
        for one in tries[3:]:
            header = {b"X-Setup-Token": one.encode()}
            answers.append(await http.post(USERS, json=WISH, headers=header))

    assert [said(answer) for answer in answers] == [FORBIDDEN] * 6


async def test_single_user_mode_is_over_for_ever(open_asta: Open, storage: Storage) -> None:
    """It does not come back when every account is gone."""
    asta = await open_asta(EMPTY_DEMO)
    made = await asta.post(USERS, WISH)
    async with storage.open_work() as work:
        work.accounts.delete(made.json()["user"]["id"])
        await work.commit()

    answers = [await asta.get(ME), await asta.post(USERS, WISH)]

    assert [said(answer) for answer in answers] == [LOG_IN_FIRST] * 2


async def test_of_many_first_admins_one_is_made(open_asta: Open) -> None:
    """The others are too late."""
    asta = await open_asta(EMPTY_DEMO)
    wishes = [{**WISH, "username": f"ada{number}"} for number in range(8)]

    answers = await asyncio.gather(*(asta.post(USERS, wish) for wish in wishes))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {401, 403}


async def test_a_demo_answers_its_own_machine_only(household: Household) -> None:
    """Another address, another name in Host, or a proxy on the way: all are turned away."""
    ways = [
        {"peer": "198.51.100.7"},
        {"base_url": "http://watchword.example"},
    ]
    forwarded = {"X-Forwarded-For": "127.0.0.1"}
    log_in = {"username": ADMIN, "password": ADMIN_PASSWORD}

    answers = []
    for way in ways:
        async with household.talking(**way) as http:
            answers.append(await http.post("/api/auth/login", json=log_in))
    async with household.talking() as http:
        answers.append(await http.post("/api/auth/login", json=log_in, headers=forwarded))

    assert [answer.status_code for answer in answers] == [403] * 3
    assert {tuple(answer.json()) for answer in answers} == {("detail",)}
