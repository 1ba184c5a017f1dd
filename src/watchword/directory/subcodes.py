"""What a controller means when it does not take a bind."""

import re

from watchword.core.directory.model import Verdict

UNKNOWN = "525"
"""Active Directory's code for a user who is not there."""

_VERDICTS = {
    UNKNOWN: Verdict.WRONG,
    "52e": Verdict.WRONG,
    "530": Verdict.HOURS,
    "531": Verdict.HOURS,  # not from this machine: like the hours, it is no fault of the password
    "532": Verdict.PASSWORD_EXPIRED,
    "533": Verdict.DISABLED,
    "701": Verdict.EXPIRED,
    "773": Verdict.MUST_CHANGE,
    "775": Verdict.LOCKED,
}
_DATA = re.compile(r"\bdata ([0-9a-f]{1,8})\b", re.IGNORECASE)

_NO_SUCH_OBJECT, _INVALID_DN_SYNTAX, _INAPPROPRIATE_AUTHENTICATION = 32, 34, 48
_BUSY, _UNAVAILABLE = 51, 52


def read_refusal(text: str) -> tuple[Verdict, str]:
    """Return what a refused bind says of who tried, and the code in it, empty if there is none.

    A code that we do not know is a wrong password: it may be told before the right one.
    """
    found = _DATA.search(text)
    code = found[1].lower() if found else ""
    return _VERDICTS.get(code, Verdict.WRONG), code


def is_wrong_name(result_code: int) -> bool:
    """Say whether a bind failed because nobody can be called so."""
    return result_code in (_NO_SUCH_OBJECT, _INVALID_DN_SYNTAX, _INAPPROPRIATE_AUTHENTICATION)


def is_busy(result_code: int) -> bool:
    """Say whether another controller might do what this one did not."""
    return result_code in (_BUSY, _UNAVAILABLE)
