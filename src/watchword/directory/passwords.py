"""Changes a password in the directory, as the person themselves would."""

from watchword.core.directory.model import Asked, PasswordChange, Proof, Verdict
from watchword.core.kernel.errors import UnavailableError
from watchword.directory.controllers import Controller, Controllers
from watchword.directory.line import ADD, DELETE, LdapRefusedError, Line, LineLostError
from watchword.directory.lookup import Lookup
from watchword.directory.names import bind_name
from watchword.directory.options import DirectoryOptions
from watchword.directory.signin import can_be_sent, refusal_of

_ATTRIBUTE = "unicodePwd"
_WRONG_CODE, _RULES_CODE = "00000056", "0000052D"
"""ERROR_INVALID_PASSWORD and ERROR_PASSWORD_RESTRICTION, with which the text begins."""

_CONSTRAINT_VIOLATION, _INSUFFICIENT_ACCESS, _UNWILLING = 19, 50, 53
_NEEDS_CHANGE = frozenset({Verdict.PASSWORD_EXPIRED, Verdict.MUST_CHANGE})
_UNTOLD = frozenset({Verdict.WRONG, Verdict.LOCKED})


class Passwords:
    """Changes passwords by giving the old one and the new one, which needs no right to reset."""

    def __init__(self, options: DirectoryOptions, controllers: Controllers, lookup: Lookup) -> None:
        self._options = options
        self._controllers = controllers
        self._lookup = lookup

    async def change(self, asked: Asked, *, current: str, new: str) -> PasswordChange:
        """See Directories.change_password."""
        if not can_be_sent(current):
            return PasswordChange.WRONG
        way = self._by_dn if self._options.can_look else self._by_name
        return await self._controllers.ask(
            "change_password", lambda one: way(one, asked, current, new)
        )

    async def _by_dn(
        self, controller: Controller, asked: Asked, current: str, new: str
    ) -> PasswordChange:
        entry = await controller.pool.ask(lambda line: self._lookup.entry(line, asked))
        if entry is None:
            return PasswordChange.WRONG
        line = await controller.open()
        try:
            refusal = await refusal_of(line, entry.dn, current)
            if refusal is None:
                return await _change(line, entry.dn, current, new)
        finally:
            line.close()
        if refusal.verdict not in _NEEDS_CHANGE:
            return _refused(refusal)
        # Who must change their password cannot bind to do so, but anybody who knows it may.
        line = await controller.open_service()
        try:
            return await _change(line, entry.dn, current, new)
        finally:
            line.close()

    async def _by_name(
        self, controller: Controller, asked: Asked, current: str, new: str
    ) -> PasswordChange:
        line = await controller.open()
        try:
            name = bind_name(asked, self._options)
            if refusal := await refusal_of(line, name, current):
                return _refused(refusal)
            entry = await self._lookup.own_entry(line, Asked(directory=asked.directory, login=name))
            if entry is None:
                return PasswordChange.WRONG
            return await _change(line, entry.dn, current, new)
        finally:
            line.close()


async def _change(line: Line, dn: str, current: str, new: str) -> PasswordChange:
    """Change a password; only for who has proved the current one.

    Whatever is told of the new one tells that the current one is right.
    """
    if not can_be_sent(new):
        return PasswordChange.REJECTED
    changes = [(DELETE, _ATTRIBUTE, [_quoted(current)]), (ADD, _ATTRIBUTE, [_quoted(new)])]
    try:
        await line.modify(dn, changes)
    except LdapRefusedError as error:
        return _outcome(error)
    except LineLostError as error:
        # Nobody knows whether it was done, and to try it again would tell that it was wrong.
        raise UnavailableError from error
    return PasswordChange.DONE


def _quoted(password: str) -> bytes:
    return f'"{password}"'.encode("utf-16-le")  # [MS-ADTS] 3.1.1.3.1.5


def _refused(refusal: Proof) -> PasswordChange:
    return PasswordChange.WRONG if refusal.verdict in _UNTOLD else PasswordChange.FORBIDDEN


def _outcome(error: LdapRefusedError) -> PasswordChange:
    """Return what a refused change means. Raises UnavailableError if it means something else."""
    if error.result_code == _INSUFFICIENT_ACCESS:
        return PasswordChange.FORBIDDEN
    if error.result_code not in (_CONSTRAINT_VIOLATION, _UNWILLING):
        raise error
    if error.text.startswith(_WRONG_CODE):
        return PasswordChange.WRONG
    is_rule = error.text.upper().startswith(_RULES_CODE)
    return PasswordChange.REJECTED if is_rule else PasswordChange.FORBIDDEN
