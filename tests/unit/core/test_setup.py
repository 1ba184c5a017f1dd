"""The first admin: how an installation comes to life, once."""

import asyncio

from unit.core.conftest import GOOD, HERE, OPERATOR, House
from watchword.core.accounts.model import Account, Role
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.setup import FirstAdmin
from watchword.core.services.signup import Wish

WISH = Wish(name="root", password=GOOD)


async def test_single_user_mode_ends_for_ever(house: House) -> None:
    """Deleting every account does not bring it back."""
    setup = house.services.setup
    assert await setup.is_single_user()

    root = await house.add("root", role=Role.ADMIN)
    await house.services.accounts.delete(OPERATOR, root.id, force=True)

    assert not await setup.is_single_user()
    assert not await house.under(house.rules).setup.is_single_user()
    assert await setup.make_demo(HERE) is None


async def test_the_installation_keeps_its_id(house: House) -> None:
    """The issuer of all tokens hangs on it."""
    first = await house.services.setup.instance()

    assert await house.under(house.rules).setup.instance() == first


async def test_a_drawn_password_is_told_once(house: House) -> None:
    """And it works."""
    made = await house.services.setup.make_admin("admin", None, HERE)

    assert isinstance(made, FirstAdmin)
    assert made.password is not None
    assert (await house.sign_in("admin", made.password)).account.role is Role.ADMIN
    assert await house.services.setup.make_admin("admin", None, HERE) == Refused(Refusal.NAME_TAKEN)


async def test_a_given_password_is_judged(house: House) -> None:
    """The documented one is refused outside the demo."""
    outcome = await house.services.setup.make_admin("admin", "Admin123", HERE)

    assert outcome == Refused(Refusal.PASSWORD_COMMON)


async def test_the_demo_account_is_marked_until_its_password_changes(house: House) -> None:
    """A server that strangers can reach must know that the documented password is left."""
    demo = await house.services.setup.make_demo(HERE)
    assert isinstance(demo, Account)
    assert await house.services.setup.documented() == ("admin",)

    await house.services.passwords.reset(OPERATOR, demo.id, new=GOOD, documented=4)

    assert await house.services.setup.documented() == ()


async def test_the_setup_token_makes_one_admin(house: House) -> None:
    """Whatever role was wished for; and then the token is dead."""
    setup = house.services.setup
    token = await setup.make_token()

    made = await setup.first_admin(WISH, token=token, origin=HERE)
    again = await setup.first_admin(Wish(name="second", password=GOOD), token=token, origin=HERE)

    assert isinstance(made, Account)
    assert made.role is Role.ADMIN
    assert again == Refused(Refusal.NOT_ADMIN)


async def test_five_tries_at_the_setup_token(house: House) -> None:
    """Then even the right one is refused; a restart draws another."""
    setup = house.services.setup
    token = await setup.make_token()
    for _ in range(5):
        wrong = await setup.first_admin(WISH, token="wrong", origin=HERE)
        assert wrong == Refused(Refusal.NOT_ADMIN)

    assert await setup.first_admin(WISH, token=token, origin=HERE) == Refused(Refusal.NOT_ADMIN)
    assert await setup.first_admin(WISH, token=None, origin=HERE) == Refused(Refusal.NOT_ADMIN)

    another = await setup.make_token()

    assert isinstance(await setup.first_admin(WISH, token=another, origin=HERE), Account)


async def test_of_many_first_admins_one_is_made(house: House) -> None:
    """Single-user mode ends once, however many come together."""
    wishes = [Wish(name=f"root{number}", password=GOOD) for number in range(10)]

    outcomes = await asyncio.gather(
        *(
            house.services.setup.first_admin(wish, token=None, origin=HERE, is_trusted=True)
            for wish in wishes
        )
    )

    assert sum(isinstance(outcome, Account) for outcome in outcomes) == 1
    assert outcomes.count(Refused(Refusal.CLOSED)) == 9
