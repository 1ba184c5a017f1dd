"""Registration by invitation: who may invite, and what an invitation makes."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from unit.core.conftest import ELSEWHERE, GOOD, HERE, OPERATOR, House, ruled
from watchword.core.accounts.model import Account, Role
from watchword.core.kernel.caller import Actor
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services import Services
from watchword.core.services.signup import Registration, Wish

GUEST = "guest@example.org"
BAD = Refused(Refusal.TICKET_BAD)
BY_INVITATION = ruled(registration=Registration(is_open=False))
CLOSED = ruled(registration=Registration(is_open=False, takes_invitations=False))


@pytest.fixture(autouse=True)
async def root(house: House) -> Actor:
    await house.add("root", role=Role.ADMIN)
    return await house.actor("root")


@pytest.fixture
def services(house: House) -> Services:
    return house.under(BY_INVITATION)


async def invited(house: House, by: Actor, **wish: str) -> Letter:
    made = await house.services.invitations.invite(by, GUEST, **wish)
    assert not isinstance(made, Refused)
    return await house.letter(LetterKind.INVITATION)


async def join(services: Services, token: str, **wish: str) -> object:
    guest = replace(Wish(name="guest", password=GOOD, invitation=token), **wish)  # type: ignore[arg-type]  # names are checked by replace
    return await services.signup.register(guest, origin=ELSEWHERE)


async def test_a_guest_becomes_a_user(house: House, root: Actor, services: Services) -> None:
    """With the address that the letter went to, proved by it."""
    letter = await invited(house, root)

    made = await join(services, letter.secret)

    assert isinstance(made, Account)
    assert (made.role, made.email, made.email_confirmed_at) == (Role.USER, GUEST, made.created_at)
    assert (letter.to, letter.name, letter.page) == (GUEST, "root", "join")
    assert await house.post() == []


async def test_a_code_needs_the_address(house: House, root: Actor, services: Services) -> None:
    """A code alone could be anybody's."""
    letter = await invited(house, root)

    assert await join(services, letter.code) == BAD
    assert await join(services, letter.code, email="other@example.org") == BAD
    assert isinstance(await join(services, letter.code, email=GUEST.upper()), Account)


async def test_an_invited_admin(house: House, root: Actor, services: Services) -> None:
    """The role is the host's choice, not the guest's."""
    letter = await invited(house, root, role="admin")

    made = await join(services, letter.secret, role="user")

    assert isinstance(made, Account)
    assert made.role is Role.ADMIN


async def test_without_an_invitation_nobody_comes(house: House) -> None:
    """Where registration is by invitation, or closed."""
    for rules in (BY_INVITATION, CLOSED):
        services = house.under(rules)
        outcome = await services.signup.register(Wish(name="eve", password=GOOD), origin=HERE)
        assert outcome == Refused(Refusal.CLOSED)


async def test_closed_is_closed(house: House, root: Actor) -> None:
    """For invitations that are out, too."""
    letter = await invited(house, root)
    services = house.under(CLOSED)

    assert await join(services, letter.secret) == Refused(Refusal.CLOSED)
    assert await services.invitations.invite(root, GUEST) == Refused(Refusal.CLOSED)


async def test_a_bad_wish_spends_nothing(house: House, root: Actor, services: Services) -> None:
    """The guest tries again."""
    letter = await invited(house, root)

    for wish, reason in (
        ({"name": "root"}, Refusal.NAME_TAKEN),
        ({"name": "a\nb"}, Refusal.NAME_INVALID),
        ({"password": "short"}, Refusal.PASSWORD_SHORT),
    ):
        outcome = await join(services, letter.secret, **wish)
        assert isinstance(outcome, Refused)
        assert outcome.reason is reason

    assert isinstance(await join(services, letter.secret), Account)


async def test_an_invitation_is_for_one(house: House, root: Actor, services: Services) -> None:
    """Of several guests at once one comes in."""
    letter = await invited(house, root)

    outcomes = await asyncio.gather(
        *(join(services, letter.secret, name=f"guest{number}") for number in range(4))
    )

    assert sum(isinstance(outcome, Account) for outcome in outcomes) == 1
    assert await join(services, letter.secret, name="late") == BAD


async def test_an_invitation_lasts_a_week(house: House, root: Actor, services: Services) -> None:
    """And the newest to an address counts."""
    first = await invited(house, root)
    second = await invited(house, root)
    other = await house.services.invitations.invite(root, "other@example.org")
    assert not isinstance(other, Refused)

    assert await join(services, first.secret) == BAD
    house.clock.advance(timedelta(days=7))
    assert await join(services, second.secret) == BAD


@pytest.mark.parametrize(
    ("email", "role", "reason"),
    [
        ("nobody", "user", Refusal.ADDRESS_INVALID),
        (GUEST, "king", Refusal.ROLE_UNKNOWN),
        ("ada@example.org", "user", Refusal.ADDRESS_TAKEN),
    ],
)
async def test_what_is_no_invitation(
    house: House, root: Actor, email: str, role: str, reason: Refusal
) -> None:
    """An admin is told what is wrong."""
    await house.add("ada", email="ada@example.org")

    assert await house.services.invitations.invite(root, email, role=role) == Refused(reason)


async def test_who_may_invite(house: House) -> None:
    """Admins in person, and the command line; no users, no keys."""
    await house.add("ada")
    key = await house.key_holder((await house.make_key("root")).text)
    invite = house.services.invitations.invite

    assert await invite(await house.actor("ada"), GUEST) == Refused(Refusal.NOT_ADMIN)
    assert await invite(key.actor(HERE), GUEST) == Refused(Refusal.KEY_SCOPE)
    assert not isinstance(await invite(OPERATOR, GUEST), Refused)
