"""Making accounts: by strangers, by admins, and the first one ever."""

import asyncio
from datetime import timedelta

import pytest

from unit.core.conftest import GOOD, HERE, OPERATOR, House, ruled
from watchword.core.accounts.model import Account, Role
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.signup import Registration, Wish


async def register(house: House, **wish: object) -> Account | Refused:
    asked = {"name": "ada", "password": GOOD, **wish}
    return await house.services.signup.register(Wish(**asked), origin=HERE)  # type: ignore[arg-type]


async def test_nobody_registers_before_the_first_admin(house: House) -> None:
    """Whoever runs the server comes first."""
    assert await register(house) == Refused(Refusal.CLOSED)


async def test_registration_makes_a_user(house: House) -> None:
    """The new account logs in with the name as typed or in any other spelling."""
    await house.add("root", role=Role.ADMIN)

    made = await register(house, name="  Ada  ")

    assert isinstance(made, Account)
    assert (made.name, made.role) == ("Ada", Role.USER)
    assert (await house.sign_in("ada")).account == made


async def test_closed_registration(house: House) -> None:
    """A setting closes the door for strangers, not for admins."""
    await house.add("root", role=Role.ADMIN)
    signup = house.under(ruled(registration=Registration(is_open=False))).signup

    wish = Wish(name="ada", password=GOOD)

    assert await signup.register(wish, origin=HERE) == Refused(Refusal.CLOSED)
    assert isinstance(await signup.create(OPERATOR, wish), Account)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"role": "admin"}, Refusal.ROLE_RESERVED),
        ({"role": "king"}, Refusal.ROLE_RESERVED),
        ({"name": " a ", "name_min": 2}, Refusal.NAME_SHORT),
        ({"name": ""}, Refusal.NAME_SHORT),
        ({"name": "x" * 101}, Refusal.NAME_INVALID),
        ({"name": "a\x00b"}, Refusal.NAME_INVALID),
        ({"first_name": "A\x1b[2J"}, Refusal.NAME_INVALID),
        ({"last_name": "x" * 101}, Refusal.NAME_INVALID),
        ({"email": "nobody"}, Refusal.ADDRESS_INVALID),
        ({"password": "short"}, Refusal.PASSWORD_SHORT),
        ({"password": "x" * 2000}, Refusal.PASSWORD_LONG),
        ({"password": "password1"}, Refusal.PASSWORD_COMMON),
        ({"name": "adalovelace", "password": "adalovelace"}, Refusal.PASSWORD_COMMON),
        ({"name": "ROOT"}, Refusal.NAME_TAKEN),
    ],
)
async def test_what_is_refused(house: House, wish: dict[str, object], reason: Refusal) -> None:
    """Each bad wish has its own reason and leaves nothing behind."""
    await house.add("root", role=Role.ADMIN)

    outcome = await register(house, **wish)

    assert isinstance(outcome, Refused)
    assert outcome.reason is reason
    async with house.storage.open_work() as work:
        assert await work.accounts.count() == 1


async def test_one_of_many_gets_the_name(house: House) -> None:
    """Twenty who want one name at once: one gets it, the others are told."""
    await house.add("root", role=Role.ADMIN)

    outcomes = await asyncio.gather(*(register(house) for _ in range(20)))

    assert sum(isinstance(outcome, Account) for outcome in outcomes) == 1
    assert outcomes.count(Refused(Refusal.NAME_TAKEN)) == 19


async def test_twenty_an_hour_from_one_address(house: House) -> None:
    """The twenty-first waits for the hour to end."""
    await house.add("root", role=Role.ADMIN)
    for number in range(20):
        assert isinstance(await register(house, name=f"name{number}"), Account)

    assert await register(house) == Refused(Refusal.THROTTLED, retry_after=3600)

    house.clock.advance(timedelta(hours=1))

    assert isinstance(await register(house), Account)


async def test_a_full_hasher_makes_no_account(house: House) -> None:
    """Nobody gets a name without the password that goes with it."""
    await house.add("root", role=Role.ADMIN)
    house.hasher.places = 0

    with pytest.raises(UnavailableError):
        await register(house)

    async with house.storage.open_work() as work:
        assert await work.accounts.count() == 1


async def test_only_admins_create(house: House) -> None:
    """A user's wish is not even looked at."""
    await house.add("ada")
    actor = await house.actor("ada")

    outcome = await house.services.signup.create(actor, Wish(name="", password=""))

    assert outcome == Refused(Refusal.NOT_ADMIN)


async def test_a_name_that_is_an_address_of_somebody_is_taken(house: House) -> None:
    """Nobody becomes another by taking the address as a name, and the other way round."""
    create = house.services.signup.create
    wish = Wish(name="ada", password=GOOD, email="ada@example.org", email_confirmed=True)
    assert isinstance(await create(OPERATOR, wish), Account)

    as_name = await create(OPERATOR, Wish(name="Ada@Example.org", password=GOOD))
    again = await create(
        OPERATOR, Wish(name="bob", password=GOOD, email="ADA@example.org", email_confirmed=True)
    )

    assert as_name == Refused(Refusal.NAME_TAKEN)
    assert again == Refused(Refusal.ADDRESS_TAKEN)
    assert (await house.sign_in("ada@EXAMPLE.org")).account.name == "ada"


async def test_an_admin_registers_people_where_nobody_else_may(house: House) -> None:
    """A closed door is closed to strangers; an invitation still makes what it says."""
    await house.add("root", role=Role.ADMIN)
    await house.add("ada")
    signup = house.under(ruled(registration=Registration(is_open=False))).signup
    admin, user = await house.actor("root"), await house.actor("ada")

    refused = await signup.register(Wish(name="bob", password=GOOD), origin=HERE, by=user)
    made = await signup.register(Wish(name="bob", password=GOOD), origin=HERE, by=admin)

    assert refused == Refused(Refusal.CLOSED)
    assert isinstance(made, Account)
