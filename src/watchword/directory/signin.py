"""Asks a directory whether a password is somebody's, by a bind with it."""

from watchword.core.directory.model import Asked, Person, Proof, Verdict
from watchword.directory.controllers import Controller, Controllers
from watchword.directory.line import BindRefusedError, Entry, LdapRefusedError, Line
from watchword.directory.lookup import Lookup
from watchword.directory.names import bind_name
from watchword.directory.options import DirectoryOptions
from watchword.directory.subcodes import UNKNOWN, is_wrong_name, read_refusal

_NOBODY, _NO_PASSWORD = "CN=watchword asks for nobody", "nobody has this"
_WRONG = Proof(verdict=Verdict.WRONG)


class SignIn:
    """Proves passwords: with the service account by DN, without it by name."""

    def __init__(self, options: DirectoryOptions, controllers: Controllers, lookup: Lookup) -> None:
        self._options = options
        self._controllers = controllers
        self._lookup = lookup

    async def prove(self, asked: Asked, password: str) -> Proof:
        """See Directories.prove."""
        if not can_be_sent(password):
            return _WRONG
        way = self._by_dn if self._options.can_look else self._by_name
        return await self._controllers.ask("prove", lambda one: way(one, asked, password))

    async def _by_dn(self, controller: Controller, asked: Asked, password: str) -> Proof:
        entry = await controller.pool.ask(lambda line: self._lookup.entry(line, asked))
        if entry is None:
            await self._ask_for_nobody(controller)
            return Proof(verdict=Verdict.WRONG, code=UNKNOWN)
        line = await controller.open()
        try:
            refusal = await refusal_of(line, entry.dn, password)
        finally:
            line.close()
        return refusal or await self._proof(controller, entry)

    async def _proof(self, controller: Controller, entry: Entry) -> Proof:
        person = await controller.pool.ask(lambda line: self._lookup.person(line, entry))
        return _right(person)

    async def _by_name(self, controller: Controller, asked: Asked, password: str) -> Proof:
        line = await controller.open()
        try:
            name = bind_name(asked, self._options)
            if refusal := await refusal_of(line, name, password):
                return refusal
            entry = await self._lookup.own_entry(line, Asked(directory=asked.directory, login=name))
            person = None if entry is None else await self._lookup.person(line, entry)
        finally:
            line.close()
        is_another = person is not None and asked.guid not in ("", person.guid)
        return _WRONG if is_another else _right(person)

    async def _ask_for_nobody(self, controller: Controller) -> None:
        """Take the time of a bind, though a wrong one costs more where it is counted (ADR 16)."""
        line = await controller.open()
        try:
            await refusal_of(line, f"{_NOBODY},{self._options.root}", _NO_PASSWORD)
        finally:
            line.close()


async def refusal_of(line: Line, name: str, password: str) -> Proof | None:
    """Bind as somebody; return what the controller says if that is no yes."""
    try:
        await line.bind(name, password)
    except BindRefusedError as error:
        verdict, code = read_refusal(error.text)
        return Proof(verdict=verdict, code=code)
    except LdapRefusedError as error:
        if is_wrong_name(error.result_code):
            return _WRONG
        raise
    return None


def can_be_sent(password: str) -> bool:
    """Say whether this can be a password at all: no half letters, and not nothing.

    A directory may take a NUL for the end, and so something else for the password.
    """
    try:
        return bool(password.encode()) and "\0" not in password
    except UnicodeEncodeError:
        return False


def _right(person: Person | None) -> Proof:
    # Who is not one of the users who count has not got in, whatever the password.
    return _WRONG if person is None else Proof(verdict=Verdict.RIGHT, person=person)
