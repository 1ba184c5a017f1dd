"""Why a hash of another product is refused, in sentences that hold no piece of it."""

from enum import StrEnum

from watchword.core.kernel.errors import InvalidError


class Reason(StrEnum):
    """Everything we can say about a hash that we do not take."""

    EMPTY = "There is no hash here."
    LONG = "This is longer than any hash that we know."
    UNKNOWN = "This is plain text, or no kind of hash that we know."
    MALFORMED = "The hash is broken: a part of it is missing, cut off or misspelled."
    MD5 = "MD5 hashes are not taken: MD5 protects no password."
    PLAIN = "Plain text is not taken: it is no hash."
    DES = "This has the shape of DES crypt, which is not taken."
    CRYPT = "Of the hashes of crypt only bcrypt is taken."
    BCRYPT_COST = "bcrypt hashes are taken with a cost from 4 to 15."
    BCRYPT_KIND = "bcrypt hashes of kind 2x come from a faulty program and cannot be checked."
    PBKDF2_ROUNDS = "PBKDF2 hashes are taken with at most 5,000,000 rounds."
    SCRYPT_COST = (
        "scrypt hashes are taken with at most 64 MiB of memory, 8 lanes and a block size of 64."
    )
    ARGON2_COST = (
        "Argon2 hashes are taken with at most 64 MiB of memory, 10 passes and 8 lanes,"
        " and with at least 8 KiB for each lane."
    )
    ARGON2_KIND = "Argon2d cannot be checked here; Argon2id and Argon2i can."
    ARGON2_VERSION = "Of Argon2 only version 1.3 (v=19) can be checked."
    ARGON2_LONG = "Argon2 hashes are taken with at most 127 characters."
    FIREBASE_NEEDS = "A Firebase hash needs the hash parameters of its project."
    FIREBASE_PARAMETERS = "The hash parameters of the Firebase project cannot be read."
    KEYCLOAK_KIND = "Of Keycloak's credentials only passwords under PBKDF2 or Argon2 are taken."


def refused(reason: Reason) -> InvalidError:
    """Return the error that says so."""
    return InvalidError("password_hash", reason.value)
