"""Tries everything that is needed of a directory, step by step, and tells what came of it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from ldap.controls import LDAPControl

from watchword.core.directory.port import Finding
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import UnavailableError
from watchword.directory.controllers import Controller, Controllers
from watchword.directory.entries import users
from watchword.directory.line import (
    BASE,
    BindRefusedError,
    LdapRefusedError,
    Line,
    LineLostError,
)
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import ANYTHING, entry_at
from watchword.directory.subcodes import read_refusal
from watchword.directory.watched import Watched
from watchword.directory.wire import PORTS, addresses_of

_COUNTED_MAX = 1000
_DAYS_LEFT_MIN = 14
_SKEW_MAX = timedelta(minutes=5)  # Kerberos takes no more (RFC 4120, 8.2)
_SHOW_DELETED = "1.2.840.113556.1.4.417"
_TIME_FORMAT = "%Y%m%d%H%M%S"

_SERVICE = "service account"
_NO_SERVICE = (
    "There is none. People can log in, but nobody can be looked for, and who leaves is not seen."
)
_DELETED_SHOWN = "They can be read, so who leaves is soon seen."
_DELETED_HIDDEN = (
    "They cannot be read, which is usual. Who leaves is seen too, by comparing everybody's ids."
)


class Examination:
    """Looks at each controller, and then at what the first good one shows of the directory."""

    def __init__(
        self,
        options: DirectoryOptions,
        controllers: Controllers,
        watched: Watched,
        clock: Clock,
    ) -> None:
        self._options = options
        self._controllers = controllers
        self._watched = watched
        self._clock = clock

    async def findings(self) -> AsyncIterator[Finding]:
        """Return one for each step; what stands on a step that failed is left out."""
        good: list[Controller] = []
        for controller in self._controllers:
            finding = None
            async for finding in self._of_controller(controller):
                yield finding
            if finding is not None and finding.is_good:  # the last step is what all others are for
                good.append(controller)
        if not self._options.can_look:
            yield Finding(title=_SERVICE, is_good=True, text=_NO_SERVICE)
        elif good:
            async for finding in self._of_directory(good[0]):
                yield finding

    async def _of_controller(self, controller: Controller) -> AsyncIterator[Finding]:
        host = controller.host
        for step in (self._name, self._connection):
            finding = await step(controller)
            yield finding
            if not finding.is_good:
                return
        try:
            line = await controller.open()
        except LineLostError as error:
            yield _finding(host, "TLS", is_good=False, text=_told(error))
            return
        try:
            yield self._certificate(host, line)
            yield await self._time(host, line)
            if self._options.can_look:
                yield await self._service_account(controller)
        except (LineLostError, LdapRefusedError) as error:
            yield _finding(host, "LDAP", is_good=False, text=_told(error))
        finally:
            line.close()

    async def _name(self, controller: Controller) -> Finding:
        host, port = _place(controller)
        try:
            async with asyncio.timeout(self._options.timeout_s):
                found = await addresses_of(host, port)
        except TimeoutError:
            return _finding(controller.host, "name", is_good=False, text="No answer in time.")
        except (OSError, UnicodeError) as error:
            return _finding(controller.host, "name", is_good=False, text=f"Not found: {error}.")
        return _finding(controller.host, "name", text=", ".join(sorted(set(found))))

    async def _connection(self, controller: Controller) -> Finding:
        host, port = _place(controller)
        try:
            async with asyncio.timeout(self._options.timeout_s):
                _, writer = await asyncio.open_connection(host, port)
        except TimeoutError:
            return _finding(controller.host, "TCP", is_good=False, text="No answer in time.")
        except OSError as error:
            reason = error.strerror or "no connection"
            return _finding(controller.host, "TCP", is_good=False, text=f"{reason}.")
        writer.transport.abort()
        return _finding(controller.host, "TCP", text=f"Port {port} answers.")

    def _certificate(self, host: str, line: Line) -> Finding:
        ends_at = datetime.fromtimestamp(
            ssl.cert_time_to_seconds(str(line.certificate["notAfter"])), UTC
        )
        days = (ends_at - self._clock.now()).days
        text = f"The certificate is good for {days} more days, until {ends_at:%Y-%m-%d}."
        return _finding(host, "TLS", is_good=days >= _DAYS_LEFT_MIN, text=text)

    async def _time(self, host: str, line: Line) -> Finding:
        root = await entry_at(line, "", ["currentTime"])
        told = root.text("currentTime").partition(".")[0] if root else ""
        try:
            there = datetime.strptime(told, _TIME_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            return _finding(host, "clock", is_good=False, text="It does not tell the time.")
        skew = abs(there - self._clock.now())
        text = f"Its clock and ours differ by {skew.total_seconds():.0f} s."
        return _finding(host, "clock", is_good=skew <= _SKEW_MAX, text=text)

    async def _service_account(self, controller: Controller) -> Finding:
        try:
            line = await controller.open_service()
        except UnavailableError as error:
            refusal = error.__cause__
            if isinstance(refusal, BindRefusedError):
                verdict, code = read_refusal(refusal.text)
                text = f"Refused: {verdict}, code {code or 'unknown'}."
            else:
                text = "Refused a moment ago, so it was not tried again: that could lock it."
            return _finding(controller.host, _SERVICE, is_good=False, text=text)
        line.close()
        return _finding(controller.host, _SERVICE, text="It can log in.")

    async def _of_directory(self, controller: Controller) -> AsyncIterator[Finding]:
        try:
            line = await controller.open_service()
        except (LineLostError, LdapRefusedError, UnavailableError) as error:
            yield _finding(controller.host, "LDAP", is_good=False, text=_told(error))
            return
        try:
            base = await self._base(line)
            yield base
            if not base.is_good:
                return
            yield await self._users(line)
            for finding in await self._groups(line):
                yield finding
            yield await self._token_groups(line)
            yield await self._deleted(line)
        except (LineLostError, LdapRefusedError) as error:
            yield _finding(controller.host, "LDAP", is_good=False, text=_told(error))
        finally:
            line.close()

    async def _base(self, line: Line) -> Finding:
        base = self._options.search_base
        is_there = await entry_at(line, base, ["objectClass"]) is not None
        text = base if is_there else f"There is no {base}, or it is not shown to us."
        return Finding(title="base", is_good=is_there, text=text)

    async def _users(self, line: Line) -> Finding:
        try:
            found = await line.search(
                self._options.search_base, users(self._options), ["1.1"], limit=_COUNTED_MAX
            )
        except LdapRefusedError as error:
            text = f"The filter of the settings is not understood: {error}."
            return Finding(title="users", is_good=False, text=text)
        count = len(found.entries)
        amount = f"{_COUNTED_MAX} or more" if count == _COUNTED_MAX else str(count)
        return Finding(title="users", is_good=count > 0, text=f"{amount} count as users.")

    async def _groups(self, line: Line) -> list[Finding]:
        seen = await self._watched.groups(line, fresh=True)
        found = {group.spec: (True, group.dn) for group in seen.groups}
        missing = {spec: (False, f"{why}.") for spec, why in seen.missing.items()}
        return [
            Finding(title=f"group {spec}", is_good=is_good, text=text)
            for spec, (is_good, text) in sorted((found | missing).items())
        ]

    async def _token_groups(self, line: Line) -> Finding:
        title = "groups of a user"
        people = await line.search(
            self._options.search_base, users(self._options), ["1.1"], limit=1
        )
        if not people.entries:
            return Finding(title=title, is_good=False, text="There is no user to try it with.")
        entry = await entry_at(line, people.entries[0].dn, ["tokenGroups"])
        if entry is not None and entry.all("tokenGroups"):
            return Finding(title=title, is_good=True, text="They can be read at once.")
        # The group "Windows Authorization Access Group" may read it.
        text = "tokenGroups is not shown to us, so groups are read step by step."
        return Finding(title=title, is_good=True, text=text)

    async def _deleted(self, line: Line) -> Finding:
        base = f"CN=Deleted Objects,{self._options.root}"
        shows = LDAPControl(_SHOW_DELETED, criticality=True)
        try:
            found = await line.search(base, ANYTHING, ["isDeleted"], scope=BASE, controls=[shows])
        except LdapRefusedError:
            is_shown = False
        else:
            is_shown = any(entry.first("isDeleted") for entry in found.entries)
        text = _DELETED_SHOWN if is_shown else _DELETED_HIDDEN
        return Finding(title="deleted users", is_good=True, text=text)


def _finding(host: str, step: str, *, is_good: bool = True, text: str = "") -> Finding:
    return Finding(title=f"{host}: {step}", is_good=is_good, text=text)


def _place(controller: Controller) -> tuple[str, int]:
    parts = urlsplit(controller.url)
    assert parts.hostname is not None
    return parts.hostname, parts.port or PORTS[parts.scheme]


def _told(error: Exception) -> str:
    if isinstance(error, LineLostError):
        words = {
            "timeout": "No answer in time.",
            "certificate": "Its certificate is not good for us",
            "tls": "TLS does not begin",
        }
        told = words.get(error.because, "The connection broke")
        return f"{told}: {error.detail}." if error.detail else f"{told.rstrip('.')}."
    return f"{error}."
