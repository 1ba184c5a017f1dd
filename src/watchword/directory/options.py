"""What one directory is: where its controllers are, what it is called, and how we read it."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeNames:
    """Which attributes of a user become which fields of an account; empty for none."""

    name: str = "sAMAccountName"
    email: str = "mail"
    first_name: str = "givenName"
    last_name: str = "sn"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryOptions:
    """One directory, as the settings describe it.

    `urls` are its controllers, the preferred first: `ldaps://host[:port]`, or
    `ldap://host[:port]`, which means StartTLS and never a bind without it. `domain` is the DNS
    name of the domain, `netbios` its old short name; `base` and `user_filter` (RFC 4515) say
    which of its users count. `bind_user` is the service account, empty for none. Without
    `ca_file` the authorities of this machine count. `timeout_s` is for each step with a
    controller. `watched` are the groups that the settings name, by SID or whole DN.
    """

    name: str
    urls: tuple[str, ...]
    domain: str
    netbios: str = ""
    upn_suffixes: tuple[str, ...] = ()
    base: str = ""
    user_filter: str = ""
    bind_user: str = ""
    bind_password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_s: float = 3.0
    pool_size: int = 4
    bare_names: bool = True
    attributes: AttributeNames = field(default_factory=AttributeNames)
    watched: frozenset[str] = frozenset()

    @property
    def can_look(self) -> bool:
        """Say whether there is a service account."""
        return bool(self.bind_user)

    @property
    def root(self) -> str:
        """Return the DN of the domain itself."""
        return ",".join(f"DC={label}" for label in self.domain.split("."))

    @property
    def search_base(self) -> str:
        """Return where users are looked for."""
        return self.base or self.root
