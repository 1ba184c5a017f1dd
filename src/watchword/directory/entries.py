"""What we ask of a user of a directory, and who that is in the words of the core."""

from collections.abc import Iterable
from datetime import datetime

from watchword.core.accounts.names import NAME_LENGTH_MAX, is_address, is_clean, is_name
from watchword.core.directory.model import MUST_BE_CHANGED, Closed, Person
from watchword.directory.line import Entry
from watchword.directory.options import DirectoryOptions
from watchword.directory.sids import read_guid, read_moment, read_sid

NORMAL_USER = "(sAMAccountType=805306368)"
"""People, and what may log in as they do: no computers, trusts, contacts or groups."""

STATE = "userAccountControl"
"""Every user has it. Who may not see it cannot tell who is disabled."""

_FACTS = (
    "objectGUID",
    "objectSid",
    "sAMAccountName",
    "userPrincipalName",
    STATE,
    "accountExpires",
    "pwdLastSet",
    "memberOf",
    "primaryGroupID",
)
_LOST = "\ufffd"
_ACCOUNTDISABLE = 2  # of userAccountControl, [MS-ADTS] 2.2.16


def attributes_of(options: DirectoryOptions) -> tuple[str, ...]:
    """Return what to ask of a user, each attribute once."""
    names = options.attributes
    mapped = (names.name, names.email, names.first_name, names.last_name)
    by_key = {name.lower(): name for name in (*_FACTS, *mapped) if name}
    return tuple(by_key.values())


def users(options: DirectoryOptions, *clauses: str) -> str:
    """Return a filter for the users who count, and whom each of these clauses is true of."""
    wanted = options.user_filter.strip()
    if wanted and not wanted.startswith("("):
        wanted = f"({wanted})"
    return f"(&{NORMAL_USER}{wanted}{''.join(clauses)})"


def any_of(clauses: Iterable[str]) -> str:
    """Return a filter for what one of these clauses at least is true of."""
    return f"(|{''.join(clauses)})"


def person_of(
    entry: Entry, options: DirectoryOptions, *, groups: frozenset[str], at: datetime
) -> Person | None:
    """Return who this is, None if the entry does not tell: not everybody may see everything.

    Whatever stands in a directory can be read: what no name of an account may have in it is
    left out.
    """
    login = _text(entry.first("sAMAccountName"))
    guid = guid_of(entry)
    if not login or guid is None:
        return None
    names = options.attributes
    return Person(
        directory=options.name,
        guid=guid,
        dn=entry.dn,
        login=login,
        name=_name(_value(entry, names.name), login, guid),
        upn=_shown(_text(entry.first("userPrincipalName"))),
        email=_address(_value(entry, names.email)),
        first_name=_short(_value(entry, names.first_name)),
        last_name=_short(_value(entry, names.last_name)),
        groups=groups,
        closed=_closed(entry, at),
        password_at=_password_at(entry),
    )


def guid_of(entry: Entry) -> str | None:
    """Return the objectGUID of an entry, None if it does not tell."""
    try:
        return read_guid(entry.first("objectGUID") or b"")
    except ValueError:
        return None


def sid_of(entry: Entry) -> str:
    """Return the objectSid of an entry, empty if it does not tell."""
    try:
        return read_sid(entry.first("objectSid") or b"")
    except ValueError:
        return ""


def _closed(entry: Entry, at: datetime) -> Closed:
    flags = entry.first(STATE) or b""
    # A number that we cannot read is no reason to let somebody in.
    if flags and (not _is_number(flags) or int(flags) & _ACCOUNTDISABLE):
        return Closed.DISABLED
    expires_at = _moment(entry, "accountExpires")
    return Closed.EXPIRED if expires_at is not None and expires_at <= at else Closed.OPEN


def _password_at(entry: Entry) -> datetime | None:
    text = entry.first("pwdLastSet") or b""
    if _is_number(text) and int(text) == 0:
        return MUST_BE_CHANGED
    return _moment(entry, "pwdLastSet")


def _is_number(text: bytes) -> bool:
    return text.removeprefix(b"-").isdigit()


def _moment(entry: Entry, attribute: str) -> datetime | None:
    text = entry.first(attribute) or b""
    return read_moment(text) if _is_number(text) else None


def _value(entry: Entry, attribute: str) -> str:
    return _text(entry.first(attribute)) if attribute else ""


def _text(value: bytes | None) -> str:
    # PostgreSQL keeps no NUL in a text.
    return (value or b"").decode("utf-8", "replace").replace("\0", _LOST).strip()


def _name(text: str, login: str, guid: str) -> str:
    """Return what an account may be called: by its own attribute, or by the login, or at all."""
    own, usual = _shown(text), _short(login)
    return next(name for name in (own, usual, guid) if is_name(name))


def _short(text: str) -> str:
    return _shown(text)[:NAME_LENGTH_MAX].strip()


def _shown(text: str) -> str:
    """Return a text without the characters that nobody sees."""
    if is_clean(text):
        return text
    return "".join(char for char in text if is_clean(char)).strip()


def _address(text: str) -> str:
    # Where a byte was lost it is another address.
    return text if is_address(text) and _LOST not in text else ""
