"""Costs of foreign hashes: what is too much is refused, what is much waits in a line of its own."""

import json

import pytest

from crypto.foreign.samples import (
    ARGON2I,
    ARGON2ID,
    SALT,
    SIGNER_KEY,
    argon2_of_keycloak,
    keycloak,
    phc,
)
from watchword.core.kernel.errors import InvalidError
from watchword.crypto.foreign.adoption import adopt, read_kept
from watchword.crypto.foreign.reasons import Reason

KEY = bytes(range(32))
TAIL = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
HUGE = "9" * 600


def pbkdf2(rounds: str, digest: str = "sha256") -> str:
    return f"$pbkdf2-{digest}$i={rounds}${phc(SALT)}${phc(KEY)}"


def scrypt(doublings: str, block_size: str, lanes: str) -> str:
    return f"$scrypt$ln={doublings},r={block_size},p={lanes}${phc(SALT)}${phc(KEY)}"


def django_scrypt(blocks: str, block_size: str = "8", lanes: str = "1") -> str:
    return f"scrypt${blocks}$salt${block_size}${lanes}${phc(KEY)}="


def fbscrypt(doublings: str, rounds: str) -> str:
    return (
        f"$fbscrypt$v=1,n={doublings},r={rounds},p=1,ss=Bw==,sk={SIGNER_KEY}"
        f"${phc(SALT)}${SIGNER_KEY}"
    )


def argon2(cost: str, kind: str = "id", key: bytes = KEY, salt: bytes = SALT) -> str:
    return f"$argon2{kind}$v=19${cost}${phc(salt)}${phc(key)}"


