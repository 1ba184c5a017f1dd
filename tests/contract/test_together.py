"""Statements that go together: which those are, and that either all of them count or none."""

import pytest

from contract.things import account, attempt, commit, keep, password, session
from watchword.core.kernel.errors import DeniedError
from watchword.core.ports import Storage, Work
from watchword.storage.postgres_joined import joined
from watchword.storage.statement import TOGETHER_MAX, Batch, Run, Statement

ADA = account("Ada")


def test_neighbours_that_are_apart_go_together() -> None:
    """In order, up to one that is not, to one of the same text, and to a number of them."""
    batch = Batch()
    for text in ("a", "b", "a"):
        batch.record(text, apart=True)
    batch.record("alone")
    for number in range(TOGETHER_MAX + 1):
        batch.record(f"{number}", apart=True)
    transaction = batch.take()
    assert transaction is not None
    run = Run(transaction)

    found, asked = [], run.first()
    while asked:
        found.append([one.sql for one in asked])
        asked = run.then([() for _ in asked])

    several = [f"{number}" for number in range(TOGETHER_MAX)]
    assert found == [["a", "b"], ["a"], ["alone"], several, [f"{TOGETHER_MAX}"]]


def test_each_of_several_statements_is_held_to_its_own_rows() -> None:
    """One that found nothing where it had to find something is told of, whoever is beside it."""
    batch = Batch()
    batch.record("a", apart=True)
    batch.record("b", apart=True, expect=DeniedError)
    transaction = batch.take()
    assert transaction is not None
    run = Run(transaction)
    assert len(run.first()) == 2

    with pytest.raises(DeniedError):
        run.then([[()], []])


def test_joined_statements_keep_their_own_values() -> None:
    """Places are numbered on, and what tells nothing by itself tells how often it did something."""
    texts = (
        "SELECT id FROM accounts WHERE id = $2 AND name = $1",
        "DELETE FROM attempts WHERE subject = $1",
        "INSERT INTO sessions (id) VALUES ($1) RETURNING id",
    )

    assert joined(texts) == (
        "WITH part0 AS (SELECT id FROM accounts WHERE id = $2 AND name = $1),"
        " part1 AS (DELETE FROM attempts WHERE subject = $3 RETURNING 1),"
        " part2 AS (INSERT INTO sessions (id) VALUES ($4) RETURNING id)"
        " SELECT (SELECT COUNT(*) FROM part0), (SELECT COUNT(*) FROM part1),"
        " (SELECT COUNT(*) FROM part2)"
    )


async def test_a_log_in_that_is_refused_at_its_commit_leaves_nothing(
    storage: Storage, look: Work
) -> None:
    """However its statements are put to the database."""
    await keep(storage, ADA)
    await commit(storage, lambda work: work.credentials.put_password(password(ADA)))

    def enter(work: Work, encoded: str, name: str) -> None:
        work.credentials.require(ADA.id, encoded=encoded)
        work.sessions.add(session(name, ADA))
        work.attempts.succeeded(attempt(ADA.id), ADA.id)

    with pytest.raises(DeniedError):
        await commit(storage, lambda work: enter(work, "another", "one"))
    await commit(storage, lambda work: enter(work, "hash", "two"))

    assert [one.id for one in await look.sessions.of(ADA.id, at=ADA.created_at)] == ["two"]


def test_statements_are_alone_unless_they_say_so() -> None:
    """What may depend on its neighbours is done after them."""
    assert not Statement("SELECT 1").apart
