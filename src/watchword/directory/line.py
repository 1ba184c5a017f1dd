"""One conversation with a controller in LDAP, of which nothing holds up the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLCertVerificationError, SSLError
from typing import Any

import ldap

from watchword.directory.wire import Wire, open_wire

BASE, ONE_LEVEL, SUBTREE = 0, 1, 2
"""How far below its base a search looks."""

ADD, DELETE, REPLACE = 0, 1, 2
"""What a change does with its values."""

Change = tuple[int, str, list[bytes] | None]

_INVALID_CREDENTIALS = 49
_SIZE_LIMIT_EXCEEDED = 4
_TURN_S = 0.005
_PATIENCE_S = 0.5
_NOWHERE = "ldapi://%2Fnowhere"
"""libldap would connect again by itself, and wait for it; this leads to nobody."""

_OURS_TO_MEND = (ldap.FILTER_ERROR, ldap.PARAM_ERROR, ldap.ENCODING_ERROR)


class LineLostError(Exception):
    """There is no connection, or no answer in time. `because` is one word for logs."""

    def __init__(self, because: str, detail: str = "") -> None:
        super().__init__(because)
        self.because = because
        self.detail = detail


class BindRefusedError(Exception):
    """The controller does not take this name with this password. `text` is its own."""

    def __init__(self, text: str) -> None:
        # What it says may name who was meant, so only those who want `text` see it.
        super().__init__("the bind was refused")
        self.text = text


class LdapRefusedError(Exception):
    """The controller did not do what it was asked. `text` is its own."""

    def __init__(self, result_code: int, text: str) -> None:
        super().__init__(f"refused with result code {result_code}")
        self.result_code = result_code
        self.text = text


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in the directory. The keys of `values` are in lower case."""

    dn: str
    values: dict[str, list[bytes]] = field(repr=False)

    def all(self, name: str) -> list[bytes]:
        """Return the values of an attribute, in whatever case it is asked for."""
        return self.values.get(name.lower(), [])

    def first(self, name: str) -> bytes | None:
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """Return the first value as text, empty if there is none."""
        return (self.first(name) or b"").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found; `controls` are python-ldap's response controls."""

    entries: list[Entry]
    controls: list[Any]  # python-ldap has no types


