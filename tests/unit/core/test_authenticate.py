"""Tokens: which are good, and how fast they die."""

from datetime import timedelta

from unit.core.conftest import GOOD, HERE, OPERATOR, House, ruled
from watchword.core.accounts.model import Role
from watchword.core.services.sessiondoor import SignedIn, Terms


async def test_a_good_token_is_read_once(house: House) -> None:
    """The signature of a token that comes again is not computed again."""
    await house.add("ada")
    token = (await house.sign_in("ada")).token

    first = await house.services.authenticate.token(token)
    second = await house.services.authenticate.token(token)

    assert first is not None
    assert first == second
    assert house.signer.reads == 1


async def test_rubbish_is_nobody(house: House) -> None:
    """What is no token of ours belongs to nobody."""
    assert await house.services.authenticate.token("rubbish") is None


async def test_a_token_ends_with_its_time(house: House) -> None:
    """Known or not, an expired token is dead."""
    await house.add("ada")
    outcome = await house.services.signin.with_password(
        "ada", GOOD, origin=HERE, terms=Terms(lifetime=timedelta(hours=1))
    )
    assert isinstance(outcome, SignedIn)
    assert await house.services.authenticate.token(outcome.token) is not None

    house.clock.advance(timedelta(hours=1))

    assert await house.services.authenticate.token(outcome.token) is None


async def test_logging_out_kills_that_session_only(house: House) -> None:
    """The other device stays logged in."""
    await house.add("ada")
    desk, phone = await house.sign_in("ada"), await house.sign_in("ada")
    caller = await house.services.authenticate.token(desk.token)
    assert caller is not None
    assert await house.services.authenticate.token(phone.token) is not None

    await house.services.sessions.sign_out(caller.actor(HERE))

    assert await house.services.authenticate.token(desk.token) is None
    assert await house.services.authenticate.token(phone.token) is not None


async def test_a_role_change_reaches_old_tokens(house: House) -> None:
    """The role comes from the store, not from the token."""
    ada = await house.add("ada")
    token = (await house.sign_in("ada")).token
    before = await house.services.authenticate.token(token)

    await house.services.accounts.change(OPERATOR, ada.id, role="admin")

    after = await house.services.authenticate.token(token)
    assert before is not None
    assert after is not None
    assert (before.account.role, after.account.role) == (Role.USER, Role.ADMIN)


async def test_disabling_and_deleting_kill_at_once(house: House) -> None:
    """Enabling again brings no old session back."""
    ada, bob = await house.add("ada"), await house.add("bob")
    adas, bobs = (await house.sign_in("ada")).token, (await house.sign_in("bob")).token
    assert await house.services.authenticate.token(adas) is not None
    assert await house.services.authenticate.token(bobs) is not None

    await house.services.accounts.change(OPERATOR, ada.id, active=False)
    await house.services.accounts.change(OPERATOR, ada.id, active=True)
    await house.services.accounts.delete(OPERATOR, bob.id)

    assert await house.services.authenticate.token(adas) is None
    assert await house.services.authenticate.token(bobs) is None


async def test_a_distrusted_key_voids_what_it_signed(house: House) -> None:
    """A token that was known already dies with its key."""
    await house.add("ada")
    token = (await house.sign_in("ada")).token
    assert await house.services.authenticate.token(token) is not None

    house.signer.distrusted.add("k1")
    await house.services.signing_keys.rotate(OPERATOR, distrust=True)

    assert await house.services.authenticate.token(token) is None


async def test_few_tokens_are_remembered(house: House) -> None:
    """The memory is bounded: the token known longest is read anew."""
    await house.add("ada")
    authenticate = house.under(ruled(tokens_known_max=2)).authenticate
    tokens = [(await house.sign_in("ada")).token for _ in range(3)]
    for token in tokens:
        assert await authenticate.token(token) is not None

    reads = house.signer.reads
    await authenticate.token(tokens[2])
    assert house.signer.reads == reads

    await authenticate.token(tokens[0])
    assert house.signer.reads == reads + 1


async def test_memory_alone_speaks_for_known_tokens(house: House) -> None:
    """Until it was asked for, until it expires, and until anything is revoked."""
    await house.add("ada")
    await house.add("bob")
    outcome = await house.services.signin.with_password(
        "ada", GOOD, origin=HERE, terms=Terms(lifetime=timedelta(hours=1))
    )
    bobs = await house.sign_in("bob")
    assert isinstance(outcome, SignedIn)
    authenticate = house.services.authenticate

    unknown = authenticate.at_once(outcome.token)
    looked_up = await authenticate.token(outcome.token)
    known = authenticate.at_once(outcome.token)
    bob = await authenticate.token(bobs.token)
    assert bob is not None
    await house.services.sessions.sign_out(bob.actor(HERE))
    stale = authenticate.at_once(outcome.token)
    again = await authenticate.token(outcome.token)
    house.clock.advance(timedelta(hours=1))

    assert (unknown, stale) == (None, None)
    assert known == looked_up == again
    assert authenticate.at_once(outcome.token) is None
