"""Hashes of other products: published ones, and ones made here as their programs make them."""

import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import pbkdf2_hmac, scrypt, sha1, sha256, sha512

import bcrypt

PASSWORD = "café au lait, très chaud"
OCTETS = PASSWORD.encode()
SALT = b"0123456789abcdef"

# Argon2 by the reference implementation, for PASSWORD_OF_ARGON2.
PASSWORD_OF_ARGON2 = "café \0 tail"
ARGON2I = (
    "$argon2i$v=19$m=64,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$oCD+EOEZLJardUo66SvpqpCU91fX4ABh80idIa+clCE"
)
ARGON2ID = (
    "$argon2id$v=19$m=64,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$7SPTICQXof6q/9gmYOM+L73XAiVXCn+MM7JiVEBIlvI"
)

# The example of Firebase's own scrypt utility, in the words of its console.
PRINTED = """hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
"""  # noqa: E501 - as it is printed
SIGNER_KEY = (
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
)
FIREBASE_KEY = (
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
)
HASH_CONFIG: dict[str, object] = {
    "algorithm": "SCRYPT",
    "base64_signer_key": SIGNER_KEY,
    "base64_salt_separator": "Bw==",
    "rounds": 8,
    "mem_cost": 14,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A hash as its origin spells it, its password, and how what we keep of it begins."""

    text: str
    kept: str
    password: str = PASSWORD


def base64(octets: bytes) -> str:
    return b64encode(octets).decode()


def phc(octets: bytes) -> str:
    return base64(octets).rstrip("=")


def passlib(octets: bytes) -> str:
    return phc(octets).replace("+", ".")


def pbkdf2(digest: str, rounds: int = 1000, length: int | None = None, salt: bytes = SALT) -> bytes:
    return pbkdf2_hmac(digest, OCTETS, salt, rounds, length)


def scrypted(salt: bytes = SALT) -> bytes:
    return scrypt(OCTETS, salt=salt, n=16, r=8, p=5, dklen=64)


def bcrypted(octets: bytes = OCTETS) -> str:
    return bcrypt.hashpw(octets, bcrypt.gensalt(4)).decode()


def keycloak(
    algorithm: str,
    rounds: int,
    key: bytes | str,
    *,
    in_strings: bool = True,
    additional: dict[str, str] | None = None,
) -> str:
    """Return a credential as a realm's export has it."""
    more = {name: [value] for name, value in (additional or {}).items()}
    data = {"hashIterations": rounds, "algorithm": algorithm, "additionalParameters": more}
    value = base64(key) if isinstance(key, bytes) else key
    secret = {"value": value, "salt": base64(SALT), "additionalParameters": {}}
    halves = (json.dumps(data), json.dumps(secret)) if in_strings else (data, secret)
    return json.dumps(
        {
            "id": "f27826f7-6ec1-4283-822f-10e0c51a9089",
            "type": "password",
            "createdDate": 1690887741455,
            "credentialData": halves[0],
            "secretData": halves[1],
        }
    )


def argon2_of_keycloak(text: str, kind: str, **changes: str) -> str:
    """Return one of the Argon2 hashes above as Keycloak would have kept it."""
    _, _, _, cost, _, key = text.split("$")
    memory, passes, lanes = (part.partition("=")[2] for part in cost.split(","))
    additional = {
        "hashLength": "32",
        "memory": memory,
        "type": kind,
        "version": "1.3",
        "parallelism": lanes,
        **changes,
    }
    return keycloak("argon2", int(passes), key + "=", additional=additional)


SAMPLES = {
    # crypt_blowfish's own vectors; the second password is longer than bcrypt reads.
    "bcrypt 2a": Sample(
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$2b$05$CC", "U*U"
    ),
    "bcrypt 2y, a long password": Sample(
        "$2y$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        "$2b$05$ab",
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "chars after 72 are ignored",
    ),
    "bcrypt 2b": Sample(bcrypted(), "$2b$04$"),
    "bcrypt with noise in the spare bits": Sample(
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC/E5YPO9kmyuRGyh0XouQYb4YMJKvyOeX", "$2b$05$CC", "U*U"
    ),
    "pbkdf2 by PHC": Sample(
        f"$pbkdf2-sha256$i=1000,l=32${phc(SALT)}${phc(pbkdf2('sha256'))}",
        "$pbkdf2-sha256$i=1000$",
    ),
    "pbkdf2-sha512 by PHC, half a key": Sample(
        f"$pbkdf2-sha512$i=1000,l=32${phc(SALT)}${phc(pbkdf2('sha512', length=32))}",
        "$pbkdf2-sha512$i=1000$",
    ),
    # RFC 6070, 2
    "pbkdf2 of RFC 6070": Sample(
        f"$pbkdf2-sha1$i=4096${phc(b'salt')}"
        f"${phc(bytes.fromhex('4b007901b765489abead49d926f721d065a429c1'))}",
        "$pbkdf2-sha1$i=4096$",
        "password",
    ),
    # RFC 7914, 11; the key is two blocks long
    "pbkdf2 of RFC 7914": Sample(
        f"$pbkdf2-sha256$i=80000${phc(b'NaCl')}$"
        + phc(
            bytes.fromhex(
                "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
            )
        ),
        "$pbkdf2-sha256$i=80000$",
        "Password",
    ),
    "pbkdf2-sha256 of passlib": Sample(
        f"$pbkdf2-sha256$1000${passlib(SALT)}${passlib(pbkdf2('sha256'))}",
        "$pbkdf2-sha256$i=1000$",
    ),
    "pbkdf2-sha1 of passlib": Sample(
        f"$pbkdf2$1000${passlib(SALT)}${passlib(pbkdf2('sha1'))}", "$pbkdf2-sha1$i=1000$"
    ),
    # RFC 7914, 12
    "scrypt of RFC 7914, no password": Sample(
        "$scrypt$ln=4,r=1,p=1$$"
        + phc(
            bytes.fromhex(
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
            )
        ),
        "$scrypt$ln=4,r=1,p=1$$",
        "",
    ),
    "scrypt of RFC 7914": Sample(
        f"$scrypt$ln=14,r=8,p=1${phc(b'SodiumChloride')}$"
        + phc(
            bytes.fromhex(
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
            )
        ),
        "$scrypt$ln=14,r=8,p=1$",
        "pleaseletmein",
    ),
    "argon2i": Sample(ARGON2I, ARGON2I, PASSWORD_OF_ARGON2),
    "argon2id": Sample(ARGON2ID, ARGON2ID, PASSWORD_OF_ARGON2),
    "pbkdf2_sha256 of Django": Sample(
        f"pbkdf2_sha256$1000$seasalt2${base64(pbkdf2('sha256', salt=b'seasalt2'))}",
        "$pbkdf2-sha256$i=1000$",
    ),
    "pbkdf2_sha1 of Django": Sample(
        f"pbkdf2_sha1$1000$seasalt2${base64(pbkdf2('sha1', salt=b'seasalt2'))}",
        "$pbkdf2-sha1$i=1000$",
    ),
    "argon2 of Django": Sample(f"argon2{ARGON2ID}", ARGON2ID, PASSWORD_OF_ARGON2),
    "bcrypt of Django": Sample(f"bcrypt${bcrypted()}", "$2b$04$"),
    "bcrypt_sha256 of Django": Sample(
        f"bcrypt_sha256${bcrypted(sha256(OCTETS).hexdigest().encode())}",
        "$django-bcrypt-sha256$2b$04$",
    ),
    "scrypt of Django": Sample(
        f"scrypt$16$seasalt2$8$5${base64(scrypted(b'seasalt2'))}", "$scrypt$ln=4,r=8,p=5$"
    ),
    "pbkdf2 of Keycloak": Sample(
        keycloak("pbkdf2", 1000, pbkdf2("sha1", length=64)), "$pbkdf2-sha1$i=1000$"
    ),
    "pbkdf2-sha256 of Keycloak": Sample(
        keycloak("pbkdf2-sha256", 1000, pbkdf2("sha256", length=64)), "$pbkdf2-sha256$i=1000$"
    ),
    "pbkdf2-sha512 of Keycloak": Sample(
        keycloak("pbkdf2-sha512", 1000, pbkdf2("sha512"), in_strings=False),
        "$pbkdf2-sha512$i=1000$",
    ),
    "argon2id of Keycloak": Sample(
        argon2_of_keycloak(ARGON2ID, "id"), ARGON2ID, PASSWORD_OF_ARGON2
    ),
    "argon2i of Keycloak": Sample(argon2_of_keycloak(ARGON2I, "i"), ARGON2I, PASSWORD_OF_ARGON2),
    "Firebase's columns": Sample(
        f"firebase${FIREBASE_KEY}$42xEC+ixf3L2lw==", "$fbscrypt$v=1,n=14,r=8,", "user1password"
    ),
    "Firebase's columns in the letters of URLs": Sample(
        f"firebase${FIREBASE_KEY}$42xEC+ixf3L2lw==".replace("+", "-").replace("/", "_"),
        "$fbscrypt$v=1,n=14,r=8,",
        "user1password",
    ),
    "fbscrypt": Sample(
        f"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk={SIGNER_KEY}$42xEC+ixf3L2lw==${FIREBASE_KEY}",
        "$fbscrypt$v=1,n=14,r=8,",
        "user1password",
    ),
    "{SHA}": Sample("{SHA}" + base64(sha1(OCTETS, usedforsecurity=False).digest()), "$ldap-sha1$$"),
    "{SHA256}": Sample("{SHA256}" + base64(sha256(OCTETS).digest()), "$ldap-sha256$$"),
    "{sha512}": Sample("{sha512}" + base64(sha512(OCTETS).digest()), "$ldap-sha512$$"),
    "{SSHA}": Sample(
        "{SSHA}" + base64(sha1(OCTETS + b"salt", usedforsecurity=False).digest() + b"salt"),
        "$ldap-sha1$c",
    ),
    "{SSHA256}": Sample(
        "{SSHA256}" + base64(sha256(OCTETS + SALT).digest() + SALT), "$ldap-sha256$M"
    ),
    "{SSHA512}": Sample(
        "{SSHA512}" + base64(sha512(OCTETS + SALT).digest() + SALT), "$ldap-sha512$M"
    ),
    "{CRYPT}": Sample("{CRYPT}" + bcrypted().replace("$2b$", "$2y$"), "$2b$04$"),
    "{bcrypt}": Sample("{bcrypt}" + bcrypted(), "$2b$04$"),
    "{ARGON2}": Sample("{ARGON2}" + ARGON2I, ARGON2I, PASSWORD_OF_ARGON2),
    "{PBKDF2}": Sample(
        f"{{PBKDF2}}1000${passlib(SALT)}${passlib(pbkdf2('sha1'))}", "$pbkdf2-sha1$i=1000$"
    ),
    "{PBKDF2-SHA256}": Sample(
        f"{{PBKDF2-SHA256}}1000${passlib(SALT)}${passlib(pbkdf2('sha256'))}",
        "$pbkdf2-sha256$i=1000$",
    ),
    # the manual of OpenLDAP's pw-pbkdf2
    "{PBKDF2-SHA512}": Sample(
        "{PBKDF2-SHA512}10000$/oQ4xZi382mk7kvCd3ZdkA$2wqjpuyV2l0U/a1QwoQPOtlQL.UcJGNACj1O24balruqQb"
        "/NgPW6OCvvrrJP8.SzA3/5iYvLnwWPzeX8IK/bEQ",
        "$pbkdf2-sha512$i=10000$",
        "secret",
    ),
}
