"""What every keeper of accounts promises."""

from dataclasses import replace
from typing import Any

import pytest

from contract.things import AT, SECOND, account, admin, attempt, commit, keep, password, session
from watchword.core.accounts.model import Account, Role, Source, State
from watchword.core.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import Storage, Work

ADA = account("Ada")
MAIL = "Ada@Example.org"


async def change(storage: Storage, before: Account, **fields: Any) -> None:  # noqa: ANN401 - fields
    after = replace(before, **fields)
    await commit(storage, lambda work: work.accounts.update(after, before=before))


async def test_an_account_comes_back_as_it_was_stored(storage: Storage, look: Work) -> None:
    """Every field survives, to the microsecond, in any script."""
    stored = account(
        "Zoë Ωmega 名前",
        email="Zoë@example.org",
        email_confirmed_at=AT + SECOND,
        first_name="Zoë",
        last_name="𝄞 O'Neil; DROP TABLE accounts",
        role=Role.ADMIN,
        state=State.DISABLED,
        source=Source.DIRECTORY,
        updated_at=AT + 2 * SECOND,
    )

    await keep(storage, stored)

    assert await look.accounts.by_id(stored.id) == stored


async def test_nobody_is_found_where_nobody_is(look: Work) -> None:
    """A look-up that finds nothing says None, whatever it was asked with."""
    asked = ["", "nobody", "a\0b", "\ud800", "x" * 5000, "'; --"]

    found = [await look.accounts.by_id(AccountId(text)) for text in asked]
    found += [await look.accounts.by_identifier(text) for text in asked]

    assert found == [None] * len(found)


async def test_an_account_is_found_by_its_name_in_any_spelling(
    storage: Storage, look: Work
) -> None:
    """The canonical key finds the account; the name stays as typed."""
    await keep(storage, account("ÅdA"))

    found = await look.accounts.by_identifier("åda")

    assert found is not None
    assert found.name == "ÅdA"


async def test_only_a_confirmed_address_finds_its_account(storage: Storage, look: Work) -> None:
    """An address that somebody only claims identifies nobody."""
    unsure = account("Eve", email="eve@example.org")
    sure = account("Ada", email=MAIL, email_confirmed_at=AT)
    await keep(storage, unsure, sure)

    assert await look.accounts.by_identifier("eve@example.org") is None
    assert await look.accounts.by_identifier("ada@example.org") == sure


@pytest.mark.parametrize("name", ["Ada", "ADA", "\uff41\uff44\uff41", " ada"])
async def test_a_name_is_taken_in_every_spelling(storage: Storage, look: Work, name: str) -> None:
    """Two accounts never have names with the same key."""
    await keep(storage, ADA)

    with pytest.raises(ConflictError) as refused:
        await keep(storage, account(name, id=AccountId("another")))

    assert refused.value.field == "name"
    assert await look.accounts.count() == 1


async def test_an_id_is_taken_once(storage: Storage) -> None:
    """A second account with the same id is refused."""
    await keep(storage, ADA)

    with pytest.raises(ConflictError):
        await keep(storage, account("Bob", id=ADA.id))


async def test_a_confirmed_address_is_taken(storage: Storage, look: Work) -> None:
    """Nobody else can confirm it; claiming it is allowed."""
    await keep(storage, account("Ada", email=MAIL, email_confirmed_at=AT))
    await keep(storage, account("Eve", email=MAIL.lower()))
    eve = await look.accounts.by_id(AccountId("id-of-Eve"))
    assert eve is not None

    with pytest.raises(ConflictError) as added:
        await keep(storage, account("Bob", email=MAIL.upper(), email_confirmed_at=AT))
    with pytest.raises(ConflictError) as confirmed:
        await change(storage, eve, email_confirmed_at=AT)

    assert added.value.field == confirmed.value.field == "email"


@pytest.mark.parametrize("confirmed_at", [None, AT])
async def test_a_name_that_is_an_address_of_another_is_refused(
    storage: Storage, confirmed_at: object
) -> None:
    """Nobody takes the name under which a letter to somebody else would look theirs."""
    await keep(storage, account("Ada", email=MAIL, email_confirmed_at=confirmed_at), account("Eve"))

    with pytest.raises(ConflictError) as added:
        await keep(storage, account(MAIL.lower()))
    with pytest.raises(ConflictError) as renamed:
        await change(storage, account("Eve"), name=MAIL)

    assert added.value.field == renamed.value.field == "name"


