"""What stands for directories and Kerberos until somebody needs them.

Most commands ask no directory, and to load what speaks to one takes longer than most of them.
A server makes them at its start, to be told what is wrong with them.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    closing,
    contextmanager,
)
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from watchword.app.directories import Told, make_directories, make_negotiation
from watchword.core.directory.model import Asked, PasswordChange, Person, Proof
from watchword.core.directory.port import Belonging, Finding, Negotiated, Negotiation, Reading
from watchword.core.kernel.clock import Clock
from watchword.observability.metrics import Metrics
from watchword.settings.model import Settings

if TYPE_CHECKING:
    from watchword.directory.directories import LdapDirectories


class LateDirectories:
    """Implements Directories. Any method may raise InvalidError if they cannot be made."""

    def __init__(self, settings: Settings, *, clock: Clock, told: Told) -> None:
        self._settings = settings
        self._clock = clock
        self._told = told

    @cached_property
    def _made(self) -> "LdapDirectories":
        return make_directories(self._settings, clock=self._clock, told=self._told)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._settings.directories)

    def candidates(self, typed: str, *, domain: str = "") -> tuple[Asked, ...]:
        return self._made.candidates(typed, domain=domain)

    def of_principal(self, principal: str) -> Asked | None:
        return self._made.of_principal(principal)

    def can_look(self, directory: str) -> bool:
        return self._made.can_look(directory)

    def away_for(self, directory: str) -> timedelta | None:
        return self._made.away_for(directory)

    def place(self, address: str, *, exempt: bool = False) -> AbstractContextManager[None]:
        return self._made.place(address, exempt=exempt)

    async def prove(self, asked: Asked, password: str) -> Proof:
        return await self._made.prove(asked, password)

    async def find(self, asked: Asked) -> Person | None:
        return await self._made.find(asked)

    async def search(self, directory: str, text: str, *, limit: int) -> tuple[Person, ...]:
        return await self._made.search(directory, text, limit=limit)

    async def belongings(self, person: Person) -> tuple[Belonging, ...]:
        return await self._made.belongings(person)

    async def change_password(self, asked: Asked, *, current: str, new: str) -> PasswordChange:
        return await self._made.change_password(asked, current=current, new=new)

    def examine(self, directory: str) -> AsyncIterator[Finding]:
        return self._made.examine(directory)

    def read(self, directory: str, *, since: str = "") -> AbstractAsyncContextManager[Reading]:
        return self._made.read(directory, since=since)

    async def watch(self) -> None:
        """Look for ever whether they answer."""
        await self._made.watch()

    def close(self) -> None:
        """End all connections."""
        if "_made" in self.__dict__:
            self._made.close()


@contextmanager
def late_directories(
    settings: Settings, clock: Clock, metrics: Metrics | None
) -> Iterator[LateDirectories | None]:
    """Return those of the settings, None if there are none; close them in the end."""
    if not settings.directories:
        yield None
        return
    with closing(LateDirectories(settings, clock=clock, told=Told.counted(metrics))) as late:
        yield late


class LateNegotiation:
    """Implements Negotiation."""

    is_on = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _made(self) -> Negotiation:
        return make_negotiation(self._settings)

    async def accept(self, token: bytes) -> Negotiated | None:
        return await self._made.accept(token)
