"""A ticket for our service says whose it is, once; nothing else says anything."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from parts.domain import REALM, Domain
from parts.tickets import IAKERB, KERBEROS, Wallet, missing
from watchword.core.kernel.errors import InvalidError

if reason := missing():
    pytest.skip(reason, allow_module_level=True)

from watchword.directory.directories import LdapDirectories
from watchword.directory.kerberos import TOKEN_MAX, KeytabNegotiation

pytestmark = pytest.mark.slow


def der(tag: int, *parts: bytes) -> bytes:
    """Return something short as ASN.1 has it."""
    return bytes((tag, sum(map(len, parts)), *b"".join(parts)))


NORMAL_ACCOUNT, NO_AUTH_DATA_REQUIRED = 0x200, 0x2000000  # [MS-ADTS] 2.2.16
NTLM = b"NTLMSSP\0\x01\0\0\0\x97\x82\x08\xe2" + bytes(24)
SPNEGO_ID = bytes.fromhex("06062b0601050502")
NTLM_ID = bytes.fromhex("060a2b06010401823702020a")
OFFER = der(0x30, der(0xA0, der(0x30, NTLM_ID)), der(0xA2, der(0x04, NTLM)))
NTLM_IN_SPNEGO = der(0x60, SPNEGO_ID, der(0xA0, OFFER))


@pytest.fixture(scope="module")
def wallet(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> Wallet:
    """The tickets of alice."""
    return Wallet(domain, domain.person("alice"), tmp_path_factory.mktemp("wallet"))


@pytest.fixture(scope="module")
def tokens(wallet: Wallet) -> Iterator[bytes]:
    """Tokens that nobody has sent; a test takes what it needs."""
    return iter(wallet.tokens(12))


@pytest.fixture
def negotiation(domain: Domain) -> KeytabNegotiation:
    return KeytabNegotiation(domain.keytab, "HTTP", "app.ad.test")


async def test_a_ticket(
    domain: Domain, negotiation: KeytabNegotiation, tokens: Iterator[bytes]
) -> None:
    """It says whose it is, and the answer shows the client that we had the key."""
    negotiated = await negotiation.accept(next(tokens))

    assert negotiated is not None
    assert negotiated.principal == "alice@AD.TEST"
    assert negotiated.sid == domain.person("alice").sid
    assert len(negotiated.reply) > 100
    assert negotiation.is_on


async def test_a_ticket_from_before_names_were_changed(
    domain: Domain, negotiation: KeytabNegotiation, looking: LdapDirectories, tmp_path: Path
) -> None:
    """It leads to whom it was made for, and not to whoever has that name now."""
    ann, ben = domain.new_person(), domain.new_person()
    [token] = Wallet(domain, ann, tmp_path).tokens()
    domain.rename(ann.name, f"{ann.name}-before")
    domain.rename(ben.name, ann.name)

    negotiated = await negotiation.accept(token)

    assert negotiated is not None
    assert negotiated.principal == f"{ann.name}@{REALM}"
    by_name = looking.of_principal(negotiated.principal)
    assert by_name is not None
    found = [await looking.find(replace(by_name, sid=sid)) for sid in ("", negotiated.sid)]
    assert [one and one.guid for one in found] == [ben.guid, ann.guid]


async def test_a_ticket_without_a_sid(
    own_domain: Domain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Controllers write none for a service that is to get no groups; the log says so."""
    own_domain.replace("svc-http", userAccountControl=str(NORMAL_ACCOUNT | NO_AUTH_DATA_REQUIRED))
    [token] = Wallet(own_domain, own_domain.person("alice"), tmp_path).tokens()

    negotiated = await KeytabNegotiation(own_domain.keytab, "HTTP", "app.ad.test").accept(token)

    assert negotiated is not None
    assert (negotiated.principal, negotiated.sid) == ("alice@AD.TEST", "")
    told = capsys.readouterr()
    assert "a ticket has no SID in it" in told.out + told.err


async def test_a_replay(negotiation: KeytabNegotiation, tokens: Iterator[bytes]) -> None:
    """Who heard a token on its way cannot use it too."""
    token = next(tokens)
    first = await negotiation.accept(token)

    second = await negotiation.accept(token)

    assert first is not None
    assert second is None


@pytest.mark.parametrize(("service", "host"), [("http", "APP.AD.TEST"), ("HTTP", "")])
async def test_how_our_name_is_spelt(
    domain: Domain, tokens: Iterator[bytes], service: str, host: str
) -> None:
    """Case does not matter, and without a host any will do."""
    negotiation = KeytabNegotiation(domain.keytab, service, host)

    assert await negotiation.accept(next(tokens)) is not None


