"""What every keeper of the installation's facts promises."""

import pytest

from contract.things import AT, account, admin, commit, keep
from watchword.core.accounts.model import Account
from watchword.core.kernel.errors import ConflictError, DeniedError
from watchword.core.ports import Storage, Work


async def begin_with(storage: Storage, first: Account) -> None:
    await commit(
        storage,
        lambda work: work.setup.require_no_account_yet(),
        lambda work: work.accounts.add(first),
    )


async def test_an_installation_is_named_once(storage: Storage, look: Work) -> None:
    """The first id stays for ever."""
    before = await look.setup.instance()

    await commit(storage, lambda work: work.setup.name_instance("first"))
    await commit(storage, lambda work: work.setup.name_instance("second"))

    assert before is None
    assert await look.setup.instance() == "first"


async def test_single_user_mode_ends_with_the_first_account_for_ever(
    storage: Storage, look: Work
) -> None:
    """That there was an account is a fact, not a count."""
    ada = account("Ada")
    before = await look.setup.has_had_account()
    await keep(storage, ada)

    await commit(storage, lambda work: work.accounts.delete(ada.id))

    assert not before
    assert await look.accounts.count() == 0
    assert await look.setup.has_had_account()


async def test_a_commit_can_depend_on_there_never_having_been_an_account(
    storage: Storage, look: Work
) -> None:
    """The first admin is made under this condition, and no second one."""
    await begin_with(storage, admin("Ada"))

    with pytest.raises(ConflictError) as refused:
        await begin_with(storage, admin("Bob"))

    assert refused.value.field == "setup"
    assert await look.accounts.count() == 1


async def try_token(storage: Storage) -> None:
    await commit(storage, lambda work: work.setup.use_try(limit=2))


async def test_the_setup_token_allows_so_many_tries(storage: Storage, look: Work) -> None:
    """Past the limit every try is refused; a new token starts afresh."""
    await commit(storage, lambda work: work.setup.put_token("digest", at=AT))

    await try_token(storage)
    await try_token(storage)
    with pytest.raises(DeniedError):
        await try_token(storage)
    await commit(storage, lambda work: work.setup.put_token("another", at=AT))
    await try_token(storage)

    assert await look.setup.token_digest() == "another"


async def test_without_a_token_there_are_no_tries(storage: Storage, look: Work) -> None:
    """Once dropped it is gone, and dropping it twice is no error."""
    await commit(storage, lambda work: work.setup.put_token("digest", at=AT))
    for _ in range(2):
        await commit(storage, lambda work: work.setup.drop_token())

    with pytest.raises(DeniedError):
        await commit(storage, lambda work: work.setup.use_try(limit=5))

    assert await look.setup.token_digest() is None
