"""What every keeper of credentials promises about the notice before a password expires."""

from dataclasses import replace
from datetime import datetime

import pytest

from contract.things import AT, DAY, SECOND, account, commit, keep, password, together
from watchword.core.accounts.model import Account, State
from watchword.core.credentials.model import PasswordCredential
from watchword.core.kernel.errors import DeniedError, InvalidError
from watchword.core.kernel.page import Page
from watchword.core.ports import Storage, Work


def reader(name: str) -> Account:
    """Make an account that letters reach."""
    return account(name, email=f"{name}@example.org", email_confirmed_at=AT)


ADA = reader("Ada")
BOB = reader("Bob")


async def put(storage: Storage, of: Account, changed_at: datetime = AT) -> PasswordCredential:
    new = password(of, "hash", changed_at=changed_at)
    await commit(storage, lambda work: work.credentials.put_password(new))
    return new


async def announce(storage: Storage, credential: PasswordCredential) -> None:
    await commit(storage, lambda work: work.credentials.announce(credential, at=AT))


async def listed(
    look: Work, since: datetime = AT - DAY, until: datetime = AT + DAY
) -> tuple[PasswordCredential, ...]:
    return (await look.credentials.unannounced(since=since, until=until, limit=9)).items


async def two(look: Work, after: str | None = None) -> Page[PasswordCredential]:
    """Return two of the passwords of one second."""
    return await look.credentials.unannounced(since=AT, until=AT + SECOND, after=after, limit=2)


async def test_passwords_of_a_span_come_oldest_first(storage: Storage, look: Work) -> None:
    """The first moment belongs to it, the last one does not."""
    people = [reader(f"n{number}") for number in range(4)]
    await keep(storage, *people)
    kept = [await put(storage, one, AT + SECOND * place) for place, one in enumerate(people[::-1])]

    assert await listed(look) == tuple(kept)
    assert await listed(look, AT + SECOND, AT + 3 * SECOND) == tuple(kept[1:3])
    assert await listed(look, AT - DAY, AT) == ()


async def test_only_who_can_be_reached_is_listed(storage: Storage, look: Work) -> None:
    """Not who is disabled, has no address, or has one that was never confirmed."""
    people = [
        ADA,
        account("Eve"),
        account("Fay", email="fay@example.org"),
        replace(reader("Gus"), state=State.DISABLED),
    ]
    await keep(storage, *people)
    kept = [await put(storage, one) for one in people]

    assert await listed(look) == (kept[0],)


async def test_a_long_list_goes_on(storage: Storage, look: Work) -> None:
    """Also where many were set in the same moment; a cursor of another list is refused."""
    people = [reader(f"n{number}") for number in range(5)]
    await keep(storage, *people)
    kept = [await put(storage, one) for one in people]

    first = await two(look)
    second = await two(look, first.next)
    last = await two(look, second.next)

    assert [*first.items, *second.items, *last.items] == kept
    assert last.next is None
    with pytest.raises(InvalidError):
        await two(look, "nonsense")


async def test_what_was_announced_is_listed_no_more(storage: Storage, look: Work) -> None:
    """Until the next password, of which nobody has been told."""
    await keep(storage, ADA, BOB)
    old, other = await put(storage, ADA), await put(storage, BOB)

    await announce(storage, old)
    afterwards = await listed(look)
    new = await put(storage, ADA, AT + SECOND)

    assert afterwards == (other,)
    assert await listed(look) == (other, new)
    assert await look.credentials.password_of(ADA.id) == new


async def test_a_stronger_hash_is_no_new_password(storage: Storage, look: Work) -> None:
    """Its owner was told already."""
    await keep(storage, ADA)
    old = await put(storage, ADA)
    await announce(storage, old)

    await commit(
        storage,
        lambda work: work.credentials.rehash(replace(old, encoded="strong"), replaces="hash"),
    )

    assert await listed(look) == ()


async def test_another_password_cannot_be_announced(storage: Storage, look: Work) -> None:
    """It was changed since somebody looked; and nobody's cannot be either."""
    await keep(storage, ADA, BOB)
    old = await put(storage, ADA)
    new = await put(storage, ADA, AT + SECOND)

    for one in (old, password(BOB)):
        with pytest.raises(DeniedError):
            await announce(storage, one)

    assert await listed(look) == (new,)


async def test_of_many_who_announce_one_does(storage: Storage) -> None:
    """The others' letters are undone with their commits."""
    await keep(storage, ADA)
    kept = await put(storage, ADA)

    outcomes = await together(*(announce(storage, kept) for _ in range(8)))

    assert outcomes.count(None) == 1
    assert outcomes.count(DeniedError) == 7
