"""What the core asks of directories, and of whoever understands Kerberos."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from watchword.core.directory.model import Asked, PasswordChange, Person, Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that an examination of a directory showed, and whether it is as it should be."""

    title: str
    is_good: bool
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """A group that a person is in. `named` is how the settings spell it, empty if they do not."""

    sid: str
    dn: str
    named: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """A Kerberos ticket was good: whose it is, and what to answer so that the client knows us.

    `principal` is how they were called when they got the ticket; since then it may be another's
    name. `sid` is their objectSid, empty if the ticket does not vouch for one.
    """

    principal: str
    sid: str = ""
    reply: bytes = b""


class Reading(Protocol):
    """A look at a directory, at one controller of it: at everybody, or at what changed.

    Any method raises UnavailableError when the controller does not answer any more.
    """

    @property
    def is_whole(self) -> bool:
        """Whether this is a look at everybody."""

    @property
    def cursor(self) -> str:
        """What to go on from the next time, once all of this was applied."""

    def people(self) -> AsyncIterator[Sequence[Person]]:
        """Return everybody, or whoever changed, in portions; each is read when asked for."""

    async def gone(self) -> frozenset[str] | None:
        """Return the objectGUIDs of who left since, None where that cannot be seen.

        Not for a whole look: who is not in that has left.
        """

    async def present(self) -> frozenset[str]:
        """Return the objectGUIDs of everybody who is there, for where `gone` says nothing."""

    async def members(self) -> Mapping[str, frozenset[str]] | None:
        """Return the DNs of everybody in each group that the settings name, if any changed.

        Through other groups and as primary group too. None if no group changed that matters.
        """

    async def look_up(
        self, *, guids: Sequence[str] = (), dns: Sequence[str] = ()
    ) -> tuple[Person, ...]:
        """Return those of these persons who are there, in any order."""


class Directories(Protocol):
    """The directories of the settings, each by its name there.

    Whatever asks one of them answers within seconds, or raises UnavailableError.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Return them in the order of the settings."""

    def candidates(self, typed: str, *, domain: str = "") -> tuple[Asked, ...]:
        r"""Return who may be meant by a name as somebody typed it, the likeliest first.

        `DOMAIN\user` and `user@domain` are of one directory; a name alone may be of each
        that takes such names. `domain`, if given, is that of a name alone. Quick.
        """

    def of_principal(self, principal: str) -> Asked | None:
        """Return who has a Kerberos principal `user@REALM`, None if no directory has the realm."""

    def can_look(self, directory: str) -> bool:
        """Say whether there is a service account, so that people can be looked for."""

    def away_for(self, directory: str) -> timedelta | None:
        """Return since how long no controller has answered, None if one does. Quick."""

    def place(self, address: str, *, exempt: bool = False) -> AbstractContextManager[None]:
        """Hold one of the places for callers that wait for a directory.

        Raises UnavailableError on entry when all are taken, or when this address holds its
        quarter of them and is not exempt.
        """

    async def prove(self, asked: Asked, password: str) -> Proof:
        """Ask a directory whether this is the password.

        An empty one is WRONG, and nobody is asked: a directory may take it for a log-in by
        nobody (RFC 4513, 5.1.2). For one who is not there a bind is tried
        as well, as nobody.
        """

    async def find(self, asked: Asked) -> Person | None:
        """Look for a person. Only where `can_look`."""

    async def search(self, directory: str, text: str, *, limit: int) -> tuple[Person, ...]:
        """Return persons whose names begin with a text. Only where `can_look`."""

    async def belongings(self, person: Person) -> tuple[Belonging, ...]:
        """Return every security group that a person is in, by DN. Only where `can_look`."""

    async def change_password(self, asked: Asked, *, current: str, new: str) -> PasswordChange:
        """Change somebody's password in the directory, as they would themselves."""

    def examine(self, directory: str) -> AsyncIterator[Finding]:
        """Try everything that is needed of a directory, and tell what came of it."""

    def read(self, directory: str, *, since: str = "") -> AbstractAsyncContextManager[Reading]:
        """Look at everybody, or at what changed since a cursor. Only where `can_look`.

        It is a look at everybody all the same if the cursor is of no use any more, for one
        because another controller answers.
        """


class Negotiation(Protocol):
    """Understands `Authorization: Negotiate` (RFC 4559)."""

    @property
    def is_on(self) -> bool:
        """Whether there is a keytab."""

    async def accept(self, token: bytes) -> Negotiated | None:
        """Return whose ticket this is, None if it is not good. Takes one step, no more."""