async def test_an_address_that_is_the_name_of_another_is_never_confirmed(
    storage: Storage, look: Work
) -> None:
    """It may be written down, but it does not become an identifier."""
    await keep(storage, account(MAIL))
    await keep(storage, account("Eve", email=MAIL))

    with pytest.raises(ConflictError) as refused:
        await change(storage, account("Eve", email=MAIL), email_confirmed_at=AT)

    assert refused.value.field == "email"
    found = await look.accounts.by_identifier(MAIL.lower())
    assert found is not None
    assert found.name == MAIL


async def test_name_and_address_of_one_account_may_be_the_same(
    storage: Storage, look: Work
) -> None:
    """Who signs up with their address as a name can confirm it, and later drop either."""
    same = account(MAIL, email=MAIL, email_confirmed_at=AT)
    await keep(storage, same)

    await change(storage, same, email=None, email_confirmed_at=None)
    by_name = await look.accounts.by_identifier(MAIL.lower())
    await change(storage, replace(same, email=None, email_confirmed_at=None), name="Ada")

    assert by_name is not None
    assert await look.accounts.by_identifier(MAIL.lower()) is None
    assert await look.accounts.by_identifier("ada") is not None


async def test_an_old_name_is_free_again(storage: Storage, look: Work) -> None:
    """After a change of name the new one finds the account and others may take the old one."""
    await keep(storage, ADA)
    await change(storage, ADA, name="Augusta", updated_at=AT + SECOND)

    await keep(storage, account("ada", id=AccountId("another")))

    found = await look.accounts.by_identifier("augusta")
    assert found == replace(ADA, name="Augusta", updated_at=AT + SECOND)
    assert (await look.accounts.by_identifier("ada")) != found


async def test_a_new_spelling_of_the_own_name_is_no_conflict(storage: Storage, look: Work) -> None:
    """Ada may become ADA."""
    await keep(storage, ADA)

    await change(storage, ADA, name="ADA")

    found = await look.accounts.by_identifier("ada")
    assert found is not None
    assert found.name == "ADA"


async def test_two_changes_of_different_fields_both_last(storage: Storage, look: Work) -> None:
    """A change writes only what it changed, however old the copy it began with."""
    await keep(storage, ADA)

    await change(storage, ADA, role=Role.ADMIN)
    await change(storage, ADA, state=State.DISABLED)
    await change(storage, ADA, first_name="Augusta", last_name="King", source=Source.DIRECTORY)
    await change(storage, ADA, email=MAIL)

    assert await look.accounts.by_id(ADA.id) == replace(
        ADA,
        role=Role.ADMIN,
        state=State.DISABLED,
        first_name="Augusta",
        last_name="King",
        source=Source.DIRECTORY,
        email=MAIL,
    )


async def test_confirming_the_old_address_never_confirms_the_new_one(
    storage: Storage, look: Work
) -> None:
    """An address and its confirmation are one field."""
    claimed = account("Ada", email="old@example.org")
    await keep(storage, claimed)

    await change(storage, claimed, email="new@example.org")
    await change(storage, claimed, email_confirmed_at=AT)

    found = await look.accounts.by_id(claimed.id)
    assert found is not None
    assert (found.email, found.email_confirmed_at) == ("old@example.org", AT)
    assert await look.accounts.by_identifier("new@example.org") is None


async def test_who_is_gone_cannot_be_changed(storage: Storage) -> None:
    """A change or an end of nobody is said to be one."""
    with pytest.raises(NotFoundError):
        await change(storage, ADA, role=Role.ADMIN)
    with pytest.raises(NotFoundError):
        await commit(storage, lambda work: work.accounts.delete(ADA.id))


async def test_a_deleted_account_takes_everything_with_it(storage: Storage, look: Work) -> None:
    """Password, sessions and waits go; name and address are free for somebody new."""
    person = account("Ada", email=MAIL, email_confirmed_at=AT)
    limits = AttemptLimits(free=1)
    await keep(storage, person)
    await commit(
        storage,
        lambda work: work.credentials.put_password(password(person, "one")),
        lambda work: work.credentials.put_password(password(person, "two"), remember=5),
        lambda work: work.sessions.add(session("s", person)),
    )
    await storage.attempts.reserve(attempt(person.id), limits)

    await commit(storage, lambda work: work.accounts.delete(person.id))

    assert await look.accounts.by_id(person.id) is None
    assert await look.credentials.password_of(person.id) is None
    assert await look.credentials.earlier_passwords(person.id, limit=5) == ()
    assert await look.sessions.count_of(person.id) == 0
    assert await storage.attempts.reserve(attempt(person.id), limits) == 0
    await keep(storage, person)


