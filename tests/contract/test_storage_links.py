"""What every keeper of links between accounts and directories promises to who looks for one."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from contract.persons import ADA, BOB, NOBODY, WHOLE, change, join, require, update, welcome
from contract.plans import run, told_engine
from contract.things import account, commit, keep, link
from watchword.core.accounts.model import State
from watchword.core.directory.model import Closed, Link
from watchword.core.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.ports import Storage, Work
from watchword.storage.work import SqlStorage


async def test_a_link_comes_back_as_it_was_stored(storage: Storage, look: Work) -> None:
    """Every field, with commas, lines and letters from anywhere, or nothing in it."""
    bare = link(BOB, upn_key="")
    await keep(storage, ADA, BOB, NOBODY)

    await join(storage, WHOLE, bare)

    assert await look.links.of(ADA.id) == WHOLE
    assert await look.links.of(BOB.id) == bare
    assert await look.links.of(NOBODY.id) is None
    assert await look.links.of(AccountId("\0")) is None


@pytest.mark.parametrize("reason", list(Closed))
async def test_the_directory_says_why_it_closed_an_account(
    storage: Storage, look: Work, reason: Closed
) -> None:
    """Whatever there is to say."""
    await keep(storage, ADA)

    await join(storage, link(ADA, closed=reason))

    found = await look.links.of(ADA.id)
    assert found is not None
    assert found.closed is reason


async def test_a_reason_that_a_newer_version_wrote_is_a_reason(database: SqlStorage) -> None:
    """Who does not know it takes the account for closed, wherever it is looked at."""
    await welcome(database, ADA)
    await run(told_engine(database), "UPDATE directory_links SET closed = 'quarantined'")

    async with database.open_work() as work:
        found = await work.links.of(ADA.id)
        assert found is not None
        assert found.closed is not Closed.OPEN
        assert await work.links.by_name("corp", "ada") == found
        assert (await work.links.page("corp", limit=9)).items == (found,)
        assert await work.links.count_open("corp") == 0
    with pytest.raises(DeniedError):
        await require(database, link(ADA))


async def test_links_come_with_their_accounts(storage: Storage, look: Work) -> None:
    """Many at once, in the commit that makes the accounts, and none of them without its own."""
    accounts = [account(f"n{number:03}") for number in range(237)]
    links = [link(one) for one in accounts]

    await commit(
        storage,
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.links.add_all(links[::-1]),
    )
    with pytest.raises(NotFoundError):
        await join(storage, link(NOBODY))

    assert list((await look.links.page("corp", limit=1000)).items) == links
    assert [await look.links.of(one.id) for one in accounts] == links


async def test_nobody_at_all_can_be_linked(storage: Storage) -> None:
    """Then nothing happens."""
    await join(storage)


@pytest.mark.parametrize("count", [1, 12])
async def test_a_person_has_one_account(storage: Storage, look: Work, count: int) -> None:
    """Another cannot be that person as well, and nobody comes in beside them."""
    others = [account(f"n{number}") for number in range(count)]
    await keep(storage, ADA)
    await join(storage, link(ADA))

    with pytest.raises(ConflictError) as stored:
        await commit(
            storage,
            lambda work: work.accounts.add_all(others),
            lambda work: work.links.add_all(
                [*map(link, others[1:]), link(others[0], guid=link(ADA).guid)]
            ),
        )
    with pytest.raises(ConflictError) as twice:
        await commit(
            storage,
            lambda work: work.accounts.add_all([BOB, NOBODY]),
            lambda work: work.links.add_all([link(BOB), link(NOBODY, guid=link(BOB).guid)]),
        )

    assert (stored.value.field, twice.value.field) == ("person", "person")
    assert (await look.links.page("corp", limit=9)).items == (link(ADA),)
    assert await look.accounts.count() == 1


async def test_an_account_is_one_person(storage: Storage, look: Work) -> None:
    """A second link of an account is refused, of whatever directory."""
    await welcome(storage, ADA)

    with pytest.raises(ConflictError):
        await join(storage, link(ADA, guid="another", directory="other"))

    assert await look.links.of(ADA.id) == link(ADA)


async def test_two_directories_may_give_the_same_guid(storage: Storage, look: Work) -> None:
    """And the same names: each has its own persons."""
    ours, theirs = link(ADA), link(BOB, directory="other", guid=link(ADA).guid, login_key="ada")
    await keep(storage, ADA, BOB)

    await join(storage, ours, theirs)

    for name, one in (("corp", ours), ("other", theirs)):
        assert await look.links.by_guids(name, [one.guid]) == (one,)
        assert await look.links.by_name(name, "ada") == one
        assert (await look.links.page(name, limit=9)).items == (one,)
        assert await look.links.count_open(name) == 1
    assert await look.links.by_guids("third", [ours.guid]) == ()


@pytest.mark.parametrize("field", ["directory", "guid", "dn", "login", "upn_key", "cached"])
async def test_text_that_no_database_can_keep_is_refused(storage: Storage, field: str) -> None:
    """At once, whoever records it."""
    await keep(storage, ADA)

    for text in ("a\0b", "\ud800"):
        for record in (_joining, _updating):
            with pytest.raises(InvalidError):
                await record(storage, link(ADA, **{field: text}))
            with pytest.raises(InvalidError):
                await record(storage, link(ADA, groups=frozenset({text})))


async def _joining(storage: Storage, one: Link) -> None:
    await join(storage, one)


async def _updating(storage: Storage, one: Link) -> None:
    await change(storage, one, link(ADA))


async def test_persons_are_found_by_guid(storage: Storage, look: Work) -> None:
    """Of five hundred that are asked for, those that are there, once each."""
    accounts = [account(f"n{number}") for number in range(30)]
    await commit(
        storage,
        lambda work: work.accounts.add_all(accounts),
        lambda work: work.links.add_all([link(one) for one in accounts]),
    )
    strangers = [f"stranger {number}" for number in range(468)]
    asked = [link(accounts[4]).guid, *strangers, "\0", link(accounts[28]).guid]

    found = await look.links.by_guids("corp", [*asked, asked[0]])

    assert _sorted(found) == _sorted([link(accounts[4]), link(accounts[28])])
    assert await look.links.by_guids("corp", []) == ()
    everybody = await look.links.by_guids("corp", [link(one).guid for one in accounts])
    assert _sorted(everybody) == _sorted(map(link, accounts))


def _sorted(links: Iterable[Link]) -> list[Link]:
    return sorted(links, key=lambda one: one.guid)


async def test_a_person_is_found_by_either_name(storage: Storage, look: Work) -> None:
    """By login and by user principal name; nobody's name is empty."""
    await keep(storage, ADA, BOB)
    ada, bob = link(ADA, upn_key="lovelace@corp"), link(BOB, upn_key="")

    await join(storage, ada, bob)

    assert await look.links.by_name("corp", "ada") == ada
    assert await look.links.by_name("corp", "lovelace@corp") == ada
    assert await look.links.by_name("corp", "bob") == bob
    assert [
        await look.links.by_name("corp", key) for key in ("", "Ada", "lovelace", "\0\ud800")
    ] == [None] * 4


