"""What every keeper of API keys promises."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import pytest

from contract.things import AT, DAY, SECOND, account, api_key, commit, keep, together
from watchword.core.accounts.model import Account, Role, State
from watchword.core.apikeys.model import ApiKey, Scope
from watchword.core.apikeys.store import KeyUse
from watchword.core.joined import KeyHolder
from watchword.core.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from watchword.core.kernel.ids import ApiKeyId
from watchword.core.kernel.page import Page
from watchword.core.ports import Storage, Work
from watchword.storage.statement import Statement, Steps, Transaction
from watchword.storage.work import SqlStorage

ADA = account("Ada")
BOB = account("Bob")
MOST = 100
KEY = api_key("k", ADA)


async def put(storage: Storage, *keys: ApiKey, most: int = MOST) -> None:
    for key in keys:
        await commit(storage, lambda work: work.api_keys.add(key, most=most))  # noqa: B023 - awaited in this round


async def listed(next_page: Callable[[str | None], Awaitable[Page[ApiKey]]]) -> list[ApiKey]:
    found: list[ApiKey] = []
    after = None
    while True:
        page = await next_page(after)
        found += page.items
        if (after := page.next) is None:
            return found


async def test_a_key_comes_back_as_it_was_stored(storage: Storage, look: Work) -> None:
    """Every field survives, of a key with all of them and of one with none."""
    whole = api_key(
        "whole, ünïcode",
        ADA,
        sealed="sealed",
        scopes=frozenset(Scope),
        per_minute=600,
        expires_at=AT + DAY,
        last_used_at=AT + SECOND,
    )
    bare = api_key("bare", ADA, scopes=frozenset())
    await keep(storage, ADA)

    await put(storage, whole, bare, KEY)

    assert [await look.api_keys.by_id(one.id) for one in (whole, bare, KEY)] == [whole, bare, KEY]
    assert await look.api_keys.by_id(ApiKeyId("another")) is None


async def test_a_key_is_found_by_any_of_its_digests(storage: Storage, look: Work) -> None:
    """By our current one or a retired one; what cannot be stored is found nowhere."""
    await keep(storage, ADA)
    await put(storage, KEY, api_key("other", ADA))

    found = [
        await look.api_keys.by_digest(digests)
        for digests in ([KEY.digest], ["x", "y", KEY.digest], [], ["x"], ["\0\ud800"])
    ]

    assert found == [KEY, KEY, None, None, None]


async def test_a_holder_is_the_key_with_its_account(storage: Storage, look: Work) -> None:
    """One look finds both as they are now; it judges neither expiry nor state."""
    over = replace(KEY, expires_at=AT - DAY)
    now = replace(ADA, role=Role.ADMIN, state=State.DISABLED, email="ada@example.org")
    await keep(storage, ADA)
    await put(storage, over)
    await commit(storage, lambda work: work.accounts.update(now, before=ADA))

    assert await look.key_holder(["x", over.digest]) == KeyHolder(now, over)
    assert await look.key_holder([]) is None
    assert await look.key_holder(["x"]) is None
    assert await look.key_holder(["\0\ud800"]) is None


@pytest.mark.parametrize("owner", [None, account("Ada", state=State.DISABLED)])
async def test_only_who_is_active_gets_a_key(
    storage: Storage, look: Work, owner: Account | None
) -> None:
    """Nobody who is gone, and nobody who is disabled."""
    await keep(storage, *([owner] if owner else []))

    with pytest.raises(DeniedError):
        await put(storage, KEY)

    assert await look.api_keys.by_id(KEY.id) is None


async def test_an_account_has_so_many_keys(storage: Storage, look: Work) -> None:
    """One more is refused; expired ones, and those of others, count for nothing."""
    await keep(storage, ADA, BOB)
    await put(storage, api_key("bob's", BOB), api_key("over", ADA, expires_at=AT), KEY)
    await put(storage, api_key("later", ADA, expires_at=AT + SECOND), most=2)

    with pytest.raises(ConflictError) as refused:
        await put(storage, api_key("one more", ADA), most=2)

    assert refused.value.field == "api_keys"
    assert await look.api_keys.by_id(ApiKeyId("one more")) is None
    await put(storage, api_key("when it is over", ADA, created_at=AT + SECOND), most=2)


async def test_a_limit_of_none_gives_nobody_a_key(storage: Storage) -> None:
    """That is how an operator turns keys off."""
    await keep(storage, ADA)

    with pytest.raises(ConflictError):
        await put(storage, KEY, most=0)


@pytest.mark.parametrize("again", [replace(KEY, id=ApiKeyId("x")), replace(KEY, digest="x")])
async def test_no_two_keys_are_alike(storage: Storage, again: ApiKey) -> None:
    """Neither by id nor by digest."""
    await keep(storage, ADA)
    await put(storage, KEY)

    with pytest.raises(ConflictError):
        await put(storage, again)


async def test_a_name_that_no_database_can_hold_is_refused(storage: Storage) -> None:
    """It never becomes a fault of ours."""
    await keep(storage, ADA)

    with pytest.raises(InvalidError):
        await put(storage, replace(KEY, name="a\0b"))


async def test_keys_are_listed_oldest_first(storage: Storage, look: Work) -> None:
    """All of them or those of one account, a page at a time, expired ones too."""
    await keep(storage, ADA, BOB)
    owners = [ADA, ADA, BOB]
    some = [
        api_key(f"k{number}", owners[number % 3], created_at=AT + SECOND * (number // 2))
        for number in range(9)
    ]
    some[4] = replace(some[4], expires_at=AT - DAY)
    await put(storage, *reversed(some))

    every = await listed(lambda after: look.api_keys.page(after=after, limit=2))
    own = await listed(lambda after: look.api_keys.page_of(ADA.id, after=after, limit=2))

    assert every == some
    assert own == [one for one in some if one.account_id == ADA.id]
    assert (await look.api_keys.page(limit=9)).next is None
    assert await look.api_keys.page_of(account("Eve").id, limit=9) == Page(())


async def test_the_cursor_of_another_list_is_refused(storage: Storage, look: Work) -> None:
    """A place among all keys is none among those of one account, nor the other way round."""
    await keep(storage, ADA)
    await put(storage, KEY, api_key("l", ADA))
    of_all = (await look.api_keys.page(limit=1)).next
    of_one = (await look.api_keys.page_of(ADA.id, limit=1)).next

    with pytest.raises(InvalidError):
        await look.api_keys.page(after=of_one, limit=1)
    with pytest.raises(InvalidError):
        await look.api_keys.page_of(ADA.id, after=of_all, limit=1)


async def test_a_key_gets_another_end(storage: Storage, look: Work) -> None:
    """Sooner, later or never, and nothing else of it changes."""
    await keep(storage, ADA)
    await put(storage, KEY)

    for end in (AT + DAY, AT + 2 * DAY, None):
        changed = replace(KEY, expires_at=end, name="another", digest="another")
        await commit(storage, lambda work: work.api_keys.end(changed))  # noqa: B023 - awaited in this round

        assert await look.api_keys.by_id(KEY.id) == replace(KEY, expires_at=end)


async def test_a_deleted_key_is_gone(storage: Storage, look: Work) -> None:
    """It is found no more, and there is nothing left to end or to delete."""
    await keep(storage, ADA)
    await put(storage, KEY)

    await commit(storage, lambda work: work.api_keys.delete(KEY.id))

    assert await look.api_keys.by_id(KEY.id) is None
    assert await look.key_holder([KEY.digest]) is None
    with pytest.raises(NotFoundError):
        await commit(storage, lambda work: work.api_keys.delete(KEY.id))
    with pytest.raises(NotFoundError):
        await commit(storage, lambda work: work.api_keys.end(KEY))


async def test_keys_go_with_their_account(storage: Storage, look: Work) -> None:
    """Those of others stay."""
    await keep(storage, ADA, BOB)
    bobs = api_key("bob's", BOB)
    await put(storage, KEY, bobs)

    await commit(storage, lambda work: work.accounts.delete(ADA.id))

    assert (await look.api_keys.page(limit=9)).items == (bobs,)
    assert await look.key_holder([KEY.digest]) is None


async def test_the_last_use_is_the_latest(storage: Storage, look: Work) -> None:
    """Whoever tells of an earlier one afterwards changes nothing; who is gone is left out."""
    await keep(storage, ADA)
    await put(storage, KEY, api_key("other", ADA))
    uses = [KeyUse(key_id=KEY.id, at=AT + SECOND * seconds) for seconds in (5, 9, 3)]

    await commit(storage, lambda work: work.api_keys.used([KeyUse(key_id=ApiKeyId("gone"), at=AT)]))
    for use in uses:
        await commit(storage, lambda work: work.api_keys.used([use]))  # noqa: B023 - awaited in this round

    assert await look.api_keys.by_id(KEY.id) == replace(KEY, last_used_at=AT + SECOND * 9)
    assert await look.api_keys.by_id(ApiKeyId("other")) == api_key("other", ADA)


async def test_a_use_can_bring_a_key_under_our_current_key(storage: Storage, look: Work) -> None:
    """It is found by the new digest alone, though the use itself may be no news."""
    old = replace(KEY, sealed="old", last_used_at=AT + DAY)
    await keep(storage, ADA)
    await put(storage, old)
    use = KeyUse(key_id=KEY.id, at=AT, digest="new digest", sealed="new")

    await commit(storage, lambda work: work.api_keys.used([use]))

    renewed = replace(old, digest="new digest", sealed="new")
    assert await look.api_keys.by_digest(["new digest"]) == renewed
    assert await look.api_keys.by_digest([KEY.digest]) is None


async def test_encrypted_texts_are_forgotten_a_few_at_a_time(storage: Storage, look: Work) -> None:
    """Nothing else of the keys changes."""
    some = [api_key(f"k{number}", ADA, sealed="sealed") for number in range(3)]
    await keep(storage, ADA)
    await put(storage, *some, KEY)
    left = []

    for _ in range(3):
        await commit(storage, lambda work: work.api_keys.forget_sealed(limit=2))
        page = await look.api_keys.page(limit=9)
        left.append(sum(bool(key.sealed) for key in page.items))

    assert left == [1, 0, 0]
    assert page.items == (KEY, *(replace(key, sealed="") for key in some))


async def test_expired_keys_are_removed_a_few_at_a_time(storage: Storage, look: Work) -> None:
    """Those that ended first go first; living ones, and those that never end, stay."""
    some = [api_key(f"k{number}", ADA, expires_at=AT + SECOND * number) for number in range(4)]
    await keep(storage, ADA)
    await put(storage, *reversed(some), KEY)
    left = []

    for _ in range(2):
        await commit(
            storage, lambda work: work.api_keys.delete_expired(before=AT + 3 * SECOND, limit=2)
        )
        left.append([key.id for key in (await look.api_keys.page(limit=9)).items])

    assert left == [["k", "k2", "k3"], ["k", "k3"]]


async def test_a_scope_of_a_newer_program_is_left_out(database: SqlStorage) -> None:
    """What this one does not know it allows to nobody; the rest of the key works."""

    def steps() -> Steps[None]:
        yield Statement("UPDATE api_keys SET scopes = 'identify moon:land'")

    await keep(database, ADA)
    await put(database, KEY)
    await database._engine.apply(Transaction(steps))  # noqa: SLF001 - no port writes this

    async with database.open_work() as work:
        found = await work.api_keys.by_id(KEY.id)
    assert found == replace(KEY, scopes=frozenset({Scope.IDENTIFY}))


async def test_a_limit_holds_however_many_keys_are_added_at_once(database: Storage) -> None:
    """Of forty at once, seven are made."""
    await keep(database, ADA, BOB)
    for number in range(5):
        keys = [api_key(f"k{number} {one}", ADA) for one in range(40)]

        refusals = await together(*(put(database, key, most=7 * (number + 1)) for key in keys))

        assert (refusals.count(None), refusals.count(ConflictError)) == (7, 33)


async def test_a_disabled_or_deleted_account_gets_no_key_meanwhile(database: Storage) -> None:
    """Either the key is there first, or it is refused; with the account it goes."""
    for number in range(20):
        who = account(f"Ada {number}")
        await keep(database, who)
        closing = (
            commit(database, lambda work: work.accounts.delete(who.id))  # noqa: B023 - awaited in this round
            if number % 2
            else commit(
                database,
                lambda work: work.accounts.update(replace(who, state=State.DISABLED), before=who),  # noqa: B023 - awaited in this round
            )
        )

        refusals = await together(put(database, api_key(f"k {number}", who)), closing)

        async with database.open_work() as work:
            found = await work.api_keys.by_id(ApiKeyId(f"k {number}"))
        assert refusals[0] in (None, DeniedError)
        assert (found is None) == (refusals[0] is DeniedError or number % 2 == 1)


async def test_notes_of_uses_and_removals_at_once_are_no_deadlock(database: Storage) -> None:
    """Many processes note the same keys in another order each, while accounts and keys go."""
    people = [account(f"Ada {number}") for number in range(6)]
    await keep(database, *people)
    keys = [api_key(f"k{number}", people[number % 6], sealed="x") for number in range(60)]
    await asyncio.gather(*(put(database, key) for key in keys))
    uses = [KeyUse(key_id=key.id, at=AT + DAY) for key in keys]

    refusals = await together(
        *(commit(database, _notes(uses[number:] + uses[:number])) for number in range(0, 60, 6)),
        *(commit(database, _notes(uses[number::-1])) for number in range(59, 0, -6)),
        *(commit(database, lambda work: work.api_keys.forget_sealed(limit=60)) for _ in range(3)),
        *(commit(database, _deletion(who)) for who in people[:3]),
    )

    async with database.open_work() as work:
        left = (await work.api_keys.page(limit=99)).items
    assert set(refusals) == {None}
    assert {key.last_used_at for key in left} == {AT + DAY}
    assert len(left) == 30


def _notes(uses: list[KeyUse]) -> Callable[[Work], None]:
    return lambda work: work.api_keys.used(uses)


def _deletion(who: Account) -> Callable[[Work], None]:
    return lambda work: work.accounts.delete(who.id)


async def test_keys_are_found_by_how_their_ids_begin(storage: Storage, look: Work) -> None:
    """In the order of the ids, no more than were asked for, and no character is a pattern."""
    await keep(storage, ADA)
    for name in ("ab1", "ab_", "ac", "b", "ab%"):
        await commit(storage, partial(_add, api_key(name, ADA)))

    found = [await look.api_keys.beginning(text, limit=2) for text in ("ab", "ab%", "c", "ab_")]

    ids = [[one.id for one in keys] for keys in found]
    assert ids == [["ab%", "ab1"], ["ab%"], [], ["ab_"]]


def _add(key: ApiKey, work: Work) -> None:
    work.api_keys.add(key, most=9)
