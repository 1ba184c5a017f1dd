"""Facts about the head of a request as it stood on the wire: its target and its fields."""

import re
from urllib.parse import unquote_to_bytes

Fields = list[tuple[bytes, bytes]]

HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]+")
AUTHORITY = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)
TO_ANOTHER_PROTOCOL = {b"upgrade", b"http2-settings"}


def is_host(value: bytes) -> bool:
    """Say whether a Host field could be one (RFC 9112, 3.2: anything else is a bad request)."""
    return HOST.fullmatch(value) is not None


def names_host(target: bytes, host: bytes) -> bool:
    """Say whether an absolute target (`GET http://host/path`) names this host."""
    found = AUTHORITY.match(target)
    return found is not None and found[1].lower() == host.lower()


def path_of(target: bytes) -> str:
    """Return the decoded path of a target; empty if it has none."""
    raw = target.partition(b"?")[0]
    return unquote_to_bytes(raw).decode("utf-8", "replace") if raw[:1] == b"/" else ""


def head_bytes(method: bytes, target: bytes, fields: Fields) -> int:
    """Return how long a head is, from the request line to the empty line."""
    line = len(method) + len(target) + len(b"  HTTP/1.1\r\n")
    return line + sum(len(name) + len(value) + len(b": \r\n") for name, value in fields) + 2


def head_without_upgrade(method: bytes, target: bytes, version: str, fields: Fields) -> bytes:
    """Return the head of a request, as if it asked for no other protocol."""
    lines = [b"%b %b HTTP/%b" % (method, target, version.encode())]
    for name, value in fields:
        if name not in TO_ANOTHER_PROTOCOL:
            lines.append(b"%b: %b" % (name, _staying(value) if name == b"connection" else value))
    return b"\r\n".join([*lines, b"", b""])


def _staying(connection: bytes) -> bytes:
    options = [option.strip() for option in connection.split(b",")]
    return b", ".join(option for option in options if option.lower() != b"upgrade")
