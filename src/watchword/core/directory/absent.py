"""What stands for directories and Kerberos where the settings name none."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from datetime import timedelta

from watchword.core.directory.model import Asked, PasswordChange, Person, Proof
from watchword.core.directory.port import Belonging, Finding, Negotiated, Reading
from watchword.core.kernel.errors import NotFoundError

_NONE = "There is no directory of that name in the settings."


class NoDirectories:
    """Implements Directories: none."""

    names: tuple[str, ...] = ()

    def candidates(self, typed: str, *, domain: str = "") -> tuple[Asked, ...]:
        return ()

    def of_principal(self, principal: str) -> Asked | None:
        return None

    def can_look(self, directory: str) -> bool:
        return False

    def away_for(self, directory: str) -> timedelta | None:
        return None

    def place(self, address: str, *, exempt: bool = False) -> AbstractContextManager[None]:
        return nullcontext()

    async def prove(self, asked: Asked, password: str) -> Proof:
        raise NotFoundError(_NONE)

    async def find(self, asked: Asked) -> Person | None:
        raise NotFoundError(_NONE)

    async def search(self, directory: str, text: str, *, limit: int) -> tuple[Person, ...]:
        raise NotFoundError(_NONE)

    async def belongings(self, person: Person) -> tuple[Belonging, ...]:
        raise NotFoundError(_NONE)

    async def change_password(self, asked: Asked, *, current: str, new: str) -> PasswordChange:
        raise NotFoundError(_NONE)

    def examine(self, directory: str) -> AsyncIterator[Finding]:
        raise NotFoundError(_NONE)

    def read(self, directory: str, *, since: str = "") -> AbstractAsyncContextManager[Reading]:
        raise NotFoundError(_NONE)


class NoNegotiation:
    """Implements Negotiation: off."""

    is_on = False

    async def accept(self, token: bytes) -> Negotiated | None:
        return None
