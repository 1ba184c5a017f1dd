"""Forged tokens in every place where one may stand, sent to the program itself: always 401.

The forger has our public key, and in the worst cases a signature that is right: then it is what
the token says that must not be believed.
"""

import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from joserfc.jwk import OKPKey, import_key

from crypto.forge import Sign, ed25519, spelled
from parts.line import Json
from parts.peer import Answer, get, post
from parts.server import Store
from parts.target import ME, PASSWORD, USERS, Target, says_no, target
from watchword.app.house import open_house
from watchword.settings.load import load

pytestmark = pytest.mark.slow

BAD = {"detail": "Invalid or expired token"}
MISSING = {"detail": "Authentication required"}
DAY = 86_400
LONG = 30 * 1024
"""What still fits a header; 100 KiB do not."""


class Forger:
    """Somebody who has our public key, a good token, and the tools to write another one."""

    def __init__(self, attacked: Target) -> None:
        self.good = attacked.token
        self.header, self.claims = (_part(self.good, place) for place in (0, 1))
        self.jwk = attacked.ask(get("/.well-known/jwks.json")).document["keys"][0]
        self.stranger = OKPKey.generate_key("Ed25519")
        self.right = asyncio.run(_signing(attacked.store))

    def signed(self, claims: Json = None, **header: Json) -> str:
        """Sign with the right key: only we could."""
        return self.by(self.right, claims, **header)

    def by(self, sign: Sign, claims: Json = None, **header: Json) -> str:
        return spelled(_changed(self.header, header), _changed(self.claims, claims or {}), sign)

    def unsigned(self, **header: Json) -> str:
        return self.by(lambda _: b"", **header)

    def keyed(self, secret: bytes, **header: Json) -> str:
        """Sign with a text that everybody can read, as if it were a shared secret."""
        return self.by(partial(hmac.digest, secret, digest="sha256"), alg="HS256", **header)

    @property
    def pem(self) -> bytes:
        return import_key(self.jwk).as_pem(private=False)  # type: ignore[union-attr]  # never oct


def _part(token: str, place: int) -> Json:
    text = token.split(".")[place]
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _changed(was: Json, changes: Json) -> Json:
    return {name: value for name, value in {**was, **changes}.items() if value is not None}


async def _signing(store: Store) -> Sign:
    """Return the signature of the server's own key, which nobody outside can have."""
    async with open_house(load(environ={}, overrides={"data": str(store.folder)})) as house:
        return ed25519((await house.keys.signing()).key)


