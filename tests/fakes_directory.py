"""Directories whose people stand in a dictionary, and tickets of Kerberos that anybody may make."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import NAMESPACE_DNS, uuid5

from fakes import HandClock
from watchword.core.directory.model import (
    Asked,
    Closed,
    PasswordChange,
    Person,
    Proof,
    Verdict,
)
from watchword.core.directory.port import Belonging, Finding, Negotiated
from watchword.core.kernel.errors import UnavailableError

DIRECTORY, DOMAIN, NETBIOS = "corp", "corp.example", "CORP"
PASSWORD = "directory-word"
USERS = f"CN=Users,{','.join(f'DC={label}' for label in DOMAIN.split('.'))}"

UNKNOWN = "525"
CODES = {
    Verdict.RIGHT: "",
    Verdict.WRONG: "52e",
    Verdict.HOURS: "530",
    Verdict.PASSWORD_EXPIRED: "532",
    Verdict.DISABLED: "533",
    Verdict.EXPIRED: "701",
    Verdict.MUST_CHANGE: "773",
    Verdict.LOCKED: "775",
}
_CLOSED = {Closed.DISABLED: Verdict.DISABLED, Closed.EXPIRED: Verdict.EXPIRED}
_NEEDS_CHANGE = frozenset({Verdict.MUST_CHANGE, Verdict.PASSWORD_EXPIRED})


@dataclass
class Entry:
    """Somebody in a directory.

    `verdict` is what it says after the right password (LOCKED: after any). `fixed`: this
    person may not change their password. `others` are groups that the settings do not name.
    `sid` stays whatever is renamed.
    """

    person: Person
    password: str = PASSWORD
    verdict: Verdict = Verdict.RIGHT
    fixed: bool = False
    others: tuple[str, ...] = ()
    changed: int = 0
    sid: str = ""

    def verdict_on(self, password: str) -> Verdict:
        if self.verdict is Verdict.LOCKED:
            return Verdict.LOCKED
        if password != self.password:
            return Verdict.WRONG
        return _CLOSED.get(self.person.closed, self.verdict)

    def is_named(self, login: str) -> bool:
        key = login.casefold()
        if "@" in key:
            own = f"{self.person.login}@{DOMAIN}"
            return key in {self.person.upn.casefold(), own.casefold()}
        return key == self.person.login.casefold()


@dataclass
class FakeDirectory:
    """One directory: `entries` are by objectGUID, and each change has its number.

    `away` is since how long it does not answer, None if it does. `rejected` are passwords
    that its rules do not allow. `watched` are the groups that the settings name.
    """

    name: str = DIRECTORY
    domain: str = DOMAIN
    netbios: str = NETBIOS
    suffixes: tuple[str, ...] = ()
    takes_bare: bool = True
    looks: bool = True
    away: timedelta | None = None
    rejected: set[str] = field(default_factory=set)
    watched: set[str] = field(default_factory=set)
    entries: dict[str, Entry] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    controller: str = "one"
    sees_gone: bool = True
    number: int = 0
    groups_changed: int = 0
    at_once: int = 100
    portions: int | None = None
    """How many portions a look gets before the controller goes away; all of them if None."""

    def add(
        self,
        login: str,
        *groups: str,
        password: str = PASSWORD,
        verdict: Verdict = Verdict.RIGHT,
        closed: Closed = Closed.OPEN,
        email: str = "",
        first_name: str = "",
        last_name: str = "",
    ) -> Person:
        """Let somebody be there: another person each time, whatever their name."""
        person = Person(
            directory=self.name,
            guid=str(uuid5(NAMESPACE_DNS, f"{self.number}.{self.domain}")),
            dn=f"CN={login},{USERS}",
            login=login,
            name=login,
            upn=f"{login}@{self.domain}",
            email=email,
            first_name=first_name,
            last_name=last_name,
            groups=frozenset(groups),
            closed=closed,
        )
        self.put(Entry(person, password, verdict, sid=f"S-1-5-21-1-2-3-{1000 + self.number}"))
        return person

    def put(self, entry: Entry) -> None:
        """Write an entry, new or changed."""
        self.number += 1
        entry.changed = self.number
        self.watched |= entry.person.groups
        self.entries[entry.person.guid] = entry

    def change(self, login: str, /, *, verdict: Verdict | None = None, **fields: object) -> Person:
        """Change fields of a person, and what is said of them after the right password."""
        entry = self.entry(login)
        entry.person = replace(entry.person, **fields)  # type: ignore[arg-type]  # as a test likes
        entry.verdict = entry.verdict if verdict is None else verdict
        self.put(entry)
        return entry.person

    def regroup(self, login: str, *groups: str) -> None:
        """Put somebody into these groups alone, which changes groups and no person."""
        entry = self.entry(login)
        self.number += 1
        self.groups_changed = self.number
        self.watched |= set(groups)
        entry.person = replace(entry.person, groups=frozenset(groups))

    def remove(self, login: str) -> None:
        self.number += 1
        guid = self.entry(login).person.guid
        del self.entries[guid]
        self.removed[guid] = self.number

    def entry(self, login: str) -> Entry:
        return next(one for one in self.entries.values() if one.is_named(login))

    def ticket_of(self, login: str, reply: bytes = b"") -> Negotiated:
        """Return what a ticket says that somebody gets now."""
        entry = self.entry(login)
        principal = f"{entry.person.login}@{self.domain.upper()}"
        return Negotiated(principal=principal, sid=entry.sid, reply=reply)

    def look(self, asked: Asked) -> Entry | None:
        """Return who is asked for."""
        if asked.guid:
            return self.entries.get(asked.guid)
        if asked.sid:
            return next((one for one in self.entries.values() if one.sid == asked.sid), None)
        return next((one for one in self.entries.values() if one.is_named(asked.login)), None)

    def answer(self) -> None:
        """Do nothing, unless the directory is away."""
        if self.away is not None:
            raise UnavailableError(retry_after=5)

    def is_called(self, domain: str) -> bool:
        called = {self.netbios, self.domain, *self.suffixes}
        return domain.casefold() in {one.casefold() for one in called}


@dataclass
class FakeDirectories:
    """Directories, by name. `asked` is who was asked for with a password, in order.

    `meanwhile` runs while a password is looked at: what others do in that time.
    """

    known: dict[str, FakeDirectory] = field(default_factory=dict)
    clock: HandClock = field(default_factory=HandClock)
    asked: list[Asked] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None
    places: int = 1000
    held: int = 0
    reading: "type[FakeReading]" = field(default_factory=lambda: FakeReading)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.known)

    def candidates(self, typed: str, *, domain: str = "") -> tuple[Asked, ...]:
        before, backslash, login = typed.strip().partition("\\")
        if backslash:
            return self._asked(login, before)
        if "@" in before:
            return self._asked(before, before.rpartition("@")[2])
        if domain:
            return self._asked(before, domain)
        bare = (one for one in self.known.values() if one.takes_bare and before)
        return tuple(Asked(directory=one.name, login=before) for one in bare)

    def _asked(self, login: str, domain: str) -> tuple[Asked, ...]:
        called = (one for one in self.known.values() if one.is_called(domain) and login)
        return tuple(Asked(directory=one.name, login=login) for one in called)

    def of_principal(self, principal: str) -> Asked | None:
        login, _, realm = principal.rpartition("@")
        found = (one for one in self.known.values() if one.domain.casefold() == realm.casefold())
        return next((Asked(directory=one.name, login=login) for one in found), None)

    def can_look(self, directory: str) -> bool:
        return self.known[directory].looks

    def away_for(self, directory: str) -> timedelta | None:
        return self.known[directory].away

    @contextmanager
    def place(self, address: str, *, exempt: bool = False) -> Iterator[None]:
        del address, exempt
        if self.held >= self.places:
            raise UnavailableError(retry_after=3)
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    async def prove(self, asked: Asked, password: str) -> Proof:
        if not password:
            return Proof(verdict=Verdict.WRONG)
        self.asked.append(asked)
        directory = self.known[asked.directory]
        await self._take_time()
        directory.answer()
        entry = directory.look(asked)
        if entry is None:
            return Proof(verdict=Verdict.WRONG, code=UNKNOWN)
        verdict = entry.verdict_on(password)
        person = entry.person if verdict is Verdict.RIGHT else None
        return Proof(verdict=verdict, person=person, code=CODES[verdict])

    async def find(self, asked: Asked) -> Person | None:
        entry = self._looking(asked.directory).look(asked)
        return entry.person if entry else None

    async def search(self, directory: str, text: str, *, limit: int) -> tuple[Person, ...]:
        key = text.casefold()
        people = (entry.person for entry in self._looking(directory).entries.values())
        return tuple(
            one
            for one in people
            if any(name.casefold().startswith(key) for name in (one.login, one.name, one.upn))
        )[:limit]

    async def belongings(self, person: Person) -> tuple[Belonging, ...]:
        entry = self._looking(person.directory).entries[person.guid]
        named = tuple(_belonging(one, named=one) for one in sorted(entry.person.groups))
        return named + tuple(_belonging(one) for one in entry.others)

    async def change_password(self, asked: Asked, *, current: str, new: str) -> PasswordChange:
        directory = self.known[asked.directory]
        await self._take_time()
        directory.answer()
        entry = directory.look(asked)
        if entry is None or entry.verdict_on(current) in {Verdict.WRONG, Verdict.LOCKED}:
            return PasswordChange.WRONG
        if entry.fixed or entry.verdict_on(current) not in {Verdict.RIGHT, *_NEEDS_CHANGE}:
            return PasswordChange.FORBIDDEN
        if not _can_be_sent(new) or new in directory.rejected:
            return PasswordChange.REJECTED
        entry.password = new
        entry.verdict = Verdict.RIGHT if entry.verdict in _NEEDS_CHANGE else entry.verdict
        entry.person = replace(entry.person, password_at=self.clock.now())
        directory.put(entry)
        return PasswordChange.DONE

    async def examine(self, directory: str) -> AsyncIterator[Finding]:
        found = self.known[directory]
        yield Finding(title="a controller answers", is_good=found.away is None)
        if found.away is None:
            yield Finding(title="a service account", is_good=found.looks)

    @asynccontextmanager
    async def read(self, directory: str, *, since: str = "") -> AsyncIterator["FakeReading"]:
        yield self.reading(self._looking(directory), since)

    async def _take_time(self) -> None:
        await asyncio.sleep(0)  # others get their turn, as with a real one
        if self.meanwhile is not None:
            await self.meanwhile()

    def _looking(self, name: str) -> FakeDirectory:
        directory = self.known[name]
        assert directory.looks, "nobody looks without a service account"
        directory.answer()
        return directory


class FakeReading:
    """A look at a directory: at everybody, unless the cursor is of the same controller."""

    def __init__(self, directory: FakeDirectory, since: str) -> None:
        controller, _, number = since.partition(":")
        self.is_whole = controller != directory.controller
        self.cursor = f"{directory.controller}:{directory.number}"
        self._since = 0 if self.is_whole else int(number)
        self._directory = directory

    async def people(self) -> AsyncIterator[Sequence[Person]]:
        directory = self._directory
        people = [one.person for one in directory.entries.values() if one.changed > self._since]
        for begin in range(0, len(people), directory.at_once):
            if directory.portions is not None and begin >= directory.portions * directory.at_once:
                raise UnavailableError(retry_after=5)
            directory.answer()
            yield people[begin : begin + directory.at_once]

    async def gone(self) -> frozenset[str] | None:
        self._directory.answer()
        removed = self._directory.removed.items()
        left = frozenset(guid for guid, number in removed if number > self._since)
        return left if self._directory.sees_gone else None

    async def present(self) -> frozenset[str]:
        self._directory.answer()
        return frozenset(self._directory.entries)

    async def members(self) -> Mapping[str, frozenset[str]] | None:
        directory = self._directory
        directory.answer()
        if self.is_whole or directory.groups_changed <= self._since:
            return None
        people = [one.person for one in directory.entries.values()]
        return {
            group: frozenset(one.dn for one in people if group in one.groups)
            for group in directory.watched
        }

    async def look_up(
        self, *, guids: Sequence[str] = (), dns: Sequence[str] = ()
    ) -> tuple[Person, ...]:
        self._directory.answer()
        people = (one.person for one in self._directory.entries.values())
        return tuple(one for one in people if one.guid in guids or one.dn in dns)


@dataclass
class FakeNegotiation:
    """Knows whose each ticket is; `seen` are those that came."""

    is_on: bool = True
    tickets: dict[bytes, Negotiated] = field(default_factory=dict)
    seen: list[bytes] = field(default_factory=list)

    async def accept(self, token: bytes) -> Negotiated | None:
        self.seen.append(token)
        return self.tickets.get(token)


def one_directory(**how: object) -> tuple[FakeDirectories, FakeDirectory]:
    """Return directories with one in them, and that one."""
    directory = FakeDirectory(**how)  # type: ignore[arg-type]  # as a test likes
    return FakeDirectories(known={directory.name: directory}), directory


def _can_be_sent(password: str) -> bool:
    halves = any("\ud800" <= sign <= "\udfff" for sign in password)
    return bool(password) and "\0" not in password and not halves


def _belonging(group: str, *, named: str = "") -> Belonging:
    """Return a group as a directory tells of it, whether it is spelt by SID or by DN."""
    if group.startswith("S-1-"):
        return Belonging(sid=group, dn=f"CN={group},{USERS}", named=named)
    return Belonging(sid=f"S-1-5-21-1-2-3-{len(group)}", dn=group, named=named)
