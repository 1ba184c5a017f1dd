"""Reads for whom a controller made a Kerberos ticket, by the SID that it wrote there ([MS-PAC])."""

import struct
from collections.abc import Sequence
from typing import Protocol

from watchword.directory.sids import read_sid

CLIENT = b"urn:mspac:upn-dns-info"
"""What MIT Kerberos calls UPN_DNS_INFO ([MS-PAC] 2.10), as an attribute of the client's name."""

_HEAD = struct.Struct("<8xI4xHH")  # the flags; how long the SID is, and where
_HAS_SID = 2


class Attribute(Protocol):
    """An attribute of a name (RFC 6680): `authenticated` if the signature on it was right."""

    @property
    def values(self) -> Sequence[bytes]: ...
    @property
    def authenticated(self) -> bool: ...
    @property
    def complete(self) -> bool: ...


def client_sid(attribute: Attribute) -> str:
    """Return the SID of whom a ticket was made for. Raises ValueError if it says none for sure."""
    if not (attribute.authenticated and attribute.complete):
        raise ValueError("nobody vouches for it")
    [info] = attribute.values
    if len(info) < _HEAD.size:
        raise ValueError("no UPN_DNS_INFO")
    flags, length, begin = _HEAD.unpack_from(info)
    if not flags & _HAS_SID or begin < _HEAD.size or begin + length > len(info):
        raise ValueError("no SID in it")
    return read_sid(info[begin : begin + length])
