"""Register people of a directory, and explain what would become of them here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from watchword.core.accounts.model import Account, Role
from watchword.core.accounts.names import canonical
from watchword.core.directory.model import Asked, Closed, Link, Person
from watchword.core.directory.port import Belonging, Directories, Finding
from watchword.core.kernel.caller import Actor
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork
from watchword.core.services.directoryplan import Known, verdict_on
from watchword.core.services.provisioning import Provisioning

SEARCHED_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Who somebody is in a directory, and what follows here.

    `closed` is why they may not come in, OPEN if they may. `role` is what their groups give,
    None if groups give none. `known` is their account; without one `refusal` says why a first
    log-in would make none.
    """

    person: Person
    belongings: tuple[Belonging, ...]
    closed: Closed
    role: Role | None
    groups: tuple[str, ...]
    known: Known | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """The account of somebody whom the directory does not show, or does not show any more."""

    account: Account
    link: Link


class DirectoryAccounts:
    """For administrators: who is in the directories, and who of them has an account."""

    def __init__(
        self, *, open_work: OpenWork, directories: Directories, provisioning: Provisioning
    ) -> None:
        self._open_work = open_work
        self._directories = directories
        self._provisioning = provisioning

    @property
    def names(self) -> tuple[str, ...]:
        """Return the directories of the settings."""
        return self._directories.names

    async def register(
        self, actor: Actor, typed: str, *, domain: str = "", role: str | None = None
    ) -> Account | Refused:
        """Make an account for a person of a directory, filled from there.

        The role is what an admin asks for only where no group gives one. By an API key nobody
        becomes an admin.
        """
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        if role is not None and role not in set(Role):
            return Refused(Refusal.ROLE_UNKNOWN)
        found = await self._find(typed, domain)
        if isinstance(found, Refused):
            return found
        asked = Role(role) if role is not None else None
        reason = await self._refusal(actor, found, asked)
        made = reason or await self._provisioning.make(found, lambda _: actor, role=asked)
        return Refused(made) if isinstance(made, Refusal) else made

    async def _refusal(self, actor: Actor, person: Person, asked: Role | None) -> Refusal | None:
        if await self._provisioning.known(person):
            return Refusal.NAME_TAKEN
        given = self._provisioning.rules_of(person.directory).role_of(person.groups)
        if given is not None and asked not in {None, given}:
            return Refusal.DIRECTORY_KEEPS
        if actor.key_id is not None and Role.ADMIN in {given, asked}:
            return Refusal.KEY_SCOPE
        return None

    async def explain(self, typed: str, *, domain: str = "") -> Explanation | Unseen | Refused:
        """Say what the directory knows of somebody, and what follows from it here.

        Who was renamed or removed there is known by the names that they had, too.
        """
        found = await self._find(typed, domain)
        if isinstance(found, Person):
            return await self._explained(found)
        unseen = await self._account(typed, domain)
        if unseen is None or not self._can_look(unseen.link.directory):
            return found
        person = await self._person_of(unseen.link)
        return await self._explained(person) if person else unseen

    async def _explained(self, person: Person) -> Explanation:
        known = await self._provisioning.known(person)
        refusal = None if known else await self._provisioning.obstacle(person)
        rules = self._provisioning.rules_of(person.directory)
        return Explanation(
            person=person,
            belongings=await self._directories.belongings(person),
            closed=verdict_on(person, rules),
            role=rules.role_of(person.groups),
            groups=tuple(sorted(rules.groups_of(person.groups))),
            known=known,
            refusal=refusal,
        )

    async def search(self, directory: str, text: str, *, limit: int) -> tuple[Person, ...]:
        """Return persons of a directory whose names begin with a text."""
        return await self._directories.search(directory, text, limit=min(limit, SEARCHED_MAX))

    def can_look(self, directory: str) -> bool:
        """Say whether people can be looked for there."""
        return self._directories.can_look(directory)

    def examine(self, directory: str) -> AsyncIterator[Finding]:
        """Try everything that is needed of a directory."""
        return self._directories.examine(directory)

    async def _account(self, typed: str, domain: str) -> Unseen | None:
        """Return the account of a directory that is meant by a name there, or by its own."""
        async with self._open_work() as work:
            for asked in self._directories.candidates(typed, domain=domain):
                link = await work.links.by_name(asked.directory, canonical(asked.login))
                account = await work.accounts.by_id(link.account_id) if link else None
                if link and account:
                    return Unseen(account=account, link=link)
            account = await work.accounts.by_identifier(canonical(typed))
            link = await work.links.of(account.id) if account else None
        return Unseen(account=account, link=link) if account and link else None

    def _can_look(self, directory: str) -> bool:
        return directory in self.names and self.can_look(directory)

    async def _person_of(self, link: Link) -> Person | None:
        asked = Asked(directory=link.directory, login=link.login, guid=link.guid)
        return await self._directories.find(asked)

    async def _find(self, typed: str, domain: str) -> Person | Refused:
        candidates = self._directories.candidates(typed, domain=domain)
        if not candidates:
            return Refused(Refusal.DIRECTORY_UNKNOWN)
        looked = [one for one in candidates if self._directories.can_look(one.directory)]
        if not looked:
            return Refused(Refusal.DIRECTORY_BLIND)
        return await self._first(looked) or Refused(Refusal.NOT_FOUND)

    async def _first(self, candidates: list[Asked]) -> Person | None:
        for asked in candidates:
            if person := await self._directories.find(asked):
                return person
        return None
