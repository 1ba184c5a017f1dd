"""What a value must be beyond its type, and which values must fit each other.

No message repeats a value: some are secrets, or have one inside.
"""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from watchword.core.accounts.names import is_address, is_clean
from watchword.settings.directorychecks import DIRECTORY_CHECKS
from watchword.settings.model import Settings

_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*\Z")


class Rule(NamedTuple):
    """Something that holds between keys."""

    keys: tuple[str, ...]
    holds: Callable[[Settings], bool]
    text: str


def _public_url(url: str) -> str:
    if not url:
        return url
    parts = _split(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and a host name")
    if parts.path not in {"", "/"} or not _ends_after_host(parts):
        raise ValueError("must end after the host and port: no user, path, query or fragment")
    return url.rstrip("/")


def _origin(text: str) -> str:
    if text == "*":
        return text
    parts = _split(text)
    # Web views of desktop and mobile clients have schemes of their own, such as tauri://localhost.
    if not _SCHEME.match(parts.scheme) or not parts.hostname or "*" in parts.netloc:
        raise ValueError("an origin is written scheme://host or scheme://host:port, or * for all")
    if parts.path not in {"", "/"} or not _ends_after_host(parts):
        raise ValueError("an origin ends after the host and port")
    # Browsers send scheme and host in lower case (RFC 6454, 6.2), and we compare the text.
    return text.rstrip("/").lower()


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        raise ValueError("is not a URL with a sound host and port") from None
    if any(char.isspace() for char in url):
        raise ValueError("must have no white space")
    return parts


def _ends_after_host(parts: SplitResult) -> bool:
    return not parts.query and not parts.fragment and "@" not in parts.netloc


def _origins(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_origin(text) for text in texts)


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    for place, text in enumerate(texts, start=1):
        try:
            ip_network(text)
        except ValueError:
            raise ValueError(
                f"item {place} is not an address or network such as 10.0.0.0/8"
                " (the bits after the prefix must be zero)"
            ) from None
    return texts


def _database(url: str) -> str:
    scheme, mark, place = url.partition("://")
    if url and (not mark or scheme not in {"sqlite", "postgresql", "postgres"}):
        raise ValueError("must begin with sqlite:/// or postgresql://, or be empty")
    if scheme == "sqlite" and (place in {"/", "/:memory:"} or not place.startswith("/")):
        raise ValueError("sqlite:/// is followed by the path of a file")
    return url


def _server(url: str) -> str:
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://, or be empty")
    return url


def _mail_host(name: str) -> str:
    if any(char.isspace() for char in name) or "/" in name or "@" in name:
        raise ValueError("is a host name or an address, and nothing else")
    if name.count(":") == 1:
        raise ValueError("has no port in it: that is mail.smtp_port")
    return name.removeprefix("[").removesuffix("]")


def _mail_address(text: str) -> str:
    if text and not is_address(text):
        raise ValueError("is not an e-mail address; the name beside it is mail.sender_name")
    return text


def _line(text: str) -> str:
    if not is_clean(text):
        raise ValueError("has characters in it that nobody can see")
    return text


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("names one of them twice")
    return names


def _recipients(texts: tuple[str, ...]) -> tuple[str, ...]:
    for place, text in enumerate(texts, start=1):
        if not _RECIPIENT.match(text):
            raise ValueError(f"item {place} is not a recipient of age: age1 and 58 characters")
    return _distinct(texts)


CHECKS: dict[str, Callable[[Any], Any]] = {
    "database": _database,
    "public_url": _public_url,
    "enabled_dialects": _distinct,
    "tokens.audiences": _distinct,
    "server.trusted_proxies": _networks,
    "server.allowed_origins": _origins,
    "limits.exempt_addresses": _networks,
    "mail.smtp_host": _mail_host,
    "mail.sender": _mail_address,
    "mail.sender_name": _line,
    "backup.recipients": _recipients,
    "backup.database": _server,
    **DIRECTORY_CHECKS,
}
"""By key: take a value of the right type, return it in its one spelling or raise ValueError."""

TLS_KEYS = ("server.tls", "server.tls_cert", "server.tls_key")

RULES = (
    Rule(
        ("master_key", "retired_master_keys"),
        lambda s: bool(s.master_key) or not s.retired_master_keys,
        "retired_master_keys: go with master_key; in the file master.key they are further lines",
    ),
    Rule(
        TLS_KEYS,
        lambda s: s.server.tls != "files" or bool(s.server.tls_cert and s.server.tls_key),
        "server.tls_cert and server.tls_key: TLS from files needs both",
    ),
    Rule(
        TLS_KEYS,
        lambda s: s.server.tls != "self-signed" or not (s.server.tls_cert or s.server.tls_key),
        'server.tls: with "self-signed", server.tls_cert and server.tls_key must be empty',
    ),
    Rule(
        ("limits.wait_first_s", "limits.wait_longest_s"),
        lambda s: s.limits.wait_first_s <= s.limits.wait_longest_s,
        "limits.wait_first_s: must not be more than limits.wait_longest_s",
    ),
    Rule(
        ("tokens.audiences", "issuer", "public_url"),
        lambda s: not {s.issuer, s.public_url} & set(s.tokens.audiences),
        "tokens.audiences: must not hold issuer or public_url, which are this server's own",
    ),
    Rule(
        ("server.port", "server.metrics_port"),
        lambda s: not s.server.metrics_port or s.server.metrics_port != s.server.port,
        "server.metrics_port: must not be server.port; 0 puts the metrics on the main port",
    ),
    Rule(
        ("mail.smtp_host", "mail.sender"),
        lambda s: not s.mail.smtp_host or bool(s.mail.sender),
        "mail.sender: mail.smtp_host needs it too: the address that letters come from",
    ),
    Rule(
        ("mail.username", "mail.password"),
        lambda s: bool(s.mail.username) == bool(s.mail.password),
        "mail.username and mail.password: the mail server asks for both, or for neither",
    ),
)
