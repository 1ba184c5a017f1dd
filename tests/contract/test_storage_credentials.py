"""What every keeper of credentials promises."""

from dataclasses import replace

import pytest

from contract.things import AT, SECOND, account, commit, keep, password
from watchword.core.accounts.model import Account, State
from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.ports import Storage, Work

ADA = account("Ada")


async def put(storage: Storage, encoded: str, *, of: Account = ADA, remember: int = 0) -> None:
    new = password(of, encoded)
    await commit(storage, lambda work: work.credentials.put_password(new, remember=remember))


async def require(storage: Storage, encoded: str) -> None:
    await commit(storage, lambda work: work.credentials.require(ADA.id, encoded=encoded))


async def test_a_password_comes_back_as_it_was_stored(storage: Storage, look: Work) -> None:
    """Hash, age and mark survive; an account without a password has none."""
    stored = password(ADA, "$argon2id$…", changed_at=AT + SECOND, is_documented=True)
    await keep(storage, ADA, account("Bob"))

    await commit(storage, lambda work: work.credentials.put_password(stored))

    assert await look.credentials.password_of(ADA.id) == stored
    assert await look.credentials.password_of(AccountId("id-of-Bob")) is None


async def test_nobody_gets_no_password(storage: Storage) -> None:
    """A password for an account that is gone is refused."""
    with pytest.raises(NotFoundError):
        await put(storage, "hash")


async def test_a_new_password_replaces_the_old_one(storage: Storage, look: Work) -> None:
    """There is one password, and its mark is cleared with it."""
    await keep(storage, ADA)
    first = password(ADA, "first", is_documented=True)
    await commit(storage, lambda work: work.credentials.put_password(first))

    await put(storage, "second")

    assert await look.credentials.password_of(ADA.id) == password(ADA, "second")


async def test_replaced_hashes_are_kept_newest_first(storage: Storage, look: Work) -> None:
    """As many as asked for, and no more are given than asked for."""
    await keep(storage, ADA)
    for number in range(5):
        await put(storage, f"hash {number}", remember=3)

    assert await look.credentials.earlier_passwords(ADA.id, limit=9) == (
        "hash 3",
        "hash 2",
        "hash 1",
    )
    assert await look.credentials.earlier_passwords(ADA.id, limit=1) == ("hash 3",)
    assert await look.credentials.earlier_passwords(ADA.id, limit=0) == ()


async def test_without_a_history_none_is_kept(storage: Storage, look: Work) -> None:
    """A change that remembers nothing forgets what was remembered before."""
    await keep(storage, ADA)
    for remember in (5, 5, 0):
        await put(storage, f"hash {remember}", remember=remember)

    assert await look.credentials.earlier_passwords(ADA.id, limit=9) == ()


async def test_one_history_says_nothing_of_another(storage: Storage, look: Work) -> None:
    """Each account has its own."""
    bob = account("Bob")
    await keep(storage, ADA, bob)
    for encoded in ("one", "two"):
        await put(storage, encoded, remember=5)
        await put(storage, f"bob {encoded}", of=bob, remember=5)

    assert await look.credentials.earlier_passwords(ADA.id, limit=9) == ("one",)


async def test_who_still_has_the_documented_password_is_listed(
    storage: Storage, look: Work
) -> None:
    """A changed password takes the account off the list."""
    some = [account(f"n{number}") for number in range(3)]
    await keep(storage, *some)
    for one in some:
        async with storage.open_work() as work:
            work.credentials.put_password(password(one, is_documented=True))
            await work.commit()

    await put(storage, "another", of=some[1])

    assert await look.credentials.documented() == (some[0].id, some[2].id)


async def test_a_rehash_keeps_everything_but_the_hash(storage: Storage, look: Work) -> None:
    """The password is the same: its age and its mark stay, and nothing enters the history."""
    await keep(storage, ADA)
    old = password(ADA, "weak", is_documented=True)
    await commit(storage, lambda work: work.credentials.put_password(old, remember=5))
    stronger = password(ADA, "strong", changed_at=AT + SECOND)

    await commit(storage, lambda work: work.credentials.rehash(stronger, replaces="weak"))

    assert await look.credentials.password_of(ADA.id) == replace(old, encoded="strong")
    assert await look.credentials.earlier_passwords(ADA.id, limit=9) == ()


async def test_a_rehash_that_comes_too_late_changes_nothing(storage: Storage, look: Work) -> None:
    """The hash of the old password must not come back over the new one."""
    await keep(storage, ADA)
    await put(storage, "new")

    late = password(ADA, "old, but strong")
    await commit(storage, lambda work: work.credentials.rehash(late, replaces="old"))

    assert await look.credentials.password_of(ADA.id) == password(ADA, "new")


async def test_a_condition_holds_for_the_password_and_the_state(storage: Storage) -> None:
    """Only an active account with this very hash passes."""
    await keep(storage, ADA)
    with pytest.raises(DeniedError):
        await require(storage, "hash")
    await put(storage, "hash")

    await require(storage, "hash")
    with pytest.raises(DeniedError):
        await require(storage, "another")
    closed = replace(ADA, state=State.DISABLED)
    await commit(storage, lambda work: work.accounts.update(closed, before=ADA))
    with pytest.raises(DeniedError):
        await require(storage, "hash")
