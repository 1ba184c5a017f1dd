"""Access tokens: ours are read, and nothing that anybody else can make is."""

import hmac
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, OKPKey, import_key
from joserfc.util import urlsafe_b64encode

from crypto.forge import House, as_json, ed25519, shared_house, spelled
from crypto.keyshelf import retired
from watchword.core.kernel.ids import AccountId
from watchword.core.signing.model import Algorithm
from watchword.crypto.claims import TEXT_LENGTH_MAX
from watchword.crypto.tokens import CLOCKS_APART, TokenSigner

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_our_own_tokens_are_read(algorithm: Algorithm) -> None:
    """What is signed is read again, with the id of its key."""
    house = House(algorithm)
    await house.keys.ensure_first()

    read = await house.signer.read(await house.signer.sign(house.token))

    assert read == replace(house.token, key_id=house.key_id)


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_other_programs_can_check_our_tokens(algorithm: Algorithm) -> None:
    """A guarded service needs no more than the public key and RFC 9068."""
    house = House(algorithm)
    await house.keys.ensure_first()
    text = await house.signer.sign(house.token)
    warns = pytest.warns(SecurityWarning) if algorithm is Algorithm.EDDSA else nullcontext()

    with warns:
        found = jwt.decode(text, import_key(house.public), algorithms=[algorithm])

    assert found.header == {"typ": "at+jwt", "alg": algorithm, "kid": house.key_id}
    assert found.claims == house.claims()


async def test_expiry_is_for_the_caller_to_judge(house: House) -> None:
    """A token that is over is still read, with its times."""
    text = await house.signer.sign(house.token)
    house.clock.advance(timedelta(days=365))

    read = await house.signer.read(text)

    assert read is not None
    assert read.expires_at == house.token.expires_at


async def test_a_token_from_the_future_is_refused(house: House) -> None:
    """Two minutes are forgiven between the clocks of two nodes, and no second more."""
    near = replace(house.token, issued_at=house.clock.now() + CLOCKS_APART)
    far = replace(house.token, issued_at=house.clock.now() + CLOCKS_APART + SECOND)

    assert await house.signer.read(await house.signer.sign(near)) is not None
    assert await house.signer.read(await house.signer.sign(far)) is None


SPELLINGS: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "dots": lambda _: "..",
    "no signature": lambda text: text.rpartition(".")[0],
    "an empty signature": lambda text: text.rpartition(".")[0] + ".",
    "an empty payload": lambda text: f"{text.split('.')[0]}..{text.split('.')[2]}",
    "four parts": lambda text: text + ".AAAA",
    "five parts": lambda text: text + ".AAAA.AAAA",
    "cut off": lambda text: text[:-1],
    "half": lambda text: text[: len(text) // 2],
    "longer": lambda text: text + "A",
    "padding": lambda text: text + "=",
    "padding inside": lambda text: text.replace(".", "=.", 1),
    "a line end": lambda text: text + "\n",
    "a space": lambda text: " " + text,
    "a NUL": lambda text: text + "\0",
    "a surrogate": lambda text: text + "\ud800",
    "other digits": lambda text: text.translate({ord("0") + n: 0x660 + n for n in range(10)}),
    "a full-width dot": lambda text: text.replace(".", "\uff0e", 1),
    "the other alphabet": lambda text: text.replace("-", "+").replace("_", "/") + "+",
    "100 KiB behind it": lambda text: text + "A" * 100 * 1024,
    "100 KiB of dots": lambda _: "." * 100 * 1024,
    "JSON": lambda text: json.dumps({"payload": text}),
    "the scheme before it": lambda text: "Bearer " + text,
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS.keys())
async def test_another_spelling_is_refused(house: House, spell: Callable[[str], str]) -> None:
    """A good token with anything more or less is no token."""
    text = await house.signer.sign(house.token)

    assert await house.signer.read(spell(text)) is None


async def test_a_token_has_one_spelling(house: House) -> None:
    """The bits that the last character does not need must be zero (RFC 4648, 3.5)."""
    text = await house.signer.sign(house.token)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [text[:-1] + letter for letter in letters if letter != text[-1]]

    assert not any([await house.signer.read(twin) for twin in twins])


async def test_a_text_past_the_limit_is_refused(house: House) -> None:
    """A signed token of more than 8 KiB is not ours, whatever it says."""
    text = await house.signed(house.header(), house.claims(filler="x" * 5000))
    longer = await house.signed(house.header(), house.claims(filler="x" * 6500))

    assert len(text) < TEXT_LENGTH_MAX < len(longer)
    assert await house.signer.read(text) is not None
    assert await house.signer.read(longer) is None


