"""The header and the claims: exactly as we write them, or not at all."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.forge import ISSUER, House, Json, as_json, shared_house
from watchword.crypto.claims import HEADER_LENGTH_MAX, TEXT_LENGTH_MAX


async def test_the_right_claims_by_hand_are_read(house: House) -> None:
    """The forger's tools make a good token when nothing is forged: the tables prove something."""
    for kind in ("at+jwt", "application/at+jwt"):
        text = await house.signed(house.header(typ=kind), house.claims(role="admin"))

        assert await house.signer.read(text) == replace(house.token, key_id=house.key_id)


HEADERS: dict[str, Callable[[House], bytes | Json]] = {
    "alg none": lambda house: house.header(alg="none"),
    "alg NONE": lambda house: house.header(alg="NonE"),
    "alg HS256": lambda house: house.header(alg="HS256"),
    "alg of another key kind": lambda house: house.header(alg="ES256"),
    "alg as RFC 9864 names it": lambda house: house.header(alg="Ed25519"),
    "alg missing": lambda house: house.header(alg=None),
    "alg a list": lambda house: house.header(alg=["EdDSA"]),
    "typ JWT": lambda house: house.header(typ="JWT"),
    "typ in another case": lambda house: house.header(typ="AT+JWT"),
    "typ of an ID token": lambda house: house.header(typ="id+jwt"),
    "typ missing": lambda house: house.header(typ=None),
    "typ a list": lambda house: house.header(typ=["at+jwt"]),
    "kid missing": lambda house: house.header(kid=None),
    "kid empty": lambda house: house.header(kid=""),
    "kid a path": lambda house: house.header(kid="../../../../dev/null"),
    "kid SQL": lambda house: house.header(kid=f"{house.key_id}' OR '1'='1"),
    "kid a list": lambda house: house.header(kid=[house.key_id]),
    "kid an object": lambda house: house.header(kid={"kid": house.key_id}),
    "kid a number": lambda house: house.header(kid=0),
    "kid with a NUL": lambda house: house.header(kid=house.key_id + "\0"),
    "kid a surrogate": lambda house: as_json(house.header(kid="\ud800")),
    "kid in another case": lambda house: house.header(kid=house.key_id.swapcase()),
    "kid a URL": lambda house: house.header(kid="https://evil.example/key.json"),
    "jwk along": lambda house: house.header(jwk=house.public),
    "jku along": lambda house: house.header(jku="https://evil.example/jwks.json"),
    "x5u along": lambda house: house.header(x5u="https://evil.example/cert.pem"),
    "x5c along": lambda house: house.header(x5c=["AAAA"]),
    "crit": lambda house: house.header(crit=["exp"], exp=1),
    "crit empty": lambda house: house.header(crit=[]),
    "b64 false": lambda house: house.header(b64=False, crit=["b64"]),
    "zip": lambda house: house.header(zip="DEF"),
    "enc": lambda house: house.header(enc="A256GCM"),
    "cty JWT": lambda house: house.header(cty="JWT"),
    "another member": lambda house: house.header(nonce="1"),
    "empty": lambda _: {},
    "a list": lambda _: b"[]",
    "a text": lambda _: b'"at+jwt"',
    "no JSON": lambda _: b"\xff\xfe\xfd",
    "deep": lambda _: b"[" * 380,
    "twice kid": lambda house: as_json(house.header())[:-1] + b', "kid": "x"}',
    "twice alg": lambda house: b'{"alg": "none", ' + as_json(house.header())[1:],
    "more behind it": lambda house: as_json(house.header()) + b"{}",
    "UTF-16": lambda house: json.dumps(house.header()).encode("utf-16"),
    "a byte order mark": lambda house: b"\xef\xbb\xbf" + as_json(house.header()),
}


@pytest.mark.parametrize("forged", HEADERS.values(), ids=HEADERS.keys())
async def test_a_wrong_header_is_refused(
    house: House, forged: Callable[[House], bytes | Json]
) -> None:
    """Although our own key signed it: the header must be exactly as we write it."""
    text = await house.signed(forged(house), house.claims())

    assert len(text.split(".")[0]) <= HEADER_LENGTH_MAX
    assert await house.signer.read(text) is None


