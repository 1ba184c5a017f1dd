"""Key pairs: made, stored sealed, and used for nothing but their own algorithm."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from joserfc.jwk import import_key

from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.signing.model import Algorithm, SigningKey
from watchword.crypto.keypairs import make_stored_key, signing_half, verifying_half
from watchword.crypto.master import MasterKey, SealError

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def master(secret: bytes = b"m" * 32) -> MasterKey:
    return MasterKey(secret, source="a test", randomness=SystemRandomness())


@pytest.fixture(scope="module", params=list(Algorithm))
def stored(request: pytest.FixtureRequest) -> SigningKey:
    algorithm: Algorithm = request.param
    return make_stored_key(algorithm, master=master(), at=NOW)


def test_a_signature_verifies(stored: SigningKey) -> None:
    """What the sealed half signs, the public half reads."""
    text = signing_half(stored, master=master()).sign("x", b"payload")

    assert verifying_half(stored).verified(text) == b"payload"


@pytest.mark.parametrize("place", [0, 5, -1, -20])
def test_a_changed_token_does_not_verify(stored: SigningKey, place: int) -> None:
    """One other character anywhere, and it is not ours any more."""
    text = signing_half(stored, master=master()).sign("x", b"payload")
    changed = list(text)
    changed[place] = "A" if changed[place] != "A" else "Q"

    assert verifying_half(stored).verified("".join(changed)) is None


def test_the_public_half_is_a_complete_jwk(stored: SigningKey) -> None:
    """It names its thumbprint (RFC 7638), use and algorithm, and holds nothing private."""
    public = json.loads(stored.public)

    assert public["kid"] == stored.id == import_key(public).thumbprint()
    assert (public["use"], public["alg"]) == ("sig", stored.algorithm)
    assert not import_key(public).is_private
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & public.keys()


def test_the_sealed_half_needs_its_master_key_and_its_id(stored: SigningKey) -> None:
    """A sealed key opens under no other master key, and not in another key's place."""
    with pytest.raises(SealError):
        signing_half(stored, master=master(b"n" * 32))
    with pytest.raises(SealError):
        signing_half(replace(stored, id="another"), master=master())


def test_the_private_half_does_not_show(stored: SigningKey) -> None:
    """A key pair in a log line or a traceback shows its id and no secret."""
    private = signing_half(stored, master=master())

    assert stored.id in repr(private)
    assert len(repr(private)) < 150


def test_rsa_keys_are_long() -> None:
    """An RSA key has 3072 bits, which is more than RFC 7518, 3.3 asks for."""
    stored = make_stored_key(Algorithm.RS256, master=master(), at=NOW)

    assert len(json.loads(stored.public)["n"]) * 6 // 8 * 8 == 3072
