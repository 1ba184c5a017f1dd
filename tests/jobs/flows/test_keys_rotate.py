"""The job that rotates the signing keys: once, whatever is killed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.turning import Bench, bench
from unit.core.conftest import HERE, OPERATOR, House
from watchword.core.accounts.model import Role
from watchword.core.apikeys.model import Scope
from watchword.core.audit.model import Action
from watchword.core.jobs.model import Lane, Needs
from watchword.core.kernel.errors import DeniedError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.assemble import assemble
from watchword.jobs.book import Book
from watchword.jobs.flow import Turn
from watchword.jobs.flows import keys_rotate
from watchword.jobs.flows.keys_rotate import RotateParameters

NAME = "keys.rotate"


@pytest.fixture
async def desk(house: House) -> Bench:
    return await bench(house, NAME)


async def run(turn: Turn, *, distrust: bool = False) -> object:
    return await keys_rotate.flow().run(RotateParameters(distrust=distrust), turn)


async def keys(house: House) -> list[str]:
    return [key.id for key in await house.services.signing_keys.all()]


def test_what_it_is() -> None:
    """Light, never by itself, and one at a time."""
    flow = keys_rotate.flow()

    assert (flow.name, flow.lane, flow.runs_alone) == (NAME, Lane.LIGHT, True)
    assert (flow.needs, flow.schedule) == (Needs.ADMIN, "")


async def test_a_new_key_signs(house: House, desk: Bench) -> None:
    """The one before is kept for what it signed; the audit trail knows who asked."""
    first = await house.services.signing_keys.rotate(OPERATOR)
    house.clock.advance(timedelta(days=1))

    result = await run(await desk.turn())

    newest, *older = await keys(house)
    trail = await house.services.audit.page(action=Action.SIGNING_KEY_ROTATE)
    assert (result, older) == ({"kid": newest}, [first.id])
    assert (trail.items[0].subject, trail.items[0].actor) == (newest, OPERATOR.name)


async def test_others_are_distrusted_if_asked(house: House, desk: Bench) -> None:
    """What they signed is void at once."""
    await house.services.signing_keys.rotate(OPERATOR)
    house.clock.advance(timedelta(days=1))

    result = await run(await desk.turn(), distrust=True)

    assert [result] == [{"kid": one} for one in await keys(house)]


async def test_a_kill_after_the_rotation_does_not_rotate_twice(house: House, desk: Bench) -> None:
    """Whoever goes on says which key it was, even if there is a newer one."""
    first = await run(await desk.turn())
    house.clock.advance(timedelta(days=1))
    await house.services.signing_keys.rotate(OPERATOR)
    before = await keys(house)

    second = await run(await desk.turn())

    assert second == first
    assert await keys(house) == before


async def test_one_that_was_taken_over_rotates_nothing(house: House, desk: Bench) -> None:
    """The new key is in the same commit as the record of it."""
    old = await desk.turn()
    await desk.turn()

    with pytest.raises(DeniedError):
        await run(old)

    assert await keys(house) == []


async def test_only_an_admin_starts_it(house: House) -> None:
    """No API key does, whatever its scopes are."""
    outside = replace(house.outside, flows=Book(lambda: [keys_rotate.flow()], list))
    services = assemble(outside, house.rules)
    await house.add("root", role=Role.ADMIN)
    key = await house.make_key("root", scopes=frozenset({Scope.JOBS_RUN, Scope.IDENTIFY}))
    by_key = (await house.key_holder(key.text)).actor(HERE)

    refused = await services.jobs.start(by_key, NAME, {})
    started = await services.jobs.start(await house.actor("root"), NAME, {})

    assert refused == Refused(Refusal.KEY_SCOPE)
    assert not isinstance(started, Refused)
