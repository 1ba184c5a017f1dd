"""Reads Kerberos tickets that clients send (RFC 4559), with a key from a file."""

from pathlib import Path

import gssapi
from gssapi.raw.ext_rfc4178 import set_neg_mechs
from gssapi.raw.ext_rfc6680 import get_name_attribute

from watchword.core.directory.port import Negotiated
from watchword.core.kernel.errors import InvalidError
from watchword.directory.pac import CLIENT, client_sid
from watchword.observability.log import get_logger

_log = get_logger("watchword.directory")

TOKEN_MAX = 65_536
"""A ticket of somebody in hundreds of groups has half of that; no header of ours has more."""

_REASON_MAX = 200

_SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
_KERBEROS = gssapi.OID.from_int_seq("1.2.840.113554.1.2.2")


class KeytabNegotiation:
    """Implements Negotiation with a keytab.

    Raises InvalidError("kerberos.keytab") if no key can be read from it. Without a `host` a
    ticket for any host is good, if its key is there. A file that is renewed is read anew.
    """

    is_on = True

    def __init__(self, keytab: Path, service: str, host: str) -> None:
        self._keytab = keytab
        self._service = service.casefold()
        self._host = host.casefold()
        try:
            self._credentials()
        except gssapi.exceptions.GSSError as error:
            raise InvalidError(
                "kerberos.keytab", f"kerberos.keytab: no key can be read from {keytab}."
            ) from error

    async def accept(self, token: bytes) -> Negotiated | None:
        """Return whose ticket this is.

        It takes a fifth of a millisecond, and to hand it to a thread would cost more.
        """
        if not token or len(token) > TOKEN_MAX:
            return None
        try:
            return self._take(token)
        except gssapi.exceptions.GSSError as error:
            because = _told(error)
        except ValueError:
            because = "a name in it is no text"
        # It may name the service that somebody asked for, but nobody who asked.
        _log.info("a Kerberos ticket was not taken", because=because[:_REASON_MAX])
        return None

    def _take(self, token: bytes) -> Negotiated | None:
        context = gssapi.SecurityContext(creds=self._credentials(), usage="accept")
        reply = context.step(token)
        # A second step would be NTLM, or a client that guessed wrong; and a replay ends here.
        if not context.complete or not self._is_for_us(str(context.target_name)):
            return None
        client = context.initiator_name
        return Negotiated(principal=str(client), sid=_sid_of(client), reply=reply or b"")

    def _is_for_us(self, principal: str) -> bool:
        """Say whether a ticket was made for our service; the keytab may have keys of others."""
        service, _, host = principal.casefold().rpartition("@")[0].partition("/")
        return service == self._service and self._host in ("", host)

    def _credentials(self) -> gssapi.Credentials:
        # Without a name, for to make one from a host asks the DNS about it.
        credentials = gssapi.Credentials(
            usage="accept", mechs=[_SPNEGO], store={"keytab": str(self._keytab)}
        )
        # Nothing but Kerberos itself: by IAKERB a stranger would let us ask a KDC for them.
        set_neg_mechs(credentials, {_KERBEROS})
        return credentials


def _sid_of(client: gssapi.Name) -> str:
    """Return the SID that the controller wrote into a ticket, empty if it wrote none."""
    try:
        return client_sid(get_name_attribute(client, CLIENT))
    except (gssapi.exceptions.OperationUnavailableError, ValueError):
        # The ticket is good, so no stranger can fill the log with this.
        _log.warning("a ticket has no SID in it")
        return ""


def _told(error: gssapi.exceptions.GSSError) -> str:
    """Return what the library says, of Kerberos itself where it knows more."""
    is_major = error.min_code == 0
    code = error.maj_code if is_major else error.min_code
    return ", ".join(error.get_all_statuses(code, is_maj=is_major)).replace("\0", "")
