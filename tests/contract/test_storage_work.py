"""What every unit of work promises, whatever is written in it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias

import pytest

from contract.things import (
    AT,
    SECOND,
    account,
    admin,
    api_key,
    attempt,
    commit,
    keep,
    password,
    session,
    signing_key,
)
from watchword.core.accounts.model import Role
from watchword.core.apikeys.store import KeyUse
from watchword.core.audit.model import Action, Event
from watchword.core.kernel.errors import ConflictError, DeniedError, InvalidError, UnavailableError
from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import Storage, Work

ADA = account("Ada")
KEY = api_key("k", ADA, sealed="sealed", expires_at=AT + SECOND)
FAR = AT + 99 * SECOND
Record: TypeAlias = Callable[[Work], None]


async def test_reads_see_what_is_committed_and_not_what_is_recorded(storage: Storage) -> None:
    """A unit of work does not see its own writes before its commit, and others never do."""
    async with storage.open_work() as mine, storage.open_work() as other:
        mine.accounts.add(ADA)
        before = [await work.accounts.by_id(ADA.id) for work in (mine, other)]
        await mine.commit()
        after = [await work.accounts.by_id(ADA.id) for work in (mine, other)]

    assert before == [None, None]
    assert after == [ADA, ADA]


async def test_leaving_without_a_commit_leaves_nothing(storage: Storage, look: Work) -> None:
    """What was recorded is forgotten, whether one left in peace or not."""
    async with storage.open_work() as work:
        work.accounts.add(ADA)
    with suppress(ZeroDivisionError):
        async with storage.open_work() as work:
            work.accounts.add(ADA)
            raise ZeroDivisionError

    assert await look.accounts.count() == 0


async def test_a_refused_commit_applies_nothing(storage: Storage, look: Work) -> None:
    """Neither what was recorded before the condition that failed, nor what came after it."""
    await keep(storage, ADA)

    with pytest.raises(ConflictError):
        await commit(
            storage,
            lambda work: work.accounts.add(account("Bob")),
            lambda work: work.accounts.add(account("ada", id=AccountId("another"))),
            lambda work: work.setup.name_instance("name"),
        )

    assert await look.accounts.count() == 1
    assert await look.setup.instance() is None


async def test_writes_apply_in_the_order_they_were_recorded(storage: Storage, look: Work) -> None:
    """What comes later in a unit of work sees what came before."""
    await commit(
        storage,
        lambda work: work.accounts.add(ADA),
        lambda work: work.credentials.put_password(password(ADA)),
        lambda work: work.credentials.require(ADA.id, encoded="hash"),
        lambda work: work.sessions.add(session("one", ADA)),
        lambda work: work.sessions.end_all_of(ADA.id),
        lambda work: work.sessions.add(session("two", ADA)),
    )

    assert [one.id for one in await look.sessions.of(ADA.id, at=AT)] == ["two"]


async def test_a_commit_happens_once(storage: Storage, look: Work) -> None:
    """A second commit of the same work applies only what was recorded since."""
    async with storage.open_work() as work:
        work.accounts.add(ADA)
        await work.commit()
        work.accounts.add(account("Bob"))
        await work.commit()
        await work.commit()

    assert await look.accounts.count() == 2


async def test_text_that_no_database_can_hold_is_refused(storage: Storage, look: Work) -> None:
    """NUL and lone surrogates never reach a database, and never become a fault of ours."""
    for text in ("a\0b", "a\ud800b"):
        with pytest.raises(InvalidError):
            await keep(storage, account(text))

    assert await look.accounts.count() == 0


async def test_a_database_that_works_passes_its_check(lonely: Storage) -> None:
    """The check says nothing, and revokes nothing."""
    stamp = lonely.revocations.stamp()

    await lonely.check()
    await lonely.check()

    assert stamp is not None
    assert lonely.revocations.stamp() == stamp


async def test_a_closed_database_is_unavailable(storage: Storage) -> None:
    """Whoever comes too late is told so, and closing twice is no error."""
    async with storage.open_work() as work:
        work.accounts.add(ADA)
        await storage.close()
        await storage.close()

        with pytest.raises(UnavailableError):
            await work.accounts.by_id(ADA.id)
        with pytest.raises(UnavailableError):
            await work.commit()
        with pytest.raises(UnavailableError):
            await storage.attempts.reserve(attempt("a"), AttemptLimits())


REVOKING: dict[str, Record] = {
    "account changed": lambda work: work.accounts.update(replace(ADA, role=Role.USER), before=ADA),
    "account deleted": lambda work: work.accounts.delete(ADA.id),
    "session ended": lambda work: work.sessions.end(SessionId("one")),
    "sessions ended": lambda work: work.sessions.end_all_of(ADA.id),
    "oldest ended": lambda work: work.sessions.end_oldest_of(ADA.id, keep=1),
    "key rotated": lambda work: work.signing_keys.rotate(signing_key("next", AT + SECOND)),
    "keys deleted": lambda work: work.signing_keys.delete_others("another"),
    "API key ended": lambda work: work.api_keys.end(replace(KEY, expires_at=AT)),
    "API key deleted": lambda work: work.api_keys.delete(KEY.id),
    "retired deleted": lambda work: work.signing_keys.delete_retired(before=AT + 9 * SECOND),
}
HARMLESS: dict[str, Record] = {
    "account added": lambda work: work.accounts.add(account("Bob")),
    "session added": lambda work: work.sessions.add(session("three", ADA)),
    "no session ended": lambda work: work.sessions.end(SessionId("none")),
    "no oldest ended": lambda work: work.sessions.end_oldest_of(ADA.id, keep=2),
    "expired removed": lambda work: work.sessions.end_expired(at=AT + 9 * SECOND, limit=9),
    "session required": lambda work: work.sessions.require(SessionId("one")),
    "API key added": lambda work: work.api_keys.add(api_key("new", ADA), most=9),
    "API key used": lambda work: work.api_keys.used(
        [KeyUse(key_id=KEY.id, at=AT, digest="new", sealed="new")]
    ),
    "sealed forgotten": lambda work: work.api_keys.forget_sealed(limit=9),
    "expired keys removed": lambda work: work.api_keys.delete_expired(before=FAR, limit=9),
    "revocations forgotten": lambda work: work.revocation_log.purge(at=FAR, limit=9),
    "password put": lambda work: work.credentials.put_password(password(ADA)),
    "attempt settled": lambda work: work.attempts.succeeded(attempt(ADA.id), ADA.id),
    "event added": lambda work: work.audit.add(
        Event(at=AT, action=Action.SESSION_END, subject=ADA.id)
    ),
}


async def furnish(storage: Storage) -> None:
    retired = replace(signing_key("first"), retired_at=AT)
    await keep(storage, ADA)
    await commit(
        storage,
        lambda work: work.sessions.add(session("one", ADA, expires_at=AT + SECOND)),
        lambda work: work.sessions.add(session("two", ADA, created_at=AT + SECOND)),
        lambda work: work.signing_keys.add_first(retired),
        lambda work: work.api_keys.add(KEY, most=9),
    )


@pytest.mark.parametrize("what", REVOKING)
async def test_what_takes_something_away_changes_the_stamp(storage: Storage, what: str) -> None:
    """Whoever remembered a token looks again."""
    await furnish(storage)
    before = storage.revocations.stamp()

    await commit(storage, REVOKING[what])

    after = storage.revocations.stamp()
    assert before is not None
    assert after is not None
    assert before != after


@pytest.mark.parametrize("what", HARMLESS)
async def test_what_takes_nothing_away_leaves_the_stamp(lonely: Storage, what: str) -> None:
    """A log-in must not make everybody else's token be looked up again."""
    await furnish(lonely)
    before = lonely.revocations.stamp()

    await commit(lonely, HARMLESS[what])

    assert lonely.revocations.stamp() == before


async def test_a_refused_revocation_leaves_the_stamp(lonely: Storage) -> None:
    """What was not committed revoked nothing."""
    ada = admin("Ada")
    await keep(lonely, ada)
    before = lonely.revocations.stamp()

    with pytest.raises(DeniedError):
        await commit(
            lonely,
            lambda work: work.accounts.update(replace(ada, first_name="A"), before=ada),
            lambda work: work.accounts.require_not_last_admin(ada.id),
        )

    assert lonely.revocations.stamp() == before
