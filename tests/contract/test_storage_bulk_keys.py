"""Whose names and addresses are whose when many accounts come at once, on every keeper."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from contract.crowds import bring, crowd, drop, events, keys_of, passwords, told
from contract.things import AT, account, commit, keep
from watchword.core.accounts.model import Account
from watchword.core.kernel.errors import ConflictError, CoreError
from watchword.core.ports import Storage, Work

MAIL = "ada@example.org"
CLASHES = {
    "a name of somebody": ([account("ada")], [account("ADA", id="x")], "name"),
    "a name in another spelling": (
        [account("ada")],
        [account("\uff41\uff44\uff41", id="x")],
        "name",
    ),
    "the name of another newcomer": ([], [account("ada"), account("Ada", id="x")], "name"),
    "a confirmed address": (
        [account("eve", email=MAIL, email_confirmed_at=AT)],
        [account("ada", email=MAIL.upper(), email_confirmed_at=AT)],
        "email",
    ),
    "the confirmed address of another newcomer": (
        [],
        [
            account("eve", email=MAIL, email_confirmed_at=AT),
            account("ada", email=MAIL, email_confirmed_at=AT),
        ],
        "email",
    ),
    "an address that is a name": (
        [account(MAIL)],
        [account("ada", email=MAIL, email_confirmed_at=AT)],
        "email",
    ),
    "an address that is the name of another newcomer": (
        [],
        [account(MAIL), account("ada", email=MAIL, email_confirmed_at=AT)],
        "email",
    ),
    "a name that is a confirmed address": (
        [account("eve", email=MAIL, email_confirmed_at=AT)],
        [account(MAIL.upper())],
        "name",
    ),
    "a name that somebody claims as an address": (
        [account("eve", email=MAIL)],
        [account(MAIL.upper())],
        "name",
    ),
    "a name that a newcomer before claims as an address": (
        [],
        [account("eve", email=MAIL), account(MAIL.upper())],
        "name",
    ),
    "a name that a newcomer before has as an address": (
        [],
        [account("eve", email=MAIL, email_confirmed_at=AT), account(MAIL)],
        "name",
    ),
}


@pytest.mark.parametrize(("there", "newcomers", "field"), CLASHES.values(), ids=CLASHES)
async def test_who_has_a_key_of_another_keeps_all_out(
    storage: Storage, look: Work, there: list[Account], newcomers: list[Account], field: str
) -> None:
    """And whatever else was recorded; the others can come without them."""
    others = crowd(12)
    await keep(storage, *there)

    with pytest.raises(ConflictError) as refused:
        await commit(
            storage,
            lambda work: work.audit.add_all(events(others)),
            lambda work: work.accounts.add_all([*others[:5], *newcomers, *others[5:]]),
            lambda work: work.credentials.add_passwords(passwords(others)),
        )

    assert refused.value.field == field
    assert await look.accounts.count() == len(there)
    assert (await look.audit.page(limit=9)).items == ()
    await bring(storage, *others)
    assert await look.accounts.count() == len(there) + 12


FRIENDS = {
    "a name that is its own address": (
        [],
        [account(MAIL, email=MAIL.upper(), email_confirmed_at=AT)],
    ),
    "a name that is its own unsure address": ([], [account(MAIL, email=MAIL.upper())]),
    "an unsure address that another is sure of": (
        [account("eve", email=MAIL, email_confirmed_at=AT)],
        [account("ada", email=MAIL), account("bob", email=MAIL)],
    ),
    "an unsure address that is the name of one before": (
        [account("eve@example.org")],
        [account(MAIL), account("ada", email=MAIL), account("x", email="eve@example.org")],
    ),
}


@pytest.mark.parametrize(("there", "newcomers"), FRIENDS.values(), ids=FRIENDS)
async def test_who_has_no_key_of_another_comes_in(
    storage: Storage, look: Work, there: list[Account], newcomers: list[Account]
) -> None:
    """As they would one by one."""
    await keep(storage, *there)

    await bring(storage, *newcomers)

    assert [await look.accounts.by_id(one.id) for one in newcomers] == newcomers


async def test_an_id_is_taken_once(storage: Storage, look: Work) -> None:
    """By somebody there, or by another newcomer."""
    await keep(storage, account("ada", id="x"))

    for newcomers in ([account("eve", id="x")], [account("eve"), account("bob", id="id-of-eve")]):
        with pytest.raises(ConflictError):
            await bring(storage, *newcomers)

    assert await look.accounts.count() == 1


async def test_whoever_comes_they_come_as_one_by_one(storage: Storage, look: Work) -> None:
    """Among a few names and addresses by chance; in or out, and with the same keys."""
    chance, outcomes = Random(7), set()
    for turn in range(60):
        there, newcomers = ([_somebody(chance, turn, n) for n in some] for some in ("ab", "cdef"))
        await keep_some(storage, there)
        once = await outcome(storage, newcomers, at_once=False)
        found = await told(look, newcomers)
        await drop(storage, newcomers if once is None else [])

        at_once = await outcome(storage, newcomers, at_once=True)

        outcomes.add(once)
        assert at_once is once
        assert await told(look, newcomers) == found
        await drop(storage, (await look.accounts.page(limit=100)).items)
    assert outcomes == {None, ConflictError}


def _somebody(chance: Random, turn: int, n: str) -> Account:
    words = ["ada", "ADA", "eve", "a@b", "A@B", "c@d", f"{turn}{n}", f"{turn}{n}@x"]
    return account(
        chance.choice(words),
        id=f"{turn}{n}",
        email=chance.choice([None, "a@b", "C@d", f"{turn}{n}@x"]),
        email_confirmed_at=chance.choice([None, AT]),
    )


async def keep_some(storage: Storage, accounts: Sequence[Account]) -> None:
    for one in accounts:
        await outcome(storage, [one], at_once=False)


async def outcome(
    storage: Storage, accounts: Sequence[Account], *, at_once: bool
) -> type[CoreError] | None:
    try:
        if at_once:
            await bring(storage, *accounts)
        else:
            await commit(
                storage, *(lambda work, one=one: work.accounts.add(one) for one in accounts)
            )
    except ConflictError as error:
        return type(error)
    return None


async def test_keys_that_are_taken_are_found_among_many(storage: Storage, look: Work) -> None:
    """Names and confirmed addresses identify; an address is one whether or not it is sure."""
    accounts = [
        account("Ada", email=MAIL, email_confirmed_at=AT),
        account("Eve", email="EVE@example.org"),
        *crowd(300),
    ]
    await bring(storage, *accounts)
    free = [f"free {number}" for number in range(690)]
    asked = ["ada", MAIL, "eve", "eve@example.org", "Ada", "a\0b", "\ud800", "x" * 5000, *free, "x"]

    assert await look.accounts.identifiers_among(asked) == {"ada", MAIL, "eve"}
    assert await look.accounts.addresses_among(asked) == {MAIL, "eve@example.org"}
    everybody = list(keys_of(accounts))
    assert await look.accounts.identifiers_among(everybody) == set(everybody)
    assert await look.accounts.identifiers_among([]) == frozenset()
    assert await look.accounts.addresses_among([]) == frozenset()
    assert await look.accounts.identifiers_among(["ada"] * 1000) == {"ada"}


async def test_of_two_crowds_with_somebody_in_common_one_comes(database: Storage) -> None:
    """Whole, and the other not at all; neither waits for the other without end."""
    for turn in range(10):
        common = account(f"common {turn}", id=f"c{turn}")
        crowds = [[account(f"{turn} {side} {n}") for n in range(150)] for side in ("left", "right")]
        left = [*crowds[0], common]
        right = [account(common.name, id=f"d{turn}"), *crowds[1][::-1]]

        outcomes = await asyncio.gather(
            bring(database, *left), bring(database, *right), return_exceptions=True
        )

        refused = [one for one in outcomes if one is not None]
        assert [type(one) for one in refused] == [ConflictError]
        assert isinstance(refused[0], ConflictError)
        assert refused[0].field == "name"
        async with database.open_work() as work:
            assert await work.accounts.count() == 151 * (turn + 1)
