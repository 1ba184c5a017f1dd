"""What came of handing a letter to the mail server: what it means, and what to do about it."""

import re

from watchword.core.ports import Outcome, Posting

SENT = "It is the mail server's now. If it does not arrive, look into the junk folder."

_BUSY = "That passes most of the time: try again in some minutes. A real letter waits until then."
_LOGIN = (
    "It does not let us in. Look at mail.username and mail.password; many providers want a"
    " password made for programs (an app password) in place of your own."
)
_SENDER = (
    "It takes no letter from us. See that it may send for mail.sender, and whether it wants a"
    " log-in (mail.username)."
)
_WAY = (
    'Look at mail.smtp_port and mail.tls: port 587 is "starttls", port 465 is "implicit". A'
    " firewall may also be in between."
)
_CERTIFICATE = (
    "mail.smtp_host must be a name in its certificate. If that comes from an authority of your"
    " own, name that one's file in mail.ca_file."
)
_NAME = "No machine has this name. Look at mail.smtp_host, and at the name server of this machine."
_CLOSED = (
    "The machine is there and listens on no such port. Look at mail.smtp_host and mail.smtp_port."
)
_ADVICE = (
    (re.compile(r"5(30|34|35|38) "), _LOGIN),
    (re.compile(r"5\d\d "), _SENDER),
    (re.compile(r"4\d\d "), _BUSY),
    (re.compile(r".*certificate", re.IGNORECASE), _CERTIFICATE),
    (re.compile(r".*(name or service|name resolution|nodename|no address)", re.IGNORECASE), _NAME),
    (re.compile(r".*(connection refused|connect call failed)", re.IGNORECASE), _CLOSED),
)
"""By how the mail server's words begin, or ours where it said none. The first that fits counts."""


def advice_for(posting: Posting) -> str:
    """Say what to do about a letter, or a look at the mail server, that came to nothing."""
    if posting.outcome is Outcome.REFUSED:
        return "It takes no letter for this address. Look at the address, and try another one."
    return next((advice for words, advice in _ADVICE if words.match(posting.reason)), _WAY)