@dataclass(slots=True)
class _Waiting:
    """An operation whose answer is not all here."""

    future: "asyncio.Future[Answer]"
    entries: list[Entry] = field(default_factory=list)

    def finish(self, controls: list[Any]) -> None:
        if not self.future.done():  # whoever waited may have gone away in this very turn
            self.future.set_result(Answer(self.entries, controls))

    def refuse(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Line:
    """An encrypted connection to a controller; several operations at once are fine.

    An operation that does not end in `timeout_s`, and a connection that breaks, raise
    LineLostError; then `is_open` is False and the line of no more use. What is asked at once
    must find room between two sockets, which is 100 KiB at least; answers have no such bound.
    """

    def __init__(self, wire: Wire, timeout_s: float) -> None:
        self._wire = wire
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, _Waiting] = {}
        self._is_open = True
        self._is_hearing_on = False
        self._heard_at = self._loop.time()
        self._ldap = ldap.initialize(_NOWHERE, fileno=wire.fd)
        self._ldap.set_option(ldap.OPT_REFERRALS, 0)
        # The machine's own ldap.conf has no say here.
        self._ldap.set_option(ldap.OPT_DEREF, ldap.DEREF_NEVER)
        self._ldap.set_option(ldap.OPT_TIMELIMIT, ldap.NO_LIMIT)
        self._loop.add_reader(wire.fd, self._hear)

    @classmethod
    async def open(
        cls, url: str, *, ca_file: Path | None, timeout_s: float, answer_s: float | None = None
    ) -> "Line":
        """Connect to `ldaps://host[:port]`, or `ldap://host[:port]` with StartTLS.

        All of it takes `timeout_s` at most, and each operation then `answer_s`, if that is to
        be something else. Raises LineLostError.
        """
        try:
            async with asyncio.timeout(timeout_s):
                wire = await open_wire(url, ca_file, timeout_s)
        except TimeoutError:
            raise LineLostError("timeout") from None
        except SSLCertVerificationError as error:
            raise LineLostError("certificate", error.verify_message) from error
        except SSLError as error:
            # Those that we make ourselves have no reason.
            raise LineLostError("tls", getattr(error, "reason", "") or str(error)) from error
        except (OSError, ValueError) as error:
            detail = error.strerror or "" if isinstance(error, OSError) else ""
            raise LineLostError("connection", detail) from error
        return cls(wire, timeout_s if answer_s is None else answer_s)

    @property
    def is_open(self) -> bool:
        return self._is_open

    @property
    def certificate(self) -> dict[str, object]:
        """What the controller showed, as Python's ssl tells it."""
        return self._wire.certificate

    async def bind(self, user: str, password: str) -> None:
        """Say who we are. Raises BindRefusedError, LdapRefusedError, LineLostError."""
        is_done = False
        try:
            await self._ask(lambda: self._ldap.simple_bind(user, password))
            is_done = True
        except LdapRefusedError as error:
            is_done = True
            if error.result_code == _INVALID_CREDENTIALS:
                raise BindRefusedError(error.text) from None
            raise
        finally:
            if not is_done:
                # Nobody knows any more as whom it would ask.
                self.close()

    async def search(
        self,
        base: str,
        wanted: str,
        attributes: Sequence[str],
        *,
        scope: int = SUBTREE,
        controls: Sequence[Any] = (),
        limit: int = 0,
    ) -> Answer:
        """Return what matches a filter (RFC 4515); references to other servers are left out.

        With a `limit` there are so many at most, and more of them is no error.
        """
        names, extras = list(attributes), list(controls)
        found = await self._ask(
            lambda: self._ldap.search_ext(
                base, scope, wanted, names, serverctrls=extras, sizelimit=limit
            ),
            takes_part=bool(limit),
        )
        # Samba does not keep to the limit.
        return Answer(found.entries[:limit], found.controls) if limit else found

    async def modify(self, dn: str, changes: Sequence[Change]) -> None:
        await self._ask(lambda: self._ldap.modify_ext(dn, list(changes)))

    def close(self) -> None:
        """End it at once; whoever still waits gets a LineLostError."""
        self._lose("closed")

    async def _ask(self, begin: Callable[[], int], *, takes_part: bool = False) -> Answer:
        began, number = self._loop.time(), self._begin(begin)
        waiting = self._waiting[number] = _Waiting(self._loop.create_future())
        try:
            async with asyncio.timeout(self._timeout_s):
                return await waiting.future
        except TimeoutError:
            self.close()
            raise LineLostError("timeout") from None
        except asyncio.CancelledError:
            if self._loop.time() - max(began, self._heard_at) > _PATIENCE_S:
                # Who gave up may have seen that it is dead: let the next one have another.
                self.close()
            raise
        except LdapRefusedError as error:
            if takes_part and error.result_code == _SIZE_LIMIT_EXCEEDED:
                return Answer(waiting.entries, [])
            raise
        finally:
            self._forget(number)

    def _begin(self, begin: Callable[[], int]) -> int:
        if not self._is_open:
            raise LineLostError("closed")
        try:
            return begin()
        except _OURS_TO_MEND as error:
            raise LdapRefusedError(*_told(error)[1:]) from None
        except ValueError:
            # A NUL, or half a letter: no text for LDAP. The error itself would quote it.
            raise LdapRefusedError(ldap.PARAM_ERROR.errnum, "") from None
        except ldap.LDAPError:
            self._lose("connection")
            raise LineLostError("connection") from None

    def _forget(self, number: int) -> None:
        """Drop what was not waited for to its end, and tell the controller so."""
        if self._waiting.pop(number, None) is not None and self._is_open:
            with suppress(ldap.LDAPError):
                self._ldap.abandon_ext(number)

    def _hear(self) -> None:
        """Take in what has come, in small helpings: other people wait for this loop too."""
        until = self._loop.time() + _TURN_S
        while self._loop.time() < until:
            if not self._is_open:
                return
            try:
                is_more = self._take_message()
            except Exception:  # noqa: BLE001 - bytes of others can break the reader in many ways
                self._lose("connection")
                return
            if not is_more:
                return
        # The loop calls for as long as there are bytes, but not for what libldap has taken in.
        if not self._is_hearing_on:
            self._is_hearing_on = True
            self._loop.call_soon(self._hear_on)

    def _hear_on(self) -> None:
        self._is_hearing_on = False
        self._hear()

    def _take_message(self) -> bool:
        """Take in one message, if one is whole. Raises whatever if that is no LDAP."""
        try:
            kind, found, number, controls, *_ = self._ldap.result4(ldap.RES_ANY, 0, 0)
        except ldap.LDAPError as error:
            number, code, text = _told(error)
            if number is None:
                raise
            self._heard_at = self._loop.time()
            if waiting := self._waiting.pop(number, None):
                waiting.refuse(LdapRefusedError(code, text))
            return True
        if kind is None:
            return False
        self._heard_at = self._loop.time()
        if kind == ldap.RES_SEARCH_ENTRY:
            if waiting := self._waiting.get(number):
                waiting.entries.extend(_entry(*one) for one in found)
        elif kind not in (ldap.RES_SEARCH_REFERENCE, ldap.RES_INTERMEDIATE) and (
            waiting := self._waiting.pop(number, None)
        ):
            waiting.finish(controls)
        return True

    def _lose(self, because: str) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._loop.remove_reader(self._wire.fd)
        with suppress(ldap.LDAPError):
            self._ldap.unbind_ext_s()  # it closes the file descriptor
        self._wire.abort()
        for waiting in self._waiting.values():
            waiting.refuse(LineLostError(because))
        self._waiting.clear()


def _entry(dn: str, values: dict[str, list[bytes]]) -> Entry:
    return Entry(dn, {name.lower(): several for name, several in values.items()})


def _told(error: Exception) -> tuple[int | None, int, str]:
    """Return the number of the operation that an error is of, its result code and its text."""
    told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    text = told.get("info", "")
    return told.get("msgid"), told.get("result", ldap.OTHER.errnum), str(text)
