"""What looking for accounts by how names begin, and counting them, promises in every store."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from contract.things import AT, account, admin, commit, keep
from watchword.core.accounts.model import Account, State
from watchword.core.accounts.names import canonical
from watchword.core.kernel.errors import ConflictError, InvalidError
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.ports import Storage, Work


async def found(look: Work, prefix: str, *, limit: int = PAGE_MAX) -> list[str]:
    """Read all pages of a search, and return the names."""
    page = await look.accounts.search(canonical(prefix), limit=limit)
    names = [one.name for one in page.items]
    while page.next is not None:
        page = await look.accounts.search(canonical(prefix), after=page.next, limit=limit)
        names += [one.name for one in page.items]
    return names


async def test_names_that_begin_so_are_found_in_their_order(storage: Storage, look: Work) -> None:
    """Whatever the case in which they are kept or asked for, and nobody else."""
    await keep(storage, *map(account, ["Bob", "adam", "ADA", "Adele", "ad", "a", "ae"]))

    assert await found(look, "Ad") == ["ad", "ADA", "adam", "Adele"]
    assert await found(look, "ada") == ["ADA", "adam"]
    assert await found(look, "adz") == []


async def test_what_sql_takes_for_a_pattern_is_a_letter(storage: Storage, look: Work) -> None:
    """A per cent sign is found by a per cent sign, and finds nothing else."""
    names = ["100%", "100_", "100\\", "1000", "100*", "100'", "100["]
    await keep(storage, *map(account, names))

    for name in names:
        assert await found(look, name) == [name]


async def test_names_of_all_scripts_are_found(storage: Storage, look: Work) -> None:
    """In the order of their code points, in every database: also beyond the first 65,536."""
    names = ["Ωmega", "Zoë", "zo", "名前", "名", "퟿", "𐀀", "ÿ", "𝄞a", "\uffdc"]
    await keep(storage, *map(account, names))

    assert await found(look, "zoë") == ["Zoë"]
    assert await found(look, "ω") == ["Ωmega"]
    assert await found(look, "名") == ["名", "名前"]
    assert await found(look, "퟿") == ["퟿"]
    assert await found(look, "𐀀") == ["𐀀"]
    assert await found(look, "") == sorted(names, key=canonical)


async def test_no_prefix_can_be_too_strange(storage: Storage, look: Work) -> None:
    """What no name can begin with finds nobody."""
    await keep(storage, account("Ada"))

    for prefix in ("\U0010ffff", "\U0010ffff" * 3, "a\U0010ffff", "a\0", "\ud800", "x" * 5000):
        assert (await look.accounts.search(prefix, limit=5)).items == ()


async def test_an_address_is_found_once_it_is_confirmed(storage: Storage, look: Work) -> None:
    """By what nobody proved, nobody is found."""
    await keep(
        storage,
        account("Eve", email="mail@a.example"),
        account("Bob", email="Mail@B.example", email_confirmed_at=AT),
    )

    assert await found(look, "mail") == ["Bob"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, PAGE_MAX])
async def test_who_is_found_twice_is_listed_once(storage: Storage, look: Work, limit: int) -> None:
    """Where the first of name and address is, however long a page is."""
    names = [f"x{n}" for n in range(6)]
    people = [
        account(name, email=f"x{9 - n}@example.org", email_confirmed_at=AT)
        for n, name in enumerate(names)
    ]
    people.append(account("y", email="x00@example.org", email_confirmed_at=AT))
    await keep(storage, *people)

    assert await found(look, "x", limit=limit) == ["x0", "y", "x1", "x2", "x3", "x4", "x5"]


async def test_a_page_begins_after_the_longest_key(storage: Storage, look: Work) -> None:
    """One character of a name may become eighteen of its key."""
    long = "\ufdfa" * 100
    names = [long, long[:-1] + "\ufdfb", "z"]
    await keep(storage, *map(account, names))

    assert await found(look, "", limit=1) == sorted(names, key=canonical)


async def test_a_cursor_belongs_to_its_list(storage: Storage, look: Work) -> None:
    """One of another list is refused; one from before the prefix changes nothing."""
    await keep(storage, *map(account, ["a", "b1", "b2"]))
    all_after = (await look.accounts.page(limit=1)).next
    early = (await look.accounts.search("", limit=1)).next

    with pytest.raises(InvalidError):
        await look.accounts.search("b", after=all_after, limit=1)
    found_after = await look.accounts.search("b", after=early, limit=5)
    assert [one.name for one in found_after.items] == ["b1", "b2"]


async def test_the_count_follows_every_account(storage: Storage, look: Work) -> None:
    """One or many that come, one that goes, and those that nothing came of."""
    ada = account("Ada")
    await keep(storage, ada, account("Bob"))
    await commit(
        storage, lambda work: work.accounts.add_all([account(f"n{n}") for n in range(250)])
    )
    await commit(storage, lambda work: work.accounts.delete(ada.id))
    with pytest.raises(ConflictError):
        await commit(
            storage,
            lambda work: work.accounts.add(account("Eve")),
            lambda work: work.accounts.add(account("bob")),
        )

    assert await look.accounts.count() == 251


async def test_the_count_stays_while_it_is_added_up(storage: Storage, look: Work) -> None:
    """Whoever comes, goes and adds up at the same time."""
    people = [account(f"n{n}") for n in range(24)]
    await keep(storage, *people[:8])

    await asyncio.gather(
        *(commit(storage, partial(_add, one)) for one in people[8:]),
        *(commit(storage, partial(_delete, one)) for one in people[:4]),
        *(commit(storage, lambda work: work.accounts.add_up(limit=3)) for _ in range(6)),
    )

    assert await look.accounts.count() == 20


async def test_an_enabled_admin_is_known_of(storage: Storage, look: Work) -> None:
    """A disabled one does not count, nor does anybody else."""
    root = admin("Root")
    await keep(storage, account("Ada"))
    before = await look.accounts.has_admin()
    await keep(storage, root)
    there = await look.accounts.has_admin()
    closed = replace(root, state=State.DISABLED)
    await commit(storage, lambda work: work.accounts.update(closed, before=root))

    assert (before, there, await look.accounts.has_admin()) == (False, True, False)


def _add(one: Account, work: Work) -> None:
    work.accounts.add(one)


def _delete(one: Account, work: Work) -> None:
    work.accounts.delete(one.id)
