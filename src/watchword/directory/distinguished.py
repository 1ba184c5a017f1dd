"""When two distinguished names are the same one (RFC 4514)."""

from functools import lru_cache

import ldap
import ldap.dn

_KNOWN_MAX = 16_384


@lru_cache(maxsize=_KNOWN_MAX)
def key_of(dn: str) -> str:
    """Return one text for all spellings of a DN. Raises ValueError if it is none, or empty."""
    try:
        parts = ldap.dn.str2dn(dn)
    except (ldap.LDAPError, UnicodeError, ValueError) as error:
        raise ValueError("no DN") from error
    if not parts:
        raise ValueError("no DN")
    # Not casefold: what it holds for alike, such as ß and ss, may be two names over there.
    folded = [sorted([name.lower(), value.lower(), 0] for name, value, _ in part) for part in parts]
    return str(ldap.dn.dn2str(folded))
