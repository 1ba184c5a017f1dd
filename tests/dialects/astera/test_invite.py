"""POST /api/account/invite, and what an invitation is good for."""

import asyncio
from datetime import timedelta

import pytest

from dialects.asking import said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    ADMIN,
    BAD_ADDRESS,
    BAD_TOKEN,
    INVITE,
    LOG_IN_FIRST,
    NO_KEYS,
    NOT_GOOD,
    TAKEN,
    Astera,
    only,
    refused,
)
from dialects.household import PASSWORD, Choices, Household
from watchword.core.apikeys.model import Scope
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.services.signup import Registration

ADDRESS = "ada@example.com"
NO_ROLE = refused(400, "role must be admin or user.", "role_unknown")


async def invited(household: Household, astera: Astera, token: str, **more: str) -> Letter:
    """Invite ada, and return her letter."""
    answer = await astera.post(INVITE, {"email": ADDRESS, **more}, token=token)
    assert answer.status_code == 200, answer.text
    return (await household.letters(LetterKind.INVITATION))[-1]


async def test_an_admin_invites_somebody(household: Household, astera: Astera, token: str) -> None:
    """The answer says whom, as what, and until when; the letter says who invites."""
    answer = await astera.post(INVITE, {"Email": ADDRESS, "ROLE": "admin"}, token=token)

    letter = only(await household.letters())
    told = {"email": ADDRESS, "role": "admin", "expires": "2030-01-08T00:00:00Z"}
    assert said(answer) == (200, told)
    assert (letter.kind, letter.to, letter.name) == (LetterKind.INVITATION, ADDRESS, ADMIN)


@pytest.mark.parametrize("by", ["secret", "code"])
async def test_an_invitation_makes_an_account(opened: Open, by: str) -> None:
    """With the address confirmed and the role that was chosen, though registration is closed."""
    household, astera = await opened(Choices(registration=Registration(is_open=False)))
    letter = await invited(household, astera, await astera.log_in(), role="admin")

    answer = await astera.register("ada", "pass", email=ADDRESS, invitation=getattr(letter, by))

    body = answer.json()
    assert answer.status_code == 200
    assert (body["email"], body["emailConfirmed"], body["role"]) == (ADDRESS, True, "admin")
    assert (await astera.try_log_in(ADDRESS, "pass")).status_code == 200
    assert len(await household.letters()) == 1


async def test_the_link_needs_no_address(household: Household, astera: Astera, token: str) -> None:
    """It was sent to one; a code without it could be anybody's."""
    letter = await invited(household, astera, token)

    by_code = await astera.register("ada", invitation=letter.code)
    by_link = await astera.register("ada", invitation=letter.secret)

    assert said(by_code) == NOT_GOOD
    assert by_link.json()["email"] == ADDRESS


async def test_another_address_is_not_invited(
    household: Household, astera: Astera, token: str
) -> None:
    """Whoever has the letter cannot make it another's."""
    letter = await invited(household, astera, token)

    answers = [
        await astera.register("eve", email="eve@example.com", invitation=one)
        for one in (letter.code, letter.secret)
    ]

    assert [said(answer) for answer in answers] == [NOT_GOOD] * 2


async def test_the_guest_chooses_no_role(household: Household, astera: Astera, token: str) -> None:
    """What the invitation says counts."""
    letter = await invited(household, astera, token)

    answer = await astera.register("ada", invitation=letter.secret, role="admin")

    assert answer.json()["role"] == "user"


async def test_a_wish_that_is_refused_spends_nothing(
    household: Household, astera: Astera, token: str
) -> None:
    """Who chose a taken name chooses another; then the invitation is used up."""
    letter = await invited(household, astera, token)

    taken = await astera.register(ADMIN, invitation=letter.secret)
    without_password = await astera.register("ada", "", invitation=letter.secret)
    made = await astera.register("ada", invitation=letter.secret)
    again = await astera.register("bob", invitation=letter.secret)

    assert [answer.status_code for answer in (taken, without_password, made)] == [409, 400, 200]
    assert said(again) == NOT_GOOD


async def test_of_many_at_once_one_joins(household: Household, astera: Astera, token: str) -> None:
    """The others get the words of a spent one."""
    letter = await invited(household, astera, token)
    wishes = (astera.register(f"ada {number}", invitation=letter.secret) for number in range(8))

    answers = await asyncio.gather(*wishes)

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert {str(said(one)) for one in answers if one.status_code != 200} == {str(NOT_GOOD)}


async def test_an_invitation_lasts_a_week(household: Household, astera: Astera, token: str) -> None:
    """Its code ends after ten minutes, the link after seven days."""
    letter = await invited(household, astera, token)
    household.clock.advance(timedelta(minutes=10))
    by_code = await astera.register("ada", email=ADDRESS, invitation=letter.code)
    household.clock.advance(timedelta(days=7))

    by_link = await astera.register("ada", email=ADDRESS, invitation=letter.secret)

    assert said(by_code) == said(by_link) == NOT_GOOD


async def test_a_new_invitation_voids_the_last(
    household: Household, astera: Astera, token: str
) -> None:
    """To the same address, in whatever letter case."""
    first = await invited(household, astera, token)
    household.clock.advance(timedelta(seconds=1))
    second = await invited(household, astera, token, email=ADDRESS.upper())

    with_first = await astera.register("ada", invitation=first.secret)
    with_second = await astera.register("ada", invitation=second.secret)

    assert said(with_first) == NOT_GOOD
    assert with_second.status_code == 200


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"email": "ada"}, BAD_ADDRESS),
        ({"email": "a@b.c\r\nBcc: d@e.f"}, BAD_ADDRESS),
        ({"email": ADDRESS, "role": "root"}, NO_ROLE),
        ({"email": "BOB@example.com"}, TAKEN),
    ],
)
async def test_what_cannot_be_invited(
    household: Household,
    astera: Astera,
    token: str,
    sent: dict[str, str],
    refusal: tuple[int, object],
) -> None:
    """An admin sees all accounts anyway, so one that has the address is told of."""
    await household.make("bob", email="bob@example.com")

    answer = await astera.post(INVITE, sent, token=token)

    assert said(answer) == refusal
    assert await household.letters() == []


async def test_only_admins_invite(household: Household, astera: Astera) -> None:
    """Nobody, a user, a bad token, and an admin's key with every scope are refused."""
    await household.make("bob")
    admin = await household.services.accounts.find(ADMIN)
    assert admin is not None
    key = await household.key(admin, scopes=frozenset(Scope))
    body = {"email": ADDRESS}

    nobody = await astera.post(INVITE, body)
    user = await astera.post(INVITE, body, token=await astera.log_in("bob", PASSWORD))
    bad = await astera.post(INVITE, body, token="rubbish")
    machine = await astera.post(INVITE, body, headers={"X-Authorization": key})

    assert said(nobody) == LOG_IN_FIRST
    assert said(user) == refused(403, "Only an admin may do this.", "not_admin")
    assert said(bad) == BAD_TOKEN
    assert said(machine) == NO_KEYS
    assert await household.letters() == []


async def test_where_invitations_are_not_taken_none_is_sent(opened: Open) -> None:
    """And one that was sent before is of no use."""
    household, astera = await opened(
        Choices(registration=Registration(is_open=False, takes_invitations=False))
    )
    token = await astera.log_in()

    answer = await astera.post(INVITE, {"email": ADDRESS}, token=token)
    guest = await astera.register("ada", email=ADDRESS, invitation="x")

    closed = refused(403, "Registration is not open.", "closed")
    assert said(answer) == said(guest) == closed
    assert await household.letters() == []