@pytest.mark.parametrize(
    "text",
    [
        f"$2b$04${TAIL}",
        f"$2b$15${TAIL}",
        pbkdf2("1"),
        pbkdf2("5000000"),
        keycloak("pbkdf2-sha512", 5_000_000, KEY),
        scrypt("1", "1", "1"),
        scrypt("15", "1", "8"),
        scrypt("16", "8", "8"),
        scrypt("13", "64", "8"),
        django_scrypt("65536", lanes="8"),
        fbscrypt("16", "8"),
        argon2("m=65536,t=10,p=8"),
        argon2("m=64,t=1,p=8"),
        argon2("m=8,t=1,p=1", "i"),
        argon2("m=8,t=1,p=1", key=bytes(16), salt=bytes(8)),
    ],
)
def test_costs_up_to_the_limits_are_taken(text: str) -> None:
    """The limits themselves are allowed."""
    assert read_kept(adopt(text)) is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"$2b$03${TAIL}", Reason.BCRYPT_COST),
        (f"$2b$16${TAIL}", Reason.BCRYPT_COST),
        (f"$2b$99${TAIL}", Reason.BCRYPT_COST),
        (f"bcrypt_sha256$$2b$31${TAIL}", Reason.BCRYPT_COST),
        (f"{{CRYPT}}$2y$16${TAIL}", Reason.BCRYPT_COST),
        (pbkdf2("5000001"), Reason.PBKDF2_ROUNDS),
        (pbkdf2(HUGE, "sha512"), Reason.PBKDF2_ROUNDS),
        (f"pbkdf2_sha256$5000001$salt${phc(KEY)}=", Reason.PBKDF2_ROUNDS),
        (f"{{PBKDF2-SHA256}}5000001$c2FsdA${phc(KEY)}", Reason.PBKDF2_ROUNDS),
        (keycloak("pbkdf2", 5_000_001, KEY), Reason.PBKDF2_ROUNDS),
        (keycloak("pbkdf2", int(HUGE), KEY), Reason.PBKDF2_ROUNDS),
        (keycloak("pbkdf2", 0, KEY), Reason.PBKDF2_ROUNDS),
        (keycloak("pbkdf2", -1, KEY), Reason.PBKDF2_ROUNDS),
        (scrypt("17", "8", "1"), Reason.SCRYPT_COST),
        (scrypt("16", "9", "1"), Reason.SCRYPT_COST),
        (scrypt("16", "1", "1"), Reason.SCRYPT_COST),  # RFC 7914 has no such N for this r
        (scrypt("1", "65", "1"), Reason.SCRYPT_COST),
        (scrypt("10", "8", "9"), Reason.SCRYPT_COST),
        (scrypt(HUGE, "8", "1"), Reason.SCRYPT_COST),
        (scrypt("1", HUGE, "1"), Reason.SCRYPT_COST),
        (scrypt("1", "1", HUGE), Reason.SCRYPT_COST),
        (django_scrypt("131072"), Reason.SCRYPT_COST),
        (django_scrypt("1"), Reason.SCRYPT_COST),
        (django_scrypt(str(1 << 600)), Reason.SCRYPT_COST),
        (fbscrypt("17", "8"), Reason.SCRYPT_COST),
        (argon2("m=65537,t=1,p=1"), Reason.ARGON2_COST),
        (argon2("m=102400,t=2,p=8"), Reason.ARGON2_COST),
        (argon2("m=64,t=11,p=1"), Reason.ARGON2_COST),
        (argon2("m=128,t=1,p=9"), Reason.ARGON2_COST),
        (argon2("m=63,t=1,p=8"), Reason.ARGON2_COST),
        (argon2(f"m={HUGE},t=1,p=1"), Reason.ARGON2_COST),
        (argon2(f"m=64,t={HUGE},p=1", "i"), Reason.ARGON2_COST),
        (argon2("m=64,t=1,p=1", key=bytes(64)), Reason.ARGON2_LONG),
        (argon2_of_keycloak(ARGON2ID, "id", memory="65537"), Reason.ARGON2_COST),
        (argon2("m=64,t=1,p=1", "d"), Reason.ARGON2_KIND),
        (ARGON2I.replace("v=19", "v=16"), Reason.ARGON2_VERSION),
        (ARGON2I.replace("v=19$", ""), Reason.ARGON2_VERSION),
        (f"argon2{ARGON2I.replace('v=19', 'v=1')}", Reason.ARGON2_VERSION),
        (argon2_of_keycloak(ARGON2ID, "id", version="1.0"), Reason.ARGON2_VERSION),
        (f"$2x$05${TAIL}", Reason.BCRYPT_KIND),
    ],
)
def test_what_costs_too_much_is_refused_before_it_is_computed(text: str, reason: Reason) -> None:
    """The sentence names the limit."""
    with pytest.raises(InvalidError) as refusal:
        adopt(text)

    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    "text",
    [
        f"$2b$5${TAIL}",
        f"$2b$005${TAIL}",
        f"$2b$05${TAIL[:-1]}",
        f"$2b$05${TAIL}.",
        f"$2b$05${TAIL[:-1]}+",
        "$2b$05$",
        pbkdf2("0"),
        pbkdf2("01000"),
        pbkdf2("+1000"),
        pbkdf2("1_000"),
        pbkdf2("1e3"),
        pbkdf2(" 1000"),
        pbkdf2("1000,l=31"),
        pbkdf2("1000,l=x"),
        pbkdf2("1000") + "$",
        pbkdf2("1000") + "==",
        pbkdf2("1000").rpartition("$")[0],
        pbkdf2("1000").rpartition("$")[0] + "$",
        f"$pbkdf2-sha256$i=1000${phc(SALT)}${phc(KEY[:15])}",
        f"$pbkdf2-sha256$i=1000${phc(SALT)}${phc(KEY)[:-2]}",  # no octets end there
        f"$pbkdf2-sha256$i=1000${phc(SALT)}${phc(KEY)[:-1]}9",  # bits past the last octet
        f"$pbkdf2-sha256$i=1000${phc(bytes(129))}${phc(KEY)}",
        f"$pbkdf2-sha256$i=1000${phc(SALT)}${phc(bytes(129))}",
        f"$pbkdf2-sha256$i=1000$ c2FsdA${phc(KEY)}",
        f"pbkdf2_sha256$1000$${phc(KEY)}=",
        f"pbkdf2_sha256$1000$salt${phc(KEY)}=$",
        "pbkdf2_sha256$1000$salt",
        "pbkdf2_sha256$",
        scrypt("0", "8", "1"),
        scrypt("04", "8", "1"),
        scrypt("4", "0", "1"),
        scrypt("4", "8", "-1"),
        scrypt("4", "8", "1").replace("ln=4,r=8", "r=8,ln=4"),
        django_scrypt("1000"),
        django_scrypt("0"),
        argon2("m=064,t=1,p=1"),
        argon2("t=1,m=64,p=1"),
        argon2("m=64,t=1,p=1,keyid=AAAA"),
        argon2("m=64,t=1,p=1", salt=bytes(7)),
        argon2("m=64,t=1,p=1", salt=bytes(49)),
        argon2("m=64,t=1,p=1", key=bytes(15)),
        argon2("m=64,t=1,p=1", key=bytes(65)),
        "argon2$",
        "bcrypt$",
        "bcrypt_sha256$",
    ],
)
def test_what_is_malformed_is_refused(text: str) -> None:
    """Numbers have one spelling, base64 ends where octets end, and nothing is missing."""
    with pytest.raises(InvalidError) as refusal:
        adopt(text)

    assert str(refusal.value) == Reason.MALFORMED