NOW = int(time.time())
FORGED: dict[str, Callable[[Forger], str]] = {
    "alg none": lambda own: own.unsigned(alg="none"),
    "alg None": lambda own: own.unsigned(alg="None"),
    "alg NONE, signed": lambda own: own.signed(alg="NONE"),
    "no alg": lambda own: own.signed(alg=None),
    "alg of another kind": lambda own: own.signed(alg="ES256"),
    "alg is a list": lambda own: own.signed(alg=["EdDSA"]),
    "the new name of the alg": lambda own: own.signed(alg="Ed25519"),
    "HS256 with the PEM": lambda own: own.keyed(own.pem),
    "HS256 with the stripped PEM": lambda own: own.keyed(own.pem.strip()),
    "HS256 with the JWK": lambda own: own.keyed(json.dumps(own.jwk).encode()),
    "HS256 with x": lambda own: own.keyed(own.jwk["x"].encode()),
    "HS256 with the bytes of x": lambda own: own.keyed(urlsafe_b64decode(own.jwk["x"] + "=")),
    "HS256 with nothing": lambda own: own.keyed(b""),
    "another key": lambda own: own.by(ed25519(own.stranger)),
    "another key, named": lambda own: own.by(ed25519(own.stranger), kid=own.stranger.thumbprint()),
    "another key, brought along": lambda own: own.by(
        ed25519(own.stranger), jwk=own.stranger.as_dict(private=False)
    ),
    "another key, to be fetched": lambda own: own.by(
        ed25519(own.stranger), jku="http://127.0.0.1:9/jwks.json", x5u="http://127.0.0.1:9/x"
    ),
    "a kid that is a path": lambda own: own.keyed(b"", kid="../../../../dev/null"),
    "a kid that is SQL": lambda own: own.signed(kid="x' OR '1'='1"),
    "a kid that is a number": lambda own: own.signed(kid=1),
    "an empty kid": lambda own: own.signed(kid=""),
    "no kid": lambda own: own.signed(kid=None),
    "a critical header": lambda own: own.signed(crit=["b64"], b64=False),
    "compressed": lambda own: own.signed(zip="DEF"),
    "no typ": lambda own: own.signed(typ=None),
    "typ JWT": lambda own: own.signed(typ="JWT"),
    "typ id_token": lambda own: own.signed(typ="id_token+jwt"),
    "another iss": lambda own: own.signed({"iss": "https://evil.example"}),
    "no iss": lambda own: own.signed({"iss": None}),
    "iss is a list": lambda own: own.signed({"iss": [own.claims["iss"]]}),
    "another aud": lambda own: own.signed({"aud": "https://service.example"}),
    "more than one aud": lambda own: own.signed({"aud": [own.claims["aud"], "x"]}),
    "no aud": lambda own: own.signed({"aud": None}),
    "expired": lambda own: own.signed({"iat": NOW - DAY, "exp": NOW - 1}),
    "exp is a text": lambda own: own.signed({"exp": str(NOW + DAY)}),
    "exp is true": lambda own: own.signed({"exp": True}),
    "exp is past all time": lambda own: own.signed({"exp": 10**30}),
    "exp is a fraction": lambda own: own.signed({"exp": NOW + 0.5}),
    "no exp": lambda own: own.signed({"exp": None}),
    "from the future": lambda own: own.signed({"iat": NOW + DAY, "exp": NOW + 2 * DAY}),
    "another's sid": lambda own: own.signed({"sid": "AAAAAAAAAAAAAAAAAAAAAA"}),
    "another's sub": lambda own: own.signed({"sub": "11111111-2222-4333-8444-555555555555"}),
    "no sid": lambda own: own.signed({"sid": None}),
    "sid is an object": lambda own: own.signed({"sid": {"x": 1}}),
    "sid with a NUL": lambda own: own.signed({"sid": own.claims["sid"] + "\0"}),
    "sid with a surrogate": lambda own: own.signed({"sid": "\ud800"}),
    "claims are a list": lambda own: spelled(own.header, b"[]", own.right),
    "claims are deep": lambda own: spelled(own.header, b"[" * 3000, own.right),
    "claims are no JSON": lambda own: spelled(own.header, b"\xff\0", own.right),
    "header is no JSON": lambda own: spelled(b"\xff", own.claims, own.right),
    "header twice": lambda own: spelled(
        json.dumps(own.header)[:-1].encode() + b',"alg":"none"}', own.claims, own.right
    ),
    "cut off": lambda own: own.good[:-1],
    "half": lambda own: own.good[: len(own.good) // 2],
    "two parts": lambda own: own.good.rpartition(".")[0],
    "an empty signature": lambda own: own.good.rpartition(".")[0] + ".",
    "four parts": lambda own: own.good + ".AAAA",
    "padded": lambda own: own.good + "=",
    "another last letter": lambda own: own.good[:-1] + ("A" if own.good[-1] != "A" else "B"),
    "percent signs": lambda own: own.good.replace(".", "%252E"),
    "long": lambda own: own.good + "A" * LONG,
    "long and full of dots": lambda _: "." * LONG,
    "a password": lambda _: "Admin123",
    "a word": lambda _: "null",
}

PLACES: dict[str, Callable[[str], bytes]] = {
    "Authorization": lambda token: get(ME, f"Authorization: Bearer {token}"),
    "small bearer": lambda token: get(ME, f"authorization: bearer {token}"),
    "many spaces": lambda token: get(ME, f"Authorization:   Bearer    {token}   "),
    "a tab": lambda token: get(ME, f"Authorization: Bearer\t{token}"),
    "no space": lambda token: get(ME, f"Authorization: Bearer{token}"),
    "no scheme": lambda token: get(ME, f"Authorization: {token}"),
    "the scheme twice": lambda token: get(ME, f"Authorization: Bearer Bearer {token}"),
    "X-Authorization": lambda token: get(ME, f"X-Authorization: {token}"),
    "a cookie": lambda token: get(ME, f"Cookie: authToken={token}"),
    "a quoted cookie": lambda token: get(ME, f'Cookie: a=b; authToken="{token}"; c=d'),
    "the query": lambda token: get(f"{ME}?token={token}"),
    "the query of a list": lambda token: get(f"{USERS}?after=&token={token}"),
    "a call that changes": lambda token: post(
        USERS, b"{}", f"Authorization: Bearer {token}", "Content-Type: application/json"
    ),
    "a log-out by cookie": lambda token: post(
        "/api/auth/logout", b"", f"Cookie: authToken={token}"
    ),
}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One server for all of this page."""
    with target(tmp_path_factory.mktemp("tokens")) as found:
        yield found


@pytest.fixture(scope="module")
def forger(attacked: Target) -> Forger:
    """Somebody who once logged in."""
    return Forger(attacked)


def refused(answer: Answer) -> bool:
    """Say whether a token was refused as every bad token is."""
    challenge = answer.headers.get("www-authenticate")
    return (answer.status, answer.document, challenge) == (401, BAD, "Bearer")


def test_the_forger_can_write_a_good_token(attacked: Target, forger: Forger) -> None:
    """Else the refusals below would prove nothing."""
    for token in (forger.good, forger.signed(), forger.signed({"jti": "another"})):
        assert attacked.ask(PLACES["Authorization"](token)).status == 200


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_token_opens_nothing(attacked: Target, forger: Forger, kind: str) -> None:
    """Wherever it stands, the answer is that of every bad token."""
    token = FORGED[kind](forger)
    answers = {place: attacked.ask(written(token)) for place, written in PLACES.items()}

    assert {place: answer for place, answer in answers.items() if not refused(answer)} == {}


@pytest.mark.parametrize("place", ["Authorization", "no scheme", "a cookie", "the query"])
def test_a_token_of_100_kib_is_refused_as_a_head(attacked: Target, place: str) -> None:
    """It never gets as far as to be a token."""
    answer = attacked.ask(PLACES[place]("A" * 100 * 1024))

    assert answer.status == 431
    assert says_no(answer)


@pytest.mark.parametrize(
    "lines",
    [
        ("Authorization: Bearer {good}", "Authorization: Bearer {bad}"),
        ("Authorization: Bearer {bad}", "Authorization: {good}"),
        ("Authorization: Bearer {good}, Bearer {bad}",),
        ("Authorization: Bearer {good} {good}",),
        ("Authorization: Bearer {bad}", "Cookie: authToken={good}"),
        ("X-Authorization: {bad}", "Cookie: authToken={good}"),
        ("Cookie: authToken={good}; authToken={bad}",),
        ("Cookie: authToken={bad}", "Cookie: authToken={good}"),
        ("Cookie: authToken={bad}; authToken={good}", "Authorization: Bearer {bad}"),
    ],
)
def test_a_good_token_does_not_help_a_bad_one(
    attacked: Target, forger: Forger, lines: tuple[str, ...]
) -> None:
    """Of two that disagree neither is taken, and from a bad one nothing falls back."""
    bad = forger.unsigned(alg="none")
    sent = [line.format(good=forger.good, bad=bad) for line in lines]

    answer = attacked.ask(get(ME, *sent))
    with_query = attacked.ask(get(f"{ME}?token={forger.good}", *sent))

    assert refused(answer)
    assert refused(with_query)


@pytest.mark.parametrize(
    "lines",
    [
        ("Authorization: Bearer {0}", "Authorization: Bearer {0}"),
        ("Authorization: Bearer {0}", "Cookie: authToken=x"),
        ("Cookie: authToken={0}; authToken={0}",),
        ("Authorization: Basic YTpi", "Cookie: authToken={0}"),
    ],
)
def test_a_good_token_is_found_among_others(
    attacked: Target, forger: Forger, lines: tuple[str, ...]
) -> None:
    """The same one twice is one, and what is less explicit or not ours is not looked at."""
    answer = attacked.ask(get(ME, *(line.format(forger.good) for line in lines)))

    assert answer.status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/auth/logout"),
        ("POST", "/api/auth/change-password"),
        ("PUT", "/api/auth/change-password"),
        ("POST", USERS),
        ("PUT", f"{USERS}/x"),
        ("DELETE", f"{USERS}/x"),
        ("PUT", f"{USERS}/x/reset-password"),
    ],
)
def test_a_token_in_the_query_changes_nothing(attacked: Target, method: str, path: str) -> None:
    """A link that changes something could be planted, so there it is no credential."""
    answer = attacked.call(method, f"{path}?token={attacked.token}", {})

    assert (answer.status, answer.document) == (401, MISSING)


@pytest.mark.parametrize(
    "value",
    ["", "Basic YWRtaW46eA==", "Digest username=admin", "Negotiate", "DPoP x", "Token {0}"],
)
def test_what_is_not_ours_is_no_credential(attacked: Target, value: str) -> None:
    """It is told as none, not as a bad one."""
    answer = attacked.ask(get(ME, f"Authorization: {value.format(attacked.token)}"))

    assert (answer.status, answer.document) == (401, MISSING)


@pytest.mark.parametrize(
    "octets", [b"\xff\xfe", "\u0661\u0662".encode(), b"\xc3\x28", b"\x80" * 4000]
)
@pytest.mark.parametrize(
    "line", [b"Authorization: Bearer ", b"X-Authorization: ", b"Cookie: authToken="]
)
def test_bytes_that_are_no_text_are_no_token(attacked: Target, line: bytes, octets: bytes) -> None:
    """Nothing that a header can carry makes reading it fail."""
    answer = attacked.ask(get(ME).replace(b"\r\n\r\n", b"\r\n" + line + octets + b"\r\n\r\n"))

    assert refused(answer)


def test_a_token_in_a_log_in_is_not_looked_at(attacked: Target, forger: Forger) -> None:
    """Neither a good one nor a forged one changes what a log-in says."""
    lines = [f"Authorization: Bearer {forger.unsigned(alg='none')}", "Cookie: authToken=rubbish"]

    answer = attacked.log_in("admin", PASSWORD, *lines)

    assert answer.status == 200
