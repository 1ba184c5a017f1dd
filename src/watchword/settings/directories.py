"""The settings of directories such as Active Directory, and of Kerberos."""

from typing import Annotated, Literal

from msgspec import Meta, field

from watchword.settings.secret import Secret
from watchword.settings.section import Section, Text

Groups = tuple[str, ...]
"""Groups of a directory, each by its SID or its whole DN."""


class AttributeSettings(Section, frozen=True, kw_only=True):
    """Which attributes of a user become which fields of an account."""

    name: Text = "sAMAccountName"
    email: str = "mail"
    first_name: str = "givenName"
    last_name: str = "sn"


class DirectorySettings(Section, frozen=True, kw_only=True):
    """One directory: where it is, who may come in, and what holds while it is away."""

    urls: tuple[str, ...] = ()
    domain: str = ""
    netbios: str = ""
    upn_suffixes: tuple[str, ...] = ()
    base: str = ""
    user_filter: str = ""
    bind_user: str = ""
    bind_password: Secret = Secret()
    ca_file: str = ""
    timeout_s: Annotated[float, Meta(ge=0.1, le=30)] = 3.0
    pool_size: Annotated[int, Meta(ge=1, le=100)] = 4
    bare_names: bool = True
    create: Literal["never", "login", "sync"] = "login"
    allowed_groups: Groups = ()
    roles: dict[str, Groups] = field(default_factory=dict)
    """By role: which groups give it."""
    groups: dict[str, Groups] = field(default_factory=dict)
    """By group of ours: which groups there put somebody into it."""
    trust_email: bool = False
    offline: Literal["refuse", "sessions", "cache"] = "refuse"
    offline_grace_s: Annotated[float, Meta(ge=0, le=86_400)] = 60.0
    cache_days: Annotated[int, Meta(ge=1, le=365)] = 7
    stop_percent: Annotated[int, Meta(ge=0, le=100)] = 10
    stop_above: Annotated[int, Meta(ge=0, le=1_000_000)] = 3
    attributes: AttributeSettings = AttributeSettings()


class KerberosSettings(Section, frozen=True, kw_only=True):
    """Whose tickets we can read."""

    keytab: str = ""
    service: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}\\Z")] = "HTTP"
    host: str = ""