@pytest.mark.parametrize("name", ["login_key", "upn_key"])
async def test_a_name_that_was_given_anew_is_who_is_open(
    storage: Storage, look: Work, name: str
) -> None:
    """Who left the directory stands behind; of several that are alike the first by account id."""
    names = ["a", "b", "c", "d"]
    reasons = [Closed.GONE, Closed.OPEN, Closed.OPEN, Closed.DISABLED]
    accounts = [account(one) for one in names]
    links = [
        link(one, closed=reason, **{name: "shared"})
        for one, reason in zip(accounts, reasons, strict=True)
    ]
    await keep(storage, *accounts)
    await join(storage, *links[::-1])
    found = [await look.links.by_name("corp", "shared")]

    for one in links[1:3]:
        await update(storage, replace(one, closed=Closed.GONE))
        found.append(await look.links.by_name("corp", "shared"))

    assert [one.account_id if one else None for one in found] == ["id-of-b", "id-of-c", "id-of-d"]


async def test_a_login_and_a_principal_name_that_are_alike(storage: Storage, look: Work) -> None:
    """The open one of the two is meant, else the first by account id."""
    ada, bob = link(ADA, login_key="same"), link(BOB, upn_key="same")
    await keep(storage, ADA, BOB)
    await join(storage, ada, bob)
    both_open = await look.links.by_name("corp", "same")

    await update(storage, replace(ada, closed=Closed.GONE))

    assert both_open == ada
    assert await look.links.by_name("corp", "same") == bob


async def test_persons_are_listed_by_guid(storage: Storage, look: Work) -> None:
    """Every one once, page by page, and nobody of another directory."""
    accounts = [account(f"n{number}") for number in range(5)]
    links = [link(one, guid=f"g{number}") for number, one in enumerate(accounts)]
    await keep(storage, *accounts, ADA)
    await join(storage, *links[::-1], link(ADA, directory="other"))

    pages = [await look.links.page("corp", limit=2)]
    while pages[-1].next is not None:
        pages.append(await look.links.page("corp", after=pages[-1].next, limit=2))

    assert [page.items for page in pages] == [tuple(links[:2]), tuple(links[2:4]), (links[4],)]
    assert (await look.links.page("third", limit=9)).items == ()
    with pytest.raises(InvalidError):
        await look.links.page("corp", after="nonsense", limit=2)


async def test_who_is_open_is_counted(storage: Storage, look: Work) -> None:
    """Of one directory, and only as the directory has them."""
    accounts = [account(f"n{number}", state=State.DISABLED) for number in range(7)]
    await keep(storage, *accounts)
    await join(
        storage,
        *(
            link(one, closed=reason)
            for one, reason in zip(accounts, [*Closed, Closed.OPEN], strict=False)
        ),
        link(accounts[6], directory="other"),
    )

    assert await look.links.count_open("corp") == 2
    assert await look.links.count_open("other") == 1
    assert await look.links.count_open("third") == 0
