"""Taking in accounts of another product: who is refused, and that a portion is one commit."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from unit.core.conftest import OPERATOR, House
from unit.core.test_jobs import key_of
from watchword.core.accounts.model import Account, State
from watchword.core.audit.model import Action
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Work
from watchword.core.services.accountimport import Newcomer, Seen, Verdict


def nothing(work: Work, verdicts: Sequence[Verdict]) -> None:
    del work, verdicts


async def admit(
    house: House,
    *newcomers: Newcomer,
    along: Callable[[Work, Sequence[Verdict]], None] = nothing,
) -> list[Refusal | None]:
    service = house.services.account_import
    some = [service.read(one, OPERATOR) for one in newcomers]
    verdicts = await service.admit(some, OPERATOR, along=along)
    return [None if one is None else one.reason for one in verdicts]


async def found(house: House, name: str) -> Account:
    account = await house.services.accounts.find(name)
    assert account is not None
    return account


def named(name: str, **fields: object) -> Newcomer:
    return replace(Newcomer(name=name), **fields)  # type: ignore[arg-type]  # replace checks them


def made(at: str) -> Newcomer:
    return named("ada", created_at=datetime.fromisoformat(at))


async def test_a_newcomer_is_an_account_as_the_file_has_it(house: House) -> None:
    """With its age; the audit trail knows each."""
    made_at = datetime(2001, 2, 3, tzinfo=UTC)
    grace = named(
        " Grace ",
        email="g@example.org",
        email_confirmed=True,
        first_name="Grace",
        role="admin",
        state="disabled",
        created_at=made_at,
    )

    verdicts = await admit(house, grace)
    account = await found(house, "g@example.org")
    trail = await house.services.audit.page(action=Action.ACCOUNT_IMPORT)

    assert verdicts == [None]
    assert (account.name, account.role, account.state) == ("Grace", "admin", State.DISABLED)
    assert (account.created_at, account.first_name) == (made_at, "Grace")
    assert [(one.subject, one.detail) for one in trail.items] == [(account.id, "admin")]


@pytest.mark.parametrize(
    ("newcomer", "reason"),
    [
        (named(""), Refusal.NAME_INVALID),
        (named("a\u200bda"), Refusal.NAME_INVALID),
        (named("x" * 101), Refusal.NAME_INVALID),
        (named("ada", last_name="\0"), Refusal.NAME_INVALID),
        (named("ada", email="nowhere"), Refusal.ADDRESS_INVALID),
        (named("ada", role="root"), Refusal.ROLE_UNKNOWN),
        (named("ada", state="asleep"), Refusal.PARAMETERS_INVALID),
        (named("ada", encoded="md5$no"), Refusal.PARAMETERS_INVALID),
        (made("0001-01-01T00:00:00+00:00"), Refusal.PARAMETERS_INVALID),
        (made("0001-01-01T00:00:00+14:00"), Refusal.PARAMETERS_INVALID),
        (made("1969-12-31T23:59:59+00:00"), Refusal.PARAMETERS_INVALID),
        (made("9999-12-31T23:59:59-12:00"), Refusal.PARAMETERS_INVALID),
    ],
)
async def test_who_is_refused_by_themselves(
    house: House, newcomer: Newcomer, reason: Refusal
) -> None:
    """The others of the portion come in."""
    verdicts = await admit(house, named("first"), newcomer, named("last"))

    assert verdicts == [None, reason, None]
    assert await house.services.accounts.find("last")


async def test_a_key_is_taken_once(house: House) -> None:
    """By an account that is there, or by somebody before it in the same portion."""
    await house.add("Ada", email="ada@example.org")

    verdicts = await admit(
        house,
        named("ADA"),
        named("bob", email="Ada@example.org", email_confirmed=True),
        named("carl", email="c@example.org", email_confirmed=True),
        named("Carl"),
        named("dora", email="C@example.org", email_confirmed=True),
        named("c@example.org"),
        named("e@example.org", email="e@example.org", email_confirmed=True),
        named("fred", email="f@example.org"),
        named("f@example.org"),
        named("gus", email="F@example.org"),
    )

    assert verdicts == [
        Refusal.NAME_TAKEN,
        Refusal.ADDRESS_TAKEN,
        None,
        Refusal.NAME_TAKEN,
        Refusal.ADDRESS_TAKEN,
        Refusal.NAME_TAKEN,
        None,
        None,
        Refusal.NAME_TAKEN,
        None,
    ]


async def test_an_api_key_brings_in_no_admin(house: House) -> None:
    """Whoever has the key could else log in as one."""
    await house.add("ada")
    service, key = house.services.account_import, await key_of(house, "ada")

    refused = service.read(named("eve", role="admin"), key)

    assert refused == Refused(Refusal.KEY_SCOPE)
    assert not isinstance(service.read(named("eve"), key), Refused)


async def test_what_goes_along_is_in_the_same_commit(house: House) -> None:
    """If it cannot be written, nobody came in."""

    def fails(work: Work, verdicts: Sequence[Verdict]) -> None:
        del verdicts
        work.jobs.cancel(99, at=house.clock.now())  # type: ignore[arg-type]  # there is none

    with pytest.raises(Exception, match="No such thing"):
        await admit(house, named("ada"), along=fails)

    assert await house.services.accounts.find("ada") is None


async def test_somebody_may_take_a_name_meanwhile(house: House) -> None:
    """Then it is looked up again, and what goes along is told anew."""
    told: list[list[bool]] = []

    def along(work: Work, verdicts: Sequence[Verdict]) -> None:
        if not told:
            # As if another process had been quicker than our commit.
            work.accounts.add(replace(rival, name="ada"))
        told.append([verdict is None for verdict in verdicts])

    rival = await house.add("rival")
    rival = replace(rival, id=rival.id[::-1])  # type: ignore[arg-type]  # another account

    verdicts = await admit(house, named("ada"), named("bob"), along=along)

    assert verdicts in ([None, None], [Refusal.NAME_TAKEN, None])
    assert len(told) > 1
    assert await house.services.accounts.find("bob")


async def test_who_never_has_luck_is_told_so(house: House) -> None:
    """After some rounds, so that nobody waits for ever."""
    rival = await house.add("rival")

    def along(work: Work, verdicts: Sequence[Verdict]) -> None:
        del verdicts
        work.accounts.add(replace(rival, id="another"))  # type: ignore[arg-type]  # its name is taken

    with pytest.raises(UnavailableError):
        await admit(house, named("ada"), along=along)


async def test_a_dry_run_remembers_who_came_before(house: House) -> None:
    """Over all portions, and nothing is stored."""
    service, seen = house.services.account_import, Seen()

    async def judge(*newcomers: Newcomer) -> list[Refusal | None]:
        some = [service.read(one, OPERATOR) for one in newcomers]
        return [None if one is None else one.reason for one in await service.judge(some, seen)]

    first = await judge(named("ada", email="a@example.org"), named("bob"))
    second = await judge(named("Bob"), named("a@example.org"), named("carl"))

    assert first == [None, None]
    assert second == [Refusal.NAME_TAKEN, Refusal.NAME_TAKEN, None]
    assert await house.services.accounts.find("ada") is None


async def test_who_comes_in_without_a_hash_has_no_password(house: House) -> None:
    """They log in with none until they reset it; with a hash, as they did before."""
    await admit(house, named("ada"), named("bob", encoded="$2b$kept"))
    ada, bob = await found(house, "ada"), await found(house, "bob")

    async with house.storage.open_work() as work:
        none, kept = [await work.credentials.password_of(one.id) for one in (ada, bob)]

    assert none is None
    assert kept is not None
    assert kept.encoded == "$2b$kept"
