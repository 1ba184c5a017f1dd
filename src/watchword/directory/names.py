"""Who may be meant by a name as somebody typed it, and in which directory."""

from collections.abc import Sequence

from watchword.core.directory.model import Asked
from watchword.directory.options import DirectoryOptions

TYPED_MAX = 256


def candidates(
    directories: Sequence[DirectoryOptions], typed: str, domain: str
) -> tuple[Asked, ...]:
    """Return who may be meant, in the order of the settings; see Directories.candidates."""
    name, domain = typed.strip(), domain.strip()
    if not (_is_fit(name) and (not domain or _is_fit(domain))):
        return ()
    if "\\" in name:
        before, login = _parts(name.partition("\\"))
        return _in_domain(directories, login, before) if _is_bare(login) else ()
    if "@" in name:
        return _in_suffix(directories, name)
    if domain:
        return _in_domain(directories, name, domain)
    return tuple(Asked(directory=one.name, login=name) for one in directories if one.bare_names)


def of_principal(directories: Sequence[DirectoryOptions], principal: str) -> Asked | None:
    """Return who has a Kerberos principal; the realm is the domain in capitals (RFC 4120, 6.1)."""
    login, _, realm = principal.rpartition("@")
    # With a slash it is a service on some machine.
    if not (_is_fit(login) and _is_bare(login)) or "/" in login:
        return None
    found = (one for one in directories if one.domain.casefold() == realm.casefold())
    return next((Asked(directory=one.name, login=login) for one in found), None)


def bind_name(asked: Asked, options: DirectoryOptions) -> str:
    """Return the name by which somebody can bind of whom we know no DN."""
    return asked.login if "@" in asked.login else f"{asked.login}@{options.domain}"


def _in_domain(
    directories: Sequence[DirectoryOptions], login: str, domain: str
) -> tuple[Asked, ...]:
    """Return who is called so in the directory of a domain, or with one of its UPN suffixes."""
    found = []
    for one in directories:
        if _is_called(one, domain):
            found.append(Asked(directory=one.name, login=login))
        elif _has_suffix(one, domain):
            found.append(Asked(directory=one.name, login=f"{login}@{domain}"))
    return tuple(found)


def _in_suffix(directories: Sequence[DirectoryOptions], name: str) -> tuple[Asked, ...]:
    """Return who has such a user principal name; `user@NETBIOS` is only another spelling."""
    before, suffix = _parts(name.rpartition("@"))
    if not (_is_bare(before) and suffix):
        return ()
    found = []
    for one in directories:
        if suffix.casefold() == one.domain.casefold() or _has_suffix(one, suffix):
            found.append(Asked(directory=one.name, login=f"{before}@{suffix}"))
        elif _is_called(one, suffix):
            found.append(Asked(directory=one.name, login=before))
    return tuple(found)


def _parts(divided: tuple[str, str, str]) -> tuple[str, str]:
    """Return both parts as a directory reads them, so that guesses at one are counted as one."""
    return divided[0].strip(), divided[2].strip()


def _is_called(one: DirectoryOptions, domain: str) -> bool:
    return domain.casefold() in {one.domain.casefold(), one.netbios.casefold()} - {""}


def _has_suffix(one: DirectoryOptions, suffix: str) -> bool:
    return suffix.casefold() in {known.casefold() for known in one.upn_suffixes}


def _is_bare(login: str) -> bool:
    return bool(login.strip()) and not {"\\", "@"} & set(login)


def _is_fit(text: str) -> bool:
    # A control or half a surrogate pair is in no name, and would trip who writes it down.
    return 0 < len(text) <= TYPED_MAX and text.isprintable()