async def test_a_swapped_payload_is_refused(house: House) -> None:
    """The signature of one token is good for no other."""
    first = await house.signer.sign(house.token)
    second = await house.signer.sign(replace(house.token, account_id=AccountId("admin")))
    header, payload, _ = second.split(".")

    assert await house.signer.read(f"{header}.{payload}.{first.split('.')[2]}") is None


async def test_a_signature_of_another_key_is_refused(house: House) -> None:
    """Naming our key is not having it."""
    stranger = OKPKey.generate_key("Ed25519")
    text = spelled(house.header(), house.claims(), ed25519(stranger))

    assert await house.signer.read(text) is None


async def test_a_key_that_comes_along_is_not_believed(house: House) -> None:
    """A token that brings the key that verifies it says nothing."""
    stranger = OKPKey.generate_key("Ed25519")
    for changes in (
        {"jwk": stranger.as_dict(private=False)},
        {"jwk": stranger.as_dict(private=False), "kid": stranger.thumbprint()},
        {"kid": stranger.thumbprint()},
    ):
        text = spelled(house.header(**changes), house.claims(), ed25519(stranger))

        assert await house.signer.read(text) is None


async def test_a_signature_of_another_key_of_ours_is_refused(house: House) -> None:
    """The key that is named must be the one that signed."""
    old = house.shelf.keys[0]
    newer = house.keys.generate()
    old_text = await house.signer.sign(house.token)
    house.shelf.put(newer, retired(old, house.clock.now()))

    swapped = await house.signed(house.header(kid=old.id), house.claims())

    assert await house.signer.read(old_text) is not None
    assert await house.signer.read(swapped) is None


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_the_public_key_is_no_shared_secret(algorithm: Algorithm) -> None:
    """HS256 under any text of our public key is the oldest forgery of all."""
    house = House(algorithm)
    await house.keys.ensure_first()
    pem = import_key(house.public).as_pem(private=False)  # type: ignore[union-attr]  # never oct
    raw: str = house.public.get("x") or house.public["n"]
    for secret in (pem, pem.strip(), house.shelf.keys[0].public.encode(), raw.encode()):
        sign = partial(hmac.digest, secret, digest="sha256")
        text = spelled(house.header(alg="HS256"), house.claims(), sign)

        assert await house.signer.read(text) is None


async def test_no_signature_is_refused(house: House) -> None:
    """`none` is refused with an empty signature, with any signature and without one."""
    unsigned = ".".join(
        urlsafe_b64encode(as_json(part)).decode()
        for part in (house.header(alg="none"), house.claims())
    )
    right = (await house.signer.sign(house.token)).rpartition(".")[2]

    for text in (unsigned, f"{unsigned}.", f"{unsigned}.AAAA", f"{unsigned}.{right}"):
        assert await house.signer.read(text) is None


async def test_an_encrypted_token_is_refused(house: House) -> None:
    """A JWE is not what we write, whoever it is for."""
    key = OctKey.generate_key(256)
    header = {"alg": "dir", "enc": "A256GCM", "kid": house.key_id, "typ": "at+jwt"}
    text = jwe.encrypt_compact(header, as_json(house.claims()), key)

    assert text.count(".") == 4
    assert await house.signer.read(text) is None


async def test_a_token_of_another_issuer_is_refused(house: House) -> None:
    """Two servers with one key and two names do not take each other's tokens."""
    other = TokenSigner(keys=house.keys, clock=house.clock, issuer="https://other.example")

    assert await house.signer.read(await other.sign(house.token)) is None


async def test_trust_ends_with_the_key(house: House) -> None:
    """A token that was read is trusted until its key is distrusted, and costs no signature."""
    token = await house.signer.read(await house.signer.sign(house.token))
    assert token is not None
    before = await house.signer.trusts(token)

    house.shelf.put(house.keys.generate())

    assert before
    assert not await house.signer.trusts(token)
    assert not await house.signer.trusts(house.token)


@given(text=st.text(alphabet=st.characters(exclude_categories=[])))
async def test_any_text_can_be_read(text: str) -> None:
    """Nothing that a stranger sends makes reading fail."""
    assert await (await shared_house()).signer.read(text) is None


@given(header=st.binary(max_size=200), payload=st.binary(max_size=200), tail=st.binary())
async def test_any_three_parts_can_be_read(header: bytes, payload: bytes, tail: bytes) -> None:
    """Nor does anything that looks like a token."""
    parts = (urlsafe_b64encode(part).decode() for part in (header, payload, tail))

    assert await (await shared_house()).signer.read(".".join(parts)) is None
