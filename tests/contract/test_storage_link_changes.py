"""What every keeper of links promises to who changes one, or relies on it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contract.persons import ADA, BOB, NOBODY, WHOLE, change, join, require, update, welcome
from contract.things import AT, DAY, SECOND, commit, keep, link
from watchword.core.accounts.model import State
from watchword.core.directory.model import Closed, Mark
from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.ports import Storage, Work

MARK = Mark(directory="corp", cursor="dc1:42\n", synced_at=AT + SECOND, whole_at=AT)


async def test_a_link_changes(storage: Storage, look: Work) -> None:
    """All that can change, and back to nothing."""
    before = replace(WHOLE, closed=Closed.OPEN, groups=frozenset())
    bare = link(ADA, guid=WHOLE.guid, dn="CN=b", login="b", login_key="b", upn_key="")
    await keep(storage, ADA, BOB)
    await join(storage, before, link(BOB))

    await update(storage, WHOLE)
    assert await look.links.of(ADA.id) == WHOLE
    await update(storage, bare)

    assert await look.links.of(ADA.id) == bare
    assert await look.links.of(BOB.id) == link(BOB)
    assert await look.links.by_name("corp", "ada.l") is None


async def test_two_changes_at_once_both_last(storage: Storage, look: Work) -> None:
    """Who says what the link was before writes only what is another now."""
    before = link(ADA, groups=frozenset({"a"}), cached="hash", cached_at=AT)
    changes: tuple[dict[str, Any], ...] = (
        {"closed": Closed.GONE},
        {"dn": "CN=b", "login": "b", "login_key": "b", "upn_key": "b@c"},
        {"groups": frozenset({"b"})},
        {"password_at": AT},
        {"cached": "", "cached_at": None},
        {},
    )
    await keep(storage, ADA)
    await join(storage, before)

    for some in changes:
        await change(storage, replace(before, **some), before)

    after = link(ADA, **{name: one for some in changes for name, one in some.items()})
    assert await look.links.of(ADA.id) == after


async def test_a_link_that_is_gone_cannot_be_changed(storage: Storage, look: Work) -> None:
    """Nor can that of an account that is another person."""
    await welcome(storage, ADA)

    for one in (link(BOB), link(ADA, guid="another"), link(ADA, directory="other")):
        with pytest.raises(NotFoundError):
            await change(storage, one, WHOLE)
        with pytest.raises(NotFoundError):
            await change(storage, one, one)

    assert await look.links.of(ADA.id) == link(ADA)


async def test_a_cached_hash_does_not_come_over_a_later_one(storage: Storage, look: Work) -> None:
    """Who looked before it was made changes all else; to forget it needs no time."""
    early = link(ADA, cached="early", cached_at=AT)
    late = replace(early, cached="late", cached_at=AT + SECOND)
    await keep(storage, ADA)
    await join(storage, link(ADA))

    for one in (early, late, replace(early, login="ADA")):
        await change(storage, one, link(ADA))
    kept = await look.links.of(ADA.id)
    await update(storage, replace(late, cached="once more"))
    again = await look.links.of(ADA.id)
    await update(storage, link(ADA))

    assert kept == replace(late, login="ADA")
    assert again == replace(late, cached="once more")
    assert await look.links.of(ADA.id) == link(ADA)


async def test_a_condition_holds_for_an_open_person(storage: Storage) -> None:
    """Of an active account, and no other person."""
    await keep(storage, ADA, BOB)
    await join(storage, link(ADA), link(BOB, closed=Closed.DISABLED))

    await require(storage, link(ADA, login="whatever", closed=Closed.GONE))

    for one in (
        link(BOB, closed=Closed.OPEN),
        link(NOBODY),
        link(ADA, guid="another"),
        link(ADA, directory="other"),
    ):
        with pytest.raises(DeniedError):
            await require(storage, one)


async def test_a_condition_fails_when_the_account_is_disabled_here(storage: Storage) -> None:
    """Whatever the directory says; and once it is closed there, whatever we say."""
    await welcome(storage, ADA)
    off = replace(ADA, state=State.DISABLED)

    await commit(storage, lambda work: work.accounts.update(off, before=ADA))
    with pytest.raises(DeniedError):
        await require(storage, link(ADA))
    await commit(storage, lambda work: work.accounts.update(ADA, before=off))
    await require(storage, link(ADA))
    await update(storage, link(ADA, closed=Closed.GONE))
    with pytest.raises(DeniedError):
        await require(storage, link(ADA))


async def test_a_link_ends_with_its_account(storage: Storage, look: Work) -> None:
    """Then the person may have another."""
    await welcome(storage, ADA, BOB)

    await commit(storage, lambda work: work.accounts.delete(ADA.id))

    assert await look.links.of(ADA.id) is None
    assert (await look.links.page("corp", limit=9)).items == (link(BOB),)
    await keep(storage, NOBODY)
    await join(storage, link(NOBODY, guid=link(ADA).guid))


async def test_how_far_a_synchronisation_came_is_kept(storage: Storage, look: Work) -> None:
    """One mark of each directory, the last that was put."""
    other = replace(MARK, directory="other", cursor="")
    later = replace(MARK, cursor="dc2:7", synced_at=AT + DAY, whole_at=AT + timedelta(hours=1))

    for one in (MARK, other, later):
        await commit(storage, lambda work: work.links.put_mark(one))  # noqa: B023 - awaited in this round

    assert await look.links.mark("corp") == later
    assert await look.links.mark("other") == other
    assert await look.links.mark("third") is None
