"""Filters (RFC 4515) for the people that somebody asks for; whatever was typed is escaped."""

from ldap.filter import escape_filter_chars

from watchword.core.accounts.names import canonical
from watchword.core.directory.model import Asked
from watchword.directory.entries import any_of
from watchword.directory.line import Entry
from watchword.directory.options import DirectoryOptions
from watchword.directory.sids import in_filter, write_guid, write_sid

_LOGIN, _UPN = "sAMAccountName", "userPrincipalName"


def clause_for(asked: Asked, options: DirectoryOptions) -> str:
    """Return what is true of who is asked for. Raises ValueError for an impossible id."""
    if asked.guid:
        return f"(objectGUID={in_filter(write_guid(asked.guid))})"
    if asked.sid:
        return f"(objectSid={in_filter(write_sid(asked.sid))})"
    if "@" not in asked.login:
        return _equals(_LOGIN, asked.login)
    explicit = _equals(_UPN, asked.login)
    implicit = _implicit_login(asked.login, options)
    return any_of([explicit, _equals(_LOGIN, implicit)]) if implicit else explicit


def beginning_with(text: str, options: DirectoryOptions) -> str:
    """Return what is true of those whose names begin so."""
    escaped = escape_filter_chars(text)
    names = {_LOGIN, _UPN, "displayName", "sn", options.attributes.name} - {""}
    return any_of(f"({name}={escaped}*)" for name in sorted(names))


def pick(entries: list[Entry], asked: Asked, options: DirectoryOptions) -> Entry | None:
    """Return the one who is asked for, None if that is nobody or not one alone.

    A directory finds more alike than we do, such as e and é. Everybody has a name `login@domain`
    besides the user principal name; where that is another's, it is the other who is meant
    ([MS-ADTS] 5.1.1.1.1).
    """
    if asked.guid or asked.sid:
        return _only(entries)
    key = canonical(asked.login)
    if "@" not in asked.login:
        return _only([one for one in entries if canonical(one.text(_LOGIN)) == key])
    if explicit := [one for one in entries if canonical(one.text(_UPN)) == key]:
        return _only(explicit)
    login = canonical(_implicit_login(asked.login, options))
    return _only([one for one in entries if login and canonical(one.text(_LOGIN)) == login])


def _only(entries: list[Entry]) -> Entry | None:
    return entries[0] if len(entries) == 1 else None


def _implicit_login(name: str, options: DirectoryOptions) -> str:
    before, _, suffix = name.rpartition("@")
    return before if suffix.casefold() == options.domain.casefold() else ""


def _equals(attribute: str, text: str) -> str:
    return f"({attribute}={escape_filter_chars(text)})"
