"""Who is at the other end: the socket's peer, or whom a trusted proxy names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from watchword.core.kernel.caller import Network
from watchword.http.fields import Fields

UNKNOWN = ""
"""The address of a peer that has none: a socket of the file system."""


@dataclass(frozen=True, slots=True)
class Client:
    """The other end of a request.

    `is_secure` says that it came over TLS. `is_local` says that it came from this
    machine and through no proxy: only the socket's peer can make it true. `by_proxy`
    says that the peer is a proxy that we trust.
    """

    address: str
    is_secure: bool
    is_local: bool
    by_proxy: bool = False


class Addresses:
    """Judges addresses; `X-Forwarded-For` and `-Proto` count from trusted proxies only."""

    def __init__(self, trusted: tuple[Network, ...]) -> None:
        self._trusted = trusted

    def of(self, scope: Mapping[str, Any], fields: Fields) -> Client:
        """Return the client of one request."""
        peer = scope.get("client")
        address, is_loopback = _known(peer[0]) if peer else (UNKNOWN, False)
        is_secure = scope["scheme"] == "https"
        is_local = is_loopback and not fields.forwarded
        if not self._trusted or not self._trusts(address):
            return Client(address, is_secure, is_local)
        return Client(
            address=self._behind(address, fields.listed(b"x-forwarded-for")),
            is_secure=_came_secure(fields, is_secure=is_secure),
            is_local=is_local,
            by_proxy=True,
        )

    def _trusts(self, address: str) -> bool:
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._trusted)

    def _behind(self, peer: str, hops: list[str]) -> str:
        """Return the last hop that no trusted proxy made, read from the right.

        What is left of a bad hop is not looked at: anybody can write there.
        """
        found = peer
        for hop in reversed(hops):
            parsed = _parse_hop(hop)
            if parsed is None:
                return found
            found = str(parsed)
            if not self._trusts(found):
                return found
        return found


def _came_secure(fields: Fields, *, is_secure: bool) -> bool:
    schemes = fields.listed(b"x-forwarded-proto")
    last = schemes[-1].lower() if schemes else ""
    return last == "https" if last in {"http", "https"} else is_secure


@lru_cache(maxsize=4096)
def _known(peer: str) -> tuple[str, bool]:
    """Return an address in its one spelling, and whether it is this machine."""
    parsed = _parse(peer)
    return (UNKNOWN, False) if parsed is None else (str(parsed), parsed.is_loopback)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    # A socket that takes both families shows IPv4 peers as ::ffff:192.0.2.1.
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _parse_hop(text: str) -> IPv4Address | IPv6Address | None:
    """Read one hop; some proxies add a port, in brackets or not (RFC 7239, section 6)."""
    if text.startswith("["):
        return _parse(text[1:].partition("]")[0])
    if text.count(":") == 1:
        text = text.partition(":")[0]
    return _parse(text)