@pytest.mark.parametrize(
    ("text", "is_large"),
    [
        (f"$2b$10${TAIL}", False),
        (f"$2b$11${TAIL}", True),
        (f"bcrypt_sha256$$2b$12${TAIL}", True),
        (pbkdf2("250000"), False),
        (pbkdf2("250001", "sha512"), True),
        (scrypt("14", "8", "1"), False),
        (scrypt("14", "8", "2"), False),
        (scrypt("14", "8", "3"), True),
        (scrypt("15", "8", "1"), True),
        (fbscrypt("14", "8"), False),
        (fbscrypt("15", "8"), True),
        (argon2("m=19456,t=3,p=1", "i"), False),
        (argon2("m=19457,t=1,p=1", "i"), True),
        ("{SHA}" + "A" * 27 + "=", False),
    ],
)
def test_what_takes_long_or_much_memory_is_large(text: str, *, is_large: bool) -> None:
    """More than 19 MiB, or more than about 100 ms, wait for each other."""
    kept = read_kept(adopt(text))

    assert kept is not None
    assert kept.is_large is is_large


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "otp"},
        {"credentialData": json.dumps({"hashIterations": 1, "algorithm": "md5"})},
        {"credentialData": {"hashIterations": 1, "algorithm": "pbkdf2-sha1024"}},
    ],
)
def test_only_passwords_of_keycloak_are_taken(changes: dict[str, object]) -> None:
    """One-time codes and algorithms of extensions are refused, and the sentence says so."""
    credential = json.loads(keycloak("pbkdf2", 1000, KEY)) | changes

    with pytest.raises(InvalidError) as refusal:
        adopt(json.dumps(credential))

    assert str(refusal.value) == Reason.KEYCLOAK_KIND


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "{ }",
        '{"credentialData": "{}", "secretData": "{}"}',
        '{"credentialData": "", "secretData": ""}',
        '{"credentialData": null, "secretData": null}',
        '{"a": ' + "[" * 1900,
        '{"a": ' + "[" * 900 + "]" * 900 + "}",
        keycloak("pbkdf2", 1000, KEY).replace("1000", "1000.5"),
        keycloak("pbkdf2", 1000, KEY).replace("1000", "true"),
        keycloak("pbkdf2", 1000, KEY).replace("pbkdf2", "\\\\ud800"),
        keycloak("pbkdf2", 1000, KEY[:15]),
        keycloak("pbkdf2", 1000, ""),
        keycloak("argon2", 1, KEY),
        argon2_of_keycloak(ARGON2ID, "x"),
        argon2_of_keycloak(ARGON2ID, "id", memory="6\u0664"),
        argon2_of_keycloak(ARGON2ID, "id", parallelism="02"),
    ],
)
def test_broken_credentials_of_keycloak_are_refused(text: str) -> None:
    """JSON that is cut off, too deep, of other types or with numbers of other scripts."""
    with pytest.raises(InvalidError) as refusal:
        adopt(text)

    assert str(refusal.value) == Reason.MALFORMED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{MD5}X03MO1qnZdYdgyfeuILPmQ==", Reason.MD5),
        ("{SMD5}xRYqTjAfTjfTBbHGCPFAAnNhbHQ=", Reason.MD5),
        ("{CRYPT}$1$salt$" + "a" * 22, Reason.MD5),
        ("{CRYPT}abJnggxhB/yWI", Reason.DES),
        ("{CRYPT}$6$salt$" + "a" * 86, Reason.CRYPT),
        ("{CRYPT}", Reason.CRYPT),
        ("{CLEARTEXT}secret", Reason.PLAIN),
        ("{plain}secret", Reason.PLAIN),
        ("{SASL}somebody@example.org", Reason.UNKNOWN),
        ("{PBKDF2_SHA256}AAAnEG", Reason.UNKNOWN),
        ("{SHA}", Reason.MALFORMED),
        ("{SSHA}" + "A" * 27 + "=", Reason.MALFORMED),  # no salt
        ("{SHA}" + "A" * 32, Reason.MALFORMED),  # a salt
        ("{SHA256}" + "A" * 27 + "=", Reason.MALFORMED),
        ("{SSHA}" + "A" * 200, Reason.MALFORMED),
        ("{ARGON2}", Reason.MALFORMED),
        ("{PBKDF2}", Reason.MALFORMED),
        ("{BCRYPT}", Reason.MALFORMED),
    ],
)
def test_what_a_directory_should_not_have_kept_is_refused(text: str, reason: Reason) -> None:
    """MD5, DES and plain text protect nobody; others we cannot check."""
    with pytest.raises(InvalidError) as refusal:
        adopt(text)

    assert str(refusal.value) == reason
