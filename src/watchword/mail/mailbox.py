"""An e-mail address as SMTP and headers spell it."""

import re
from dataclasses import dataclass

LOCAL_OCTETS_MAX = 64
DOMAIN_LENGTH_MAX = 253
"""RFC 5321, 4.5.3.1.1 and RFC 1035, 2.3.4, in text and without the last dot."""

# RFC 5322, 3.2.3: a dot-atom. RFC 6531, 3.3 adds everything beyond ASCII; we leave out what
# nobody can see. Quoted local parts have no use but to hide something in them.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A local part that needs no quotes, and a domain in ASCII."""

    local: str
    domain: str

    @property
    def address(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Whether only a mail server that knows SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()


def read_mailbox(text: str) -> Mailbox | None:
    """Return the mailbox that an address names, None if no letter can be sent there."""
    local, _, domain = text.rpartition("@")
    ascii_domain = _ascii(domain)
    if ascii_domain is None or not _LOCAL.fullmatch(local) or not local.isprintable():
        return None
    if len(local.encode()) > LOCAL_OCTETS_MAX:
        return None
    return Mailbox(local, ascii_domain)


def _ascii(domain: str) -> str | None:
    if not domain.isascii():
        import idna  # noqa: PLC0415 - few addresses need it

        try:
            # IDNA 2008: that of 2003, which Python brings, sends letters for straße.example to
            # strasse.example, which may be somebody else's.
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    fits = len(domain) <= DOMAIN_LENGTH_MAX and _DOMAIN.fullmatch(domain)
    return domain if fits else None
