"""The directories of the settings, for the core: it decides, they only tell."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from datetime import timedelta
from typing import TypeVar

from watchword.core.directory.model import Asked, PasswordChange, Person, Proof
from watchword.core.directory.port import Belonging, Finding, Reading
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import InvalidError, NotFoundError, UnavailableError
from watchword.core.kernel.places import Places
from watchword.directory import names
from watchword.directory.breaker import Ticks
from watchword.directory.controllers import AT_ONCE, LOOK_EACH_S, Controllers
from watchword.directory.examine import Examination
from watchword.directory.line import LdapRefusedError, Line, LineLostError
from watchword.directory.lookup import Lookup
from watchword.directory.options import DirectoryOptions
from watchword.directory.passwords import Passwords
from watchword.directory.reading import open_reading
from watchword.directory.signin import SignIn
from watchword.directory.watched import Watched
from watchword.directory.wire import context_for

_PLACES = 256
_USUAL_S = 0.1

Answer = TypeVar("Answer")


class LdapDirectories:
    """Implements Directories for Active Directory and what is like it.

    Raises InvalidError("directories.NAME.ca_file") for a file that holds no certificates, and
    with "bind_password" for a service account without one.
    `on_asked` is told the directory, what it was asked and how many seconds that took, and
    `on_presence` whether any controller of a directory answers, when that is news. `watch`
    runs for as long as this is used, looks each `look_each_s` seconds, and `close` ends what
    is open.
    """

    def __init__(
        self,
        options: Iterable[DirectoryOptions],
        *,
        clock: Clock,
        on_asked: Callable[[str, str, float], None] = lambda *_: None,
        on_presence: Callable[[str, bool], None] = lambda *_: None,
        ticks: Ticks = time.monotonic,
        look_each_s: float = LOOK_EACH_S,
    ) -> None:
        def note(directory: str, operation: str, seconds: float) -> None:
            self._places.note(seconds)
            on_asked(directory, operation, seconds)

        self._options = tuple(options)
        for one in self._options:
            _check(one)
        self._places = Places(total=_PLACES, at_once=AT_ONCE, usual_seconds=_USUAL_S)
        self._known = {
            one.name: _Directory(
                one,
                Controllers(
                    one,
                    ticks=ticks,
                    on_asked=note,
                    on_presence=on_presence,
                    look_each_s=look_each_s,
                ),
                clock,
            )
            for one in self._options
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._known)

    def candidates(self, typed: str, *, domain: str = "") -> tuple[Asked, ...]:
        return names.candidates(self._options, typed, domain)

    def of_principal(self, principal: str) -> Asked | None:
        return names.of_principal(self._options, principal)

    def can_look(self, directory: str) -> bool:
        return self._one(directory).options.can_look

    def away_for(self, directory: str) -> timedelta | None:
        return self._one(directory).controllers.away_for

    def place(self, address: str, *, exempt: bool = False) -> AbstractContextManager[None]:
        return self._places.take(address, exempt=exempt)

    async def prove(self, asked: Asked, password: str) -> Proof:
        return await self._one(asked.directory).signin.prove(asked, password)

    async def find(self, asked: Asked) -> Person | None:
        one = self._one(asked.directory)
        return await one.look("find", lambda line: one.lookup.find(line, asked))

    async def search(self, directory: str, text: str, *, limit: int) -> tuple[Person, ...]:
        one = self._one(directory)
        return await one.look("search", lambda line: one.lookup.search(line, text, limit))

    async def belongings(self, person: Person) -> tuple[Belonging, ...]:
        one = self._one(person.directory)
        return await one.look("belongings", lambda line: one.lookup.belongings(line, person))

    async def change_password(self, asked: Asked, *, current: str, new: str) -> PasswordChange:
        one = self._one(asked.directory)
        return await one.passwords.change(asked, current=current, new=new)

    def examine(self, directory: str) -> AsyncIterator[Finding]:
        return self._one(directory).examination.findings()

    def read(self, directory: str, *, since: str = "") -> AbstractAsyncContextManager[Reading]:
        return self._one(directory).read(since)

    async def watch(self) -> None:
        """Look for ever whether the directories are there."""
        await asyncio.gather(*(one.controllers.watch() for one in self._known.values()))

    def close(self) -> None:
        for one in self._known.values():
            one.controllers.close()

    def _one(self, name: str) -> "_Directory":
        if name not in self._known:
            raise NotFoundError("There is no such directory.")
        return self._known[name]


class _Directory:
    """One directory, and what can be asked of it."""

    def __init__(self, options: DirectoryOptions, controllers: Controllers, clock: Clock) -> None:
        self.options = options
        self.controllers = controllers
        self._clock = clock
        self._watched = Watched(options, clock)
        self.lookup = Lookup(options, self._watched, clock)
        self.signin = SignIn(options, controllers, self.lookup)
        self.passwords = Passwords(options, controllers, self.lookup)
        self.examination = Examination(options, controllers, self._watched, clock)

    async def look(self, operation: str, work: Callable[[Line], Awaitable[Answer]]) -> Answer:
        """Ask with a line of the service account."""
        return await self.controllers.ask(operation, lambda one: one.pool.ask(work))

    @asynccontextmanager
    async def read(self, since: str) -> AsyncIterator[Reading]:
        async with AsyncExitStack() as held:
            line = await held.enter_async_context(self.controllers.reading_line())
            opening = open_reading(
                line, self.options, watched=self._watched, clock=self._clock, since=since
            )
            try:
                reading = await held.enter_async_context(opening)
            except (LineLostError, LdapRefusedError) as error:
                raise UnavailableError from error
            yield reading


def _check(options: DirectoryOptions) -> None:
    if options.bind_user and not options.bind_password:
        field = f"directories.{options.name}.bind_password"
        # A directory would take it for a log-in by nobody (RFC 4513, 5.1.2), and show little.
        raise InvalidError(field, f"{field} is empty, which is no password.")
    try:
        context_for(options.ca_file)
    except OSError as error:
        field = f"directories.{options.name}.ca_file"
        reason = error.strerror or "it holds no certificates"
        raise InvalidError(
            field, f"{field}: {options.ca_file} cannot be used: {reason}."
        ) from error
