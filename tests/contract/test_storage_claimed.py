"""What every storage returns to a log-in, in one look."""

from contract.things import AT, account, commit, group, keep, member, session
from watchword.core.credentials.model import PasswordCredential
from watchword.core.joined import Claimed
from watchword.core.ports import Storage, Work

ADA = account("Ada")
BOB = account("Bob")
SALES = group("Sales")
STAFF = group("Staff", password_days=90, password_history=0)
PASSWORD = PasswordCredential(account_id=ADA.id, encoded="$argon2id$x", changed_at=AT)


async def test_all_that_a_log_in_looks_at_comes_at_once(storage: Storage, look: Work) -> None:
    """The account by any of its names, its password, its groups in order, its sessions' number."""
    await keep(storage, ADA, BOB)

    def write(work: Work) -> None:
        work.credentials.put_password(PASSWORD)
        for one in (STAFF, SALES):
            work.groups.add(one)
        for its in (member(STAFF, ADA), member(SALES, ADA, "b"), member(SALES, ADA, "a")):
            work.groups.put_member(its, most=200)
        for name in ("one", "two"):
            work.sessions.add(session(name, ADA))
        work.sessions.add(session("three", BOB))

    await commit(storage, write)

    assert await look.claimed("ada") == Claimed(
        account=ADA,
        credential=PASSWORD,
        memberships=await look.groups.of(ADA.id),
        session_count=2,
    )
    assert len(await look.groups.of(ADA.id)) == 3


async def test_who_has_nothing_is_found_all_the_same(storage: Storage, look: Work) -> None:
    """An account without a password, a group or a session is one."""
    await keep(storage, ADA)

    assert await look.claimed("ada") == Claimed(
        account=ADA, credential=None, memberships=(), session_count=0
    )


async def test_nobody_is_found_by_what_nobody_has(storage: Storage, look: Work) -> None:
    """Neither by another spelling of a name, nor by what no database can keep."""
    await keep(storage, ADA)

    assert await look.claimed("Ada") is None
    assert await look.claimed("\0\ud800") is None
