"""What every keeper of signing keys promises."""

from dataclasses import replace

import pytest

from contract.things import AT, SECOND, commit, signing_key
from watchword.core.kernel.errors import ConflictError
from watchword.core.ports import Storage, Work
from watchword.core.signing.model import Algorithm

ONE, TWO, THREE = (signing_key(str(number), AT + SECOND * number) for number in range(3))


async def rotate(storage: Storage) -> None:
    await commit(storage, lambda work: work.signing_keys.add_first(ONE))
    await commit(storage, lambda work: work.signing_keys.rotate(TWO))
    await commit(storage, lambda work: work.signing_keys.rotate(THREE))


async def test_a_key_comes_back_as_it_was_stored(storage: Storage, look: Work) -> None:
    """Every field survives."""
    key = replace(ONE, algorithm=Algorithm.RS256, retired_at=AT)

    await commit(storage, lambda work: work.signing_keys.add_first(key))

    assert await look.signing_keys.all() == (key,)


async def test_there_is_one_first_key(storage: Storage, look: Work) -> None:
    """A second one is refused, whatever became of the first."""
    await commit(storage, lambda work: work.signing_keys.add_first(ONE))

    with pytest.raises(ConflictError) as refused:
        await commit(storage, lambda work: work.signing_keys.add_first(TWO))

    assert refused.value.field == "signing_key"
    assert await look.signing_keys.all() == (ONE,)


async def test_a_rotation_retires_the_others(storage: Storage, look: Work) -> None:
    """Keys come newest first; one that was retired before keeps its moment."""
    await rotate(storage)

    assert await look.signing_keys.all() == (
        THREE,
        TWO.retire(THREE.created_at),
        ONE.retire(TWO.created_at),
    )


async def test_keys_long_retired_are_deleted(storage: Storage, look: Work) -> None:
    """Only those that retired before the moment; the current one never."""
    await rotate(storage)

    await commit(storage, lambda work: work.signing_keys.delete_retired(before=THREE.created_at))

    assert [key.id for key in await look.signing_keys.all()] == [THREE.id, TWO.id]


async def test_all_keys_but_one_are_deleted(storage: Storage, look: Work) -> None:
    """After a leak nothing of the old ones is left."""
    await rotate(storage)

    await commit(storage, lambda work: work.signing_keys.delete_others(THREE.id))

    assert await look.signing_keys.all() == (THREE,)