@pytest.mark.parametrize(
    ("service", "host"), [("HTTP", "other.ad.test"), ("ldap", "app.ad.test"), ("ldap", "")]
)
async def test_a_ticket_for_another_service(
    domain: Domain, tokens: Iterator[bytes], service: str, host: str
) -> None:
    """Its key may be in the file too, but whoever sent it did not mean us."""
    negotiation = KeytabNegotiation(domain.keytab, service, host)

    assert await negotiation.accept(next(tokens)) is None


async def test_a_ticket_with_another_key(
    domain: Domain, negotiation: KeytabNegotiation, wallet: Wallet
) -> None:
    """What was made for somebody else cannot be read."""
    facts = {"servicePrincipalName": "HTTP/other.ad.test", "msDS-SupportedEncryptionTypes": "24"}
    domain.new_person(**facts)
    [token] = wallet.tokens(service="HTTP@other.ad.test")

    assert await negotiation.accept(token) is None


async def test_a_damaged_ticket(negotiation: KeytabNegotiation, tokens: Iterator[bytes]) -> None:
    """A single wrong bit, or an end that is missing, makes it worthless."""
    token = next(tokens)
    damaged = [bytes((*token[:at], token[at] ^ 1, *token[at + 1 :])) for at in (300, 900, -9)]

    answers = [await negotiation.accept(one) for one in (*damaged, token[:-1], token[:200])]

    assert answers == [None] * 5


@pytest.mark.parametrize("mechanism", [KERBEROS, IAKERB], ids=["bare", "iakerb"])
async def test_other_ways_to_send_one(
    negotiation: KeytabNegotiation, wallet: Wallet, mechanism: str
) -> None:
    """Only what RFC 4559 says; by IAKERB we would ask a KDC on behalf of strangers."""
    [token] = wallet.tokens(mechanism=mechanism)

    assert await negotiation.accept(token) is None


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"garbage",
        bytes(1000),
        b"\x60\x82\xff\xff" + bytes(100),
        bytes(range(256)) * 20,
        NTLM,
        NTLM_IN_SPNEGO,
        b"\x60" * (TOKEN_MAX + 1),
    ],
    ids=["empty", "text", "zeros", "short", "noise", "ntlm", "ntlm-in-spnego", "huge"],
)
async def test_what_is_no_ticket(negotiation: KeytabNegotiation, token: bytes) -> None:
    """Anything may come from outside, and breaks nothing."""
    assert await negotiation.accept(token) is None


async def test_a_clock_that_is_wrong(
    domain: Domain, negotiation: KeytabNegotiation, tmp_path: Path
) -> None:
    """A token of another hour is not taken: nobody remembers replays for so long."""
    bob = Wallet(domain, domain.person("bob"), tmp_path)
    bob.put_clock(120)
    [nearly_now] = bob.tokens()
    bob.put_clock(3600)
    [another_hour] = bob.tokens()

    answers = [await negotiation.accept(token) for token in (nearly_now, another_hour)]

    assert [answer and answer.principal for answer in answers] == ["bob@AD.TEST", None]


def test_a_keytab_that_is_not_there(tmp_path: Path) -> None:
    """One hears of it when the server starts."""
    with pytest.raises(InvalidError) as caught:
        KeytabNegotiation(tmp_path / "nothing", "HTTP", "app.ad.test")

    assert caught.value.field == "kerberos.keytab"


@pytest.mark.parametrize("content", [b"", b"\x05\x02", b"no keytab at all"])
def test_a_keytab_without_keys(tmp_path: Path, content: bytes) -> None:
    """Neither does a file help that has no key in it."""
    (tmp_path / "odd").write_bytes(content)

    with pytest.raises(InvalidError):
        KeytabNegotiation(tmp_path / "odd", "HTTP", "app.ad.test")


async def test_a_keytab_that_is_exchanged(
    domain: Domain, tmp_path: Path, tokens: Iterator[bytes]
) -> None:
    """A file that went away lets nobody in, and when it is back nobody need start us again."""
    keytab = tmp_path / "http.keytab"
    keytab.write_bytes(domain.keytab.read_bytes())
    negotiation = KeytabNegotiation(keytab, "HTTP", "app.ad.test")
    token = next(tokens)
    keytab.unlink()
    without = await negotiation.accept(token)
    keytab.write_bytes(domain.keytab.read_bytes())

    assert without is None
    assert await negotiation.accept(token) is not None
