"""What the settings of directories must be beyond their types, and how they must fit.

No message repeats a value, for a password may stand in the wrong place.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from watchword.core.accounts.names import is_clean, is_name
from watchword.settings.directories import DirectorySettings, Groups, KerberosSettings

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
"""What a directory is called here."""

_DOMAIN = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*\Z")
_DOMAIN_LENGTH_MAX = 253
_NETBIOS = re.compile(r"[^\s\\/:*?\"<>|@.,]{1,15}\Z")
_SID = re.compile(r"S-1-\d{1,15}(?:-\d{1,10}){1,15}\Z", re.IGNORECASE)
_DN = re.compile(r"[A-Za-z][A-Za-z0-9-]*\s*=.+,\s*DC\s*=.+\Z|DC\s*=.+\Z", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*)?\Z")


def _controllers(texts: Groups) -> Groups:
    for place, text in enumerate(texts, start=1):
        if not _is_controller(text):
            raise ValueError(
                f"item {place} is written ldaps://host or ldaps://host:port, or with ldap://"
                " where StartTLS is used, and ends there"
            )
    return _distinct(tuple(text.rstrip("/").lower() for text in texts))


def _is_controller(text: str) -> bool:
    try:
        parts = urlsplit(text)
        sound = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        return False
    ends = parts.path in {"", "/"} and not set(text) & set("?#@ \t\r\n")
    return sound and ends and parts.scheme in {"ldap", "ldaps"}


def _domain(text: str) -> str:
    if text and not _is_domain(text):
        raise ValueError("is the DNS name of the domain, such as corp.example.com")
    return text.lower()


def _is_domain(text: str) -> bool:
    return len(text) <= _DOMAIN_LENGTH_MAX and bool(_DOMAIN.match(text.lower()))


def _netbios(text: str) -> str:
    if text and not (_NETBIOS.match(text) and is_clean(text)):
        raise ValueError("is the short name of the domain, such as CORP: 15 characters at most")
    return text


def _suffixes(texts: Groups) -> Groups:
    for place, text in enumerate(texts, start=1):
        if not _is_domain(text):
            raise ValueError(f"item {place} is what follows the @ in user names: example.com")
    return _distinct(tuple(text.lower() for text in texts))


def _base(text: str) -> str:
    if text and not _is_dn(text):
        raise ValueError("is a whole DN, such as OU=People,DC=corp,DC=example,DC=com")
    return text


def _filter(text: str) -> str:
    if text and not _is_one_filter(text):
        raise ValueError(
            "is one filter in parentheses that all close, such as (department=Sales);"
            " a parenthesis in a value is written \\28 or \\29 (RFC 4515)"
        )
    return text


def _is_one_filter(text: str) -> bool:
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and place != len(text) - 1:
            return False
    return depth == 0 and "=" in text and is_clean(text)


def _line(text: str) -> str:
    if not is_clean(text):
        raise ValueError("has characters in it that nobody can see")
    return text


def _attribute(text: str) -> str:
    if not _ATTRIBUTE.match(text):
        raise ValueError("is the name of an attribute, such as mail; empty for none")
    return text


def _groups(texts: Groups) -> Groups:
    for place, text in enumerate(texts, start=1):
        if not _SID.match(text) and not _is_dn(text):
            raise ValueError(
                f"item {place} is the SID of a group (S-1-5-21-...) or its whole DN"
                " (CN=Staff,OU=Groups,DC=corp,DC=example,DC=com), never its name, which another"
                " group can have as well; in the environment such lists are JSON"
            )
    return _distinct(texts)


def _is_dn(text: str) -> bool:
    return is_clean(text) and bool(_DN.match(text))


def _roles(table: dict[str, Groups]) -> dict[str, Groups]:
    if table.keys() - {"admin"}:
        raise ValueError("knows the role admin alone: who is in none of its groups is a user")
    return {role: _groups(groups) for role, groups in table.items()}


def _our_groups(table: dict[str, Groups]) -> dict[str, Groups]:
    if not all(is_name(name) and name == name.strip() for name in table):
        raise ValueError("has a group in it whose name no group of ours can have")
    return {name: _groups(groups) for name, groups in table.items()}


def _distinct(texts: Groups) -> Groups:
    if len({text.casefold() for text in texts}) != len(texts):
        raise ValueError("names one of them twice")
    return texts


def _host(text: str) -> str:
    if text and not _is_domain(text):
        raise ValueError("is the host name in our service principal, such as id.example.com")
    return text.lower()


DIRECTORY_CHECKS: dict[str, Callable[[Any], Any]] = {
    "directories.<name>.urls": _controllers,
    "directories.<name>.domain": _domain,
    "directories.<name>.netbios": _netbios,
    "directories.<name>.upn_suffixes": _suffixes,
    "directories.<name>.base": _base,
    "directories.<name>.user_filter": _filter,
    "directories.<name>.bind_user": _line,
    "directories.<name>.attributes.name": _attribute,
    "directories.<name>.attributes.email": _attribute,
    "directories.<name>.attributes.first_name": _attribute,
    "directories.<name>.attributes.last_name": _attribute,
    "directories.<name>.allowed_groups": _groups,
    "directories.<name>.roles": _roles,
    "directories.<name>.groups": _our_groups,
    "kerberos.host": _host,
}
"""By key, like CHECKS in values.py."""


def directory_problems(
    directories: Mapping[str, DirectorySettings], kerberos: KerberosSettings, wrong: set[str]
) -> Iterator[str]:
    """Yield what does not fit together; keys that are wrong by themselves are not asked about."""
    for name, directory in directories.items():
        yield from _own_problems(f"directories.{name}", directory, wrong)
    yield from _shared_claims(directories)
    if kerberos.keytab and not directories:
        yield "kerberos.keytab: needs a [directories.<name>] that knows the people of the tickets"


def _own_problems(table: str, directory: DirectorySettings, wrong: set[str]) -> Iterator[str]:
    if not directory.urls and f"{table}.urls" not in wrong:
        yield f"{table}.urls: name at least one controller, such as ldaps://dc1.corp.example.com"
    if not directory.domain and f"{table}.domain" not in wrong:
        yield f"{table}.domain: give the DNS name of the domain, such as corp.example.com"
    if not wrong.isdisjoint({f"{table}.bind_user", f"{table}.bind_password"}):
        return
    if bool(directory.bind_user) != bool(directory.bind_password):
        yield f"{table}.bind_user and bind_password: a service account has both, or there is none"
    if directory.create == "sync" and not directory.bind_user:
        yield f"{table}.create: {_SYNC_NEEDS}"


_SYNC_NEEDS = '"sync" needs a service account, bind_user and bind_password, to see everybody'


def _shared_claims(directories: Mapping[str, DirectorySettings]) -> Iterator[str]:
    counted = Counter(claim for one in directories.values() for claim in _claims(one))
    for name, directory in directories.items():
        if any(counted[claim] > 1 for claim in _claims(directory)):
            yield (
                f"directories.{name}: another directory has the same domain, netbios or"
                " upn_suffixes, so nobody could tell whose user is meant"
            )


def _claims(directory: DirectorySettings) -> frozenset[str]:
    """Return what is said before a backslash or after an @ to mean this directory."""
    named = (directory.domain, directory.netbios, *directory.upn_suffixes)
    return frozenset(name.casefold() for name in named if name)
