"""Who asks, and from where."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from watchword.core.kernel.ids import AccountId, ApiKeyId, SessionId

Network = IPv4Network | IPv6Network

OPERATOR = "operator"
"""The name of whoever is at the machine's own command line; no account's id is a word."""

IPV6_PREFIX_BITS = 64
"""A home or a hosting customer gets a /64 at least, so one counts as one address."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: an IP address, and the dialect it spoke.

    `language` is what the person there reads best, two letters, empty if nothing says it.
    """

    address: str
    dialect: str
    language: str = ""

    @property
    def network(self) -> str:
        """Return the address by which limits count: IPv4 whole, IPv6 by /64."""
        return counted_address(self.address)

    def within(self, networks: tuple[Network, ...]) -> bool:
        """Say whether the address belongs to one of these networks."""
        return bool(networks) and _within(self.address, networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """On whose behalf a service works, for permission and for the audit trail.

    Who came with an API key has its id here and no session; `scopes` are the key's.
    """

    name: str
    is_admin: bool
    origin: Origin
    account_id: AccountId | None = None
    session_id: SessionId | None = None
    key_id: ApiKeyId | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def is_operator(self) -> bool:
        """Say whether this is the person at the machine's own command line."""
        return self.name == OPERATOR and self.account_id is None


def operator(origin: Origin) -> Actor:
    """Return the person at the machine's own command line, who may do everything."""
    return Actor(name=OPERATOR, is_admin=True, origin=origin)


def stranger_at(origin: Origin) -> Actor:
    """Return whoever is there and has said nothing of who they are."""
    return Actor(name="", is_admin=False, origin=origin)


def owner_of(account_id: AccountId, origin: Origin) -> Actor:
    """Return who proved, by a password or a letter, that an account is theirs."""
    return Actor(name=account_id, is_admin=False, origin=origin, account_id=account_id)


@lru_cache(maxsize=4096)
def counted_address(address: str) -> str:
    """Return the canonical text of an address as limits count it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((int(parsed), IPV6_PREFIX_BITS), strict=False))
    return str(parsed)


@lru_cache(maxsize=4096)
def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)
