"""Directories and Kerberos as the settings name them; what speaks to them is loaded late."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from watchword.core.accounts.model import Role
from watchword.core.kernel.clock import Clock, SystemClock
from watchword.core.kernel.errors import InvalidError
from watchword.core.services.directoryrules import Creates, DirectoryRules, Offline
from watchword.observability.metrics import Metrics
from watchword.settings.directories import AttributeSettings, DirectorySettings
from watchword.settings.model import Settings

if TYPE_CHECKING:
    from watchword.directory.directories import LdapDirectories
    from watchword.directory.kerberos import KeytabNegotiation
    from watchword.directory.options import AttributeNames, DirectoryOptions


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears of directories: how long each question took, and whether one answers at all."""

    asked: Callable[[str, str, float], None] = lambda *_: None
    presence: Callable[[str, bool], None] = lambda *_: None

    @classmethod
    def counted(cls, metrics: Metrics | None) -> "Told":
        """Return what counts it. The command line has no metrics."""
        if metrics is None:
            return cls()
        return cls(
            asked=metrics.directory_asked,
            presence=lambda name, is_up: metrics.directory_seen(name, is_up=is_up),
        )


def directory_rules(settings: Settings) -> Mapping[str, DirectoryRules]:
    """Return what the settings say about the people of each directory."""
    return {name: _rules(asked) for name, asked in settings.directories.items()}


def directory_options(settings: Settings) -> "list[DirectoryOptions]":
    """Return what the settings say about how directories are asked, in their order."""
    return [_options(name, asked) for name, asked in settings.directories.items()]


def check_directories(settings: Settings) -> None:
    """Raise InvalidError with what to do if nobody of a directory could log in."""
    if settings.directories:
        make_directories(settings, clock=SystemClock(), told=Told()).close()
    if settings.kerberos.keytab:
        make_negotiation(settings)


def make_directories(settings: Settings, *, clock: Clock, told: Told) -> "LdapDirectories":
    """Return what asks the directories of the settings. Raises InvalidError with what to do."""
    try:
        from watchword.directory.directories import LdapDirectories  # noqa: PLC0415 - see above
    except ImportError as error:
        raise _missing(error, "directories", "python-ldap", "ldap", "directory") from error
    return LdapDirectories(
        directory_options(settings),
        clock=clock,
        on_asked=told.asked,
        on_presence=told.presence,
    )


def make_negotiation(settings: Settings) -> "KeytabNegotiation":
    """Return what reads Kerberos tickets. Raises InvalidError with what to do."""
    try:
        from watchword.directory.kerberos import KeytabNegotiation  # noqa: PLC0415 - see above
    except ImportError as error:
        raise _missing(error, "kerberos.keytab", "gssapi", "gssapi", "kerberos") from error
    asked = settings.kerberos
    return KeytabNegotiation(Path(asked.keytab), service=asked.service, host=asked.host)


def _missing(error: ImportError, key: str, package: str, module: str, extra: str) -> InvalidError:
    """Return what to say of a package that is not there, or that does not load."""
    if (error.name or "").partition(".")[0].removeprefix("_") != module:
        raise error
    return InvalidError(
        key,
        f"{key}: {package} is needed and cannot be loaded ({error}). Install it with"
        f" `pip install 'watchword[{extra}]'`, or `make setup-directory` in a checkout;"
        f" or take {key} out of the settings.",
    )


def _options(name: str, asked: DirectorySettings) -> "DirectoryOptions":
    from watchword.directory.options import DirectoryOptions  # noqa: PLC0415 - see above

    return DirectoryOptions(
        name=name,
        urls=asked.urls,
        domain=asked.domain,
        netbios=asked.netbios,
        upn_suffixes=asked.upn_suffixes,
        base=asked.base,
        user_filter=asked.user_filter,
        bind_user=asked.bind_user,
        bind_password=asked.bind_password.reveal(),
        ca_file=Path(asked.ca_file) if asked.ca_file else None,
        timeout_s=asked.timeout_s,
        pool_size=asked.pool_size,
        bare_names=asked.bare_names,
        attributes=_attributes(asked.attributes),
        watched=_rules(asked).watched,
    )


def _attributes(asked: AttributeSettings) -> "AttributeNames":
    from watchword.directory.options import AttributeNames  # noqa: PLC0415 - see above

    return AttributeNames(
        name=asked.name,
        email=asked.email,
        first_name=asked.first_name,
        last_name=asked.last_name,
    )


def _rules(asked: DirectorySettings) -> DirectoryRules:
    return DirectoryRules(
        allowed=frozenset(asked.allowed_groups),
        roles={Role(role): frozenset(groups) for role, groups in asked.roles.items()},
        groups={name: frozenset(groups) for name, groups in asked.groups.items()},
        creates=Creates(asked.create),
        trusts_mail=asked.trust_email,
        offline=Offline(asked.offline),
        grace=timedelta(seconds=asked.offline_grace_s),
        cached_for=timedelta(days=asked.cache_days),
        stop_percent=asked.stop_percent,
        stop_above=asked.stop_above,
    )
