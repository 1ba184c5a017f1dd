"""Which tokens a guard accepts, told from all those it does not."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Unpack

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from client.mint import KEY, Json, Mint, by_library, make_key
from client.standin import BILLING, HOME, HOUR
from watchword.client.errors import InvalidToken, Unavailable
from watchword.client.keyset import KEYS_MAX
from watchword.client.principal import Principal
from watchword.client.watch import GuardOptions, Watch


@pytest.fixture
def mint() -> Mint:
    return Mint()


def watching(mint: Mint, **options: Unpack[GuardOptions]) -> Watch:
    """Return a watch that has read the feed and the keys."""
    options["surroundings"] = mint.time.surroundings
    watch = Watch(HOME, BILLING, KEY, **options)
    watch.take(mint.answer_now(watch.feed.request()))
    while not watch.is_ready:
        watch.take(mint.answer_now(watch.feed.request()))
        read_keys(watch, mint)
    return watch


def read_keys(watch: Watch, mint: Mint) -> None:
    edition = watch.keys.edition
    watch.take_keys(mint.answer_now(watch.keys.request()), edition=edition)


def reason(watch: Watch, token: str) -> str:
    """Return why a token is not accepted."""
    with pytest.raises(InvalidToken) as caught:
        watch.judge(token)
    return caught.value.reason


def test_a_good_token_says_who_holds_it(mint: Mint) -> None:
    """With all that it claims."""
    found = watching(mint).judge(mint.token())

    assert found == Principal(
        subject="account-1",
        session="session-1",
        client_id="precrime",
        expires_at=datetime.fromtimestamp(mint.time.wall + HOUR, UTC),
        claims=mint.claims(),
    )


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_all_algorithms_of_the_server_are_known(algorithm: str) -> None:
    """As the library itself signs with them."""
    mint = Mint(keys={"k1": make_key(algorithm)}, algorithm=algorithm)
    watch = watching(mint)
    if algorithm != "EdDSA":  # joserfc warns of that name
        assert watch.judge(by_library(mint, mint.header(), mint.claims()))

    assert watch.judge(mint.token())
    assert watch.judge(mint.token(mint.header(typ="application/at+jwt")))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://elsewhere.example"}, "wrong issuer"),
        ({"iss": None}, "wrong issuer"),
        ({"aud": "https://other.example"}, "wrong audience"),
        ({"aud": [BILLING]}, "wrong audience"),
        ({"aud": HOME}, "wrong audience"),
        ({"aud": None}, "wrong audience"),
        ({"exp": None}, "malformed"),
        ({"exp": "soon"}, "malformed"),
        ({"exp": 1e12}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"exp": 10**400}, "malformed"),
        ({"exp": 1_900_000_000}, "expired"),
        ({"exp": 0}, "expired"),
        ({"iat": None}, "malformed"),
        ({"iat": -1}, "malformed"),
        ({"iat": 1_900_000_121}, "not yet valid"),
        ({"exp": 1_900_000_000 + 32 * 86_400}, "lives too long"),
        ({"sub": None}, "malformed"),
        ({"sub": ""}, "malformed"),
        ({"sub": 7}, "malformed"),
        ({"sid": None}, "malformed"),
        ({"client_id": None}, "malformed"),
    ],
)
def test_a_claim_that_is_not_right_is_refused(mint: Mint, changes: Json, why: str) -> None:
    """Although it is signed."""
    assert reason(watching(mint), mint.token(**changes)) == why


def test_a_token_may_be_made_by_a_clock_that_is_ahead(mint: Mint) -> None:
    """By two minutes; an end is an end by our own clock."""
    watch = watching(mint)
    early = watch.judge(mint.token(iat=int(mint.time.wall) + 120))
    last = mint.token()
    mint.time.wall += HOUR - 1
    still = watch.judge(last)
    mint.time.wall += 1

    assert early
    assert still
    assert reason(watch, last) == "expired"


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": 7},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"alg": ["EdDSA"]},
        {"kid": 7},
        {"kid": None},
        {"jku": "https://evil.example"},
        {"jwk": {}},
        {"crit": ["exp"]},
        {"b64": False},
        {"zip": "DEF"},
    ],
)
def test_a_header_that_is_not_ours_is_refused(mint: Mint, changes: Json) -> None:
    """Exactly three members, and the key says which algorithm."""
    token = mint.spelled(mint.header(**changes), json.dumps(mint.claims()).encode())

    assert reason(watching(mint), token) in {"malformed", "no access token", "wrong algorithm"}


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b", "a.b.c.d", "a b.c.d", "ünï.cö.de", "a.b.c\n", "x" * 9000, "e30.e30.e30"],
)
def test_what_is_no_token_is_refused(mint: Mint, text: str) -> None:
    """Whatever it is."""
    assert reason(watching(mint), text) == "malformed"


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    """A stranger writes the token."""
    assert reason(_SHARED, text) == "malformed"


def test_members_that_stand_twice_are_refused(mint: Mint) -> None:
    """Parsers differ on which one counts."""
    claims = json.dumps(mint.claims())[:-1] + ', "sub": "admin"}'

    assert reason(watching(mint), mint.spelled(mint.header(), claims.encode())) == "malformed"


def test_a_flipped_signature_is_refused(mint: Mint) -> None:
    """Each part of the token counts."""
    head, body, signature = mint.token().split(".")
    other = mint.token(sub="admin").split(".")[1]
    watch = watching(mint)

    assert reason(watch, f"{head}.{other}.{signature}") == "wrong signature"
    assert reason(watch, f"{head}.{body}.{signature[::-1]}") == "wrong signature"
    assert reason(watch, f"{head}.{body}.{'A' * len(signature)}") == "wrong signature"


def test_a_token_by_another_key_is_refused(mint: Mint) -> None:
    """Though it names ours."""
    forged = mint.spelled(mint.header(), json.dumps(mint.claims()).encode(), by=make_key())

    assert reason(watching(mint), forged) == "wrong signature"


def test_a_revoked_session_is_refused_at_each_use(mint: Mint) -> None:
    """A token that is remembered too, and each token of that session, but no other."""
    watch = watching(mint)
    token, second, other = mint.token(), mint.token(jti="2"), mint.token(sid="session-2")
    accepted = [watch.judge(one) for one in (token, other)]
    mint.revoke("session-1")
    watch.take(mint.answer_now(watch.feed.request()))

    assert all(accepted)
    assert reason(watch, token) == "revoked"
    assert reason(watch, second) == "revoked"
    assert watch.judge(other)


def test_a_remembered_token_ends_when_it_says(mint: Mint) -> None:
    """What was right once is looked at again."""
    watch = watching(mint, silence_max=2 * HOUR)
    token = mint.token()
    before = watch.judge(token)
    mint.time.advance(HOUR)

    assert before
    assert reason(watch, token) == "expired"


def test_a_remembered_token_goes_with_its_key(mint: Mint) -> None:
    """When keys become void, what they signed is verified by the keys that are read then."""
    watch = watching(mint)
    token, old = mint.token(), mint.keys["k1"]
    watch.judge(token)
    mint.distrust(k2=make_key())
    watch.take(mint.answer_now(watch.feed.request()))
    void = watch.judge(token)
    unknown = watch.give_up()
    read_keys(watch, mint)

    assert void is None
    assert isinstance(unknown, Unavailable)
    assert watch.judge(token) is None
    assert isinstance(watch.give_up(), InvalidToken)
    assert watch.judge(mint.token())
    assert old is not mint.keys["k2"]


def test_keys_that_were_asked_for_before_they_became_void_are_not_believed(mint: Mint) -> None:
    """The answer may be older than the news."""
    watch = watching(mint)
    token = mint.token()
    edition = watch.keys.edition
    late = mint.answer_now(watch.keys.request())
    mint.distrust(k2=make_key())
    watch.take(mint.answer_now(watch.feed.request()))
    watch.take_keys(late, edition=edition)

    assert watch.judge(token) is None
    assert watch.are_keys_due


def test_a_token_stays_known_among_many(mint: Mint) -> None:
    """More tokens than are remembered pass by, and each is judged rightly."""
    watch = watching(mint, remembered_max=4)
    tokens = [mint.token(sid=f"session-{number}") for number in range(10)]
    for token in tokens * 2:
        assert watch.judge(token)
    mint.revoke("session-3")
    watch.take(mint.answer_now(watch.feed.request()))

    assert reason(watch, tokens[3]) == "revoked"
    assert watch.judge(tokens[9])


def test_silence_outweighs_what_is_remembered(mint: Mint) -> None:
    """Nobody knows what was revoked since."""
    watch = watching(mint)
    token = mint.token()
    watch.judge(token)
    mint.time.advance(11)

    with pytest.raises(Unavailable) as caught:
        watch.judge(token)
    assert caught.value.retry_after >= 1


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"alg": None},
        {"alg": 7},
        {"use": "enc"},
        {"kty": "EC"},
        {"crv": "X25519"},
        {"x": "AAAA"},
        {"x": 7},
        {"x": None},
        {"kid": 7},
        {"kid": None},
    ],
)
def test_a_key_that_we_do_not_understand_is_passed_over(mint: Mint, change: Json) -> None:
    """The others of the set count."""
    strange = {name: value for name, value in (mint.jwk("k1") | change).items() if value}
    mint.keys["k2"] = make_key()
    mint.jwks = {"keys": [strange, 7, None, [], mint.jwk("k2")]}
    watch = watching(mint)

    assert watch.judge(mint.token()) is None
    assert watch.judge(mint.token(mint.header(kid="k2")))


def test_a_small_rsa_key_is_passed_over(mint: Mint) -> None:
    """1024 bits are no protection, whoever shows them."""
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - it shall be refused
    numbers = key.public_key().public_numbers()
    modulus = urlsafe_b64encode(numbers.n.to_bytes(128)).decode().rstrip("=")
    small = {"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": modulus, "e": "AQAB"}
    mint.jwks = {"keys": [small]}

    assert watching(mint).judge(mint.token()) is None


@pytest.mark.parametrize(
    "shown", [[], {}, {"keys": {}}, {"keys": None}, {"keys": [{}] * (KEYS_MAX + 1)}]
)
def test_what_is_no_key_set_changes_nothing(mint: Mint, shown: object) -> None:
    """The keys that we know go on counting."""
    watch = watching(mint)
    mint.jwks = shown
    read_keys(watch, mint)

    assert watch.judge(mint.token())


@pytest.mark.parametrize(
    "options",
    [{"silence_max": 1.0}, {"audience": ""}, {"api_key": "two words"}, {"server": "nowhere"}],
)
def test_a_guard_that_cannot_work_is_not_made(options: Json) -> None:
    """The mistake is said where it is made."""
    given: Json = {"server": HOME, "audience": BILLING, "api_key": KEY} | options

    with pytest.raises(ValueError, match=r"."):
        Watch(**given)


def test_the_issuer_may_have_another_name_than_its_address(mint: Mint) -> None:
    """A server without a public URL names itself."""
    watch = watching(mint, issuer="urn:watchword:1")

    assert watch.judge(mint.token(iss="urn:watchword:1"))
    assert reason(watch, mint.token()) == "wrong issuer"


def test_a_shorter_life_can_be_demanded(mint: Mint) -> None:
    """Then revocations need to be remembered for as long only."""
    watch = watching(mint, token_life_max=timedelta(minutes=59))

    assert reason(watch, mint.token()) == "lives too long"


_SHARED = watching(Mint())