async def test_pages_go_from_the_oldest_to_the_newest(storage: Storage, look: Work) -> None:
    """Every account comes once, those of one moment in the order of their ids."""
    some = [account(f"n{number}", created_at=AT + SECOND * (number // 2)) for number in range(7)]
    await keep(storage, *reversed(some))

    pages, after = [], None
    while True:
        page = await look.accounts.page(after=after, limit=2)
        pages.append(page.items)
        if (after := page.next) is None:
            break

    assert [len(items) for items in pages] == [2, 2, 2, 1]
    assert [one for items in pages for one in items] == some


async def test_a_page_has_an_end_and_a_limit(storage: Storage, look: Work) -> None:
    """A full last page says that it is the last, and no limit is too large or too small."""
    await keep(storage, ADA, account("Bob"))

    whole = await look.accounts.page(limit=2)
    huge = await look.accounts.page(limit=PAGE_MAX * 10**6)
    tiny = await look.accounts.page(limit=0)

    assert whole.next is huge.next is None
    assert len(whole.items) == len(huge.items) == 2
    assert len(tiny.items) == 1


async def test_a_cursor_outlives_the_account_it_stands_at(storage: Storage, look: Work) -> None:
    """Who was deleted between two pages makes nobody else vanish from the list."""
    some = [account(f"n{number}", created_at=AT + SECOND * number) for number in range(4)]
    await keep(storage, *some)
    first = await look.accounts.page(limit=2)

    await commit(storage, lambda work: work.accounts.delete(some[1].id))

    assert (await look.accounts.page(after=first.next, limit=9)).items == tuple(some[2:])


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "🦊", "\0", "\ud800", "YWNjb3VudHM6MTph=", "YTox", "===", "c2Vzc2lvbnM6MTph"],
)
async def test_a_foreign_cursor_is_refused(look: Work, cursor: str) -> None:
    """Text that this list did not write is no place in it."""
    with pytest.raises(InvalidError) as refused:
        await look.accounts.page(after=cursor, limit=5)

    assert refused.value.field == "after"


async def test_accounts_are_counted(storage: Storage, look: Work) -> None:
    """The count is of those who are there."""
    await keep(storage, ADA, account("Bob"))
    await commit(storage, lambda work: work.accounts.delete(ADA.id))

    assert await look.accounts.count() == 1


@pytest.mark.parametrize(
    "other", [None, account("Bob"), account("Bob", role=Role.ADMIN, state=State.DISABLED)]
)
async def test_the_last_enabled_admin_is_known(
    storage: Storage, look: Work, other: Account | None
) -> None:
    """A user or a disabled admin is no other admin, and a refused commit changes nothing."""
    ada = admin("Ada")
    await keep(storage, ada, *([other] if other else []))

    with pytest.raises(DeniedError):
        await commit(
            storage,
            lambda work: work.accounts.require_not_last_admin(ada.id),
            lambda work: work.accounts.delete(ada.id),
        )

    assert await look.accounts.by_id(ada.id) == ada


async def test_who_is_no_admin_is_not_the_last(storage: Storage, look: Work) -> None:
    """A user may go, even where there is no admin at all."""
    await keep(storage, ADA)

    await commit(
        storage,
        lambda work: work.accounts.require_not_last_admin(ADA.id),
        lambda work: work.accounts.delete(ADA.id),
    )

    assert await look.accounts.by_id(ADA.id) is None


async def test_another_enabled_admin_is_enough(storage: Storage, look: Work) -> None:
    """One of two admins may go."""
    ada = admin("Ada")
    await keep(storage, ada, admin("Bob"))

    await commit(
        storage,
        lambda work: work.accounts.require_not_last_admin(ada.id),
        lambda work: work.accounts.delete(ada.id),
    )

    assert await look.accounts.by_id(ada.id) is None