CLAIMS: dict[str, Callable[[House], bytes | Json]] = {
    "iss of another": lambda house: house.claims(iss="https://evil.example"),
    "iss with a slash": lambda house: house.claims(iss=ISSUER + "/"),
    "iss missing": lambda house: house.claims(iss=None),
    "iss a list": lambda house: house.claims(iss=[ISSUER]),
    "aud of a guarded service": lambda house: house.claims(aud="https://files.example"),
    "aud missing": lambda house: house.claims(aud=None),
    "aud a list of ours": lambda house: house.claims(aud=[ISSUER]),
    "aud a list of two": lambda house: house.claims(aud=[ISSUER, "https://files.example"]),
    "sub missing": lambda house: house.claims(sub=None),
    "sub empty": lambda house: house.claims(sub=""),
    "sub a number": lambda house: house.claims(sub=1),
    "sub a list": lambda house: house.claims(sub=["a"]),
    "sid missing": lambda house: house.claims(sid=None),
    "sid an object": lambda house: house.claims(sid={}),
    "jti missing": lambda house: house.claims(jti=None),
    "client_id missing": lambda house: house.claims(client_id=None),
    "client_id true": lambda house: house.claims(client_id=True),
    "exp missing": lambda house: house.claims(exp=None),
    "exp a text": lambda house: house.claims(exp="9999999999"),
    "exp a float": lambda house: house.claims(exp=9999999999.0),
    "exp true": lambda house: house.claims(exp=True),
    "exp negative": lambda house: house.claims(exp=-1),
    "exp past all calendars": lambda house: house.claims(exp=10**12),
    "exp huge": lambda house: house.claims(exp=10**400),
    "exp of five thousand digits": lambda house: _in_place(house, "exp", b"9" * 5000),
    "exp NaN": lambda house: house.claims(exp=float("nan")),
    "NaN in a claim that we do not use": lambda house: house.claims(other=float("nan")),
    "exp infinite": lambda house: house.claims(exp=float("inf")),
    "exp 1e400": lambda house: _in_place(house, "exp", b"1e400"),
    "exp in other digits": lambda house: _in_place(house, "exp", "\u0661\u0662".encode()),
    "exp twice": lambda house: as_json(house.claims())[:-1] + b', "exp": 9999999999}',
    "sub twice": lambda house: b'{"sub": "admin", ' + as_json(house.claims())[1:],
    "iat missing": lambda house: house.claims(iat=None),
    "iat a float": lambda house: house.claims(iat=1.5),
    "a list": lambda _: b"[]",
    "null": lambda _: b"null",
    "no JSON": lambda _: b"\xff\xfe",
    "deep": lambda house: _in_place(house, "sub", b"[" * 5000),
    "deep elsewhere": lambda house: _in_place(house, "sub", b'{"a":' * 500 + b"1" + b"}" * 500),
}


@pytest.mark.parametrize("forged", CLAIMS.values(), ids=CLAIMS.keys())
async def test_wrong_claims_are_refused(
    house: House, forged: Callable[[House], bytes | Json]
) -> None:
    """Although our own key signed them: every claim that we use has its one right type."""
    text = await house.signed(house.header(), forged(house))

    assert len(text) <= TEXT_LENGTH_MAX
    assert await house.signer.read(text) is None


async def test_a_token_for_a_service_is_for_that_service_alone(house: House) -> None:
    """It says for whom it is, and we ourselves refuse it, though our own key signed it."""
    service = "https://files.example"
    text = await house.signer.sign(replace(house.token, audience=service))
    payload = (await house.keys.signing()).verified(text)

    assert payload is not None
    assert json.loads(payload) == house.claims(aud=service)
    assert await house.signer.read(text) is None


async def test_nobody_can_ask_for_a_token_for_ourselves(house: House) -> None:
    """Who may name a service does not come to one of our own tokens by naming us."""
    with pytest.raises(AssertionError):
        await house.signer.sign(replace(house.token, audience=ISSUER))


async def test_a_token_for_ourselves_names_no_service(house: House) -> None:
    """What is read again is what was signed: the audience is empty."""
    read = await house.signer.read(await house.signer.sign(house.token))

    assert read is not None
    assert read.audience == ""


def _in_place(house: House, name: str, spelling: bytes) -> bytes:
    return as_json(house.claims(**{name: "HERE"})).replace(b'"HERE"', spelling)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(changes=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "x"]), json_values))
async def test_any_header_can_be_read(changes: Json) -> None:
    """Nor does any JSON in the header, of whatever types."""
    house = await shared_house()
    text = await house.signed(as_json({**house.header(), **changes}), house.claims())
    changed = {**house.header(), **changes} != house.header()

    assert (await house.signer.read(text) is None) is changed


@given(name=st.sampled_from(["iss", "aud", "iat", "exp"]), value=json_values)
async def test_any_claim_can_be_read(name: str, value: object) -> None:
    """Nor does any JSON in the claims."""
    house = await shared_house()
    text = await house.signed(house.header(), as_json({**house.claims(), name: value}))

    read = await house.signer.read(text)

    assert read is None or type(value) is int
