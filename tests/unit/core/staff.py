"""A house with one directory, whose people are put there by the test."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fakes_directory import DIRECTORY, PASSWORD, FakeDirectories, FakeDirectory, one_directory
from unit.core.conftest import HERE, MONTH, House, ruled
from watchword.core.accounts.model import Account, Role
from watchword.core.directory.model import Link
from watchword.core.kernel.caller import Origin
from watchword.core.services.directoryrules import DirectoryRules
from watchword.core.services.sessiondoor import SignedIn

ADMINS, STAFF, EVERYBODY = "S-1-5-21-1-2-3-512", "CN=Staff,OU=A,DC=corp", "S-1-5-21-1-2-3-513"
BY_GROUP: Mapping[Role, frozenset[str]] = {Role.ADMIN: frozenset({ADMINS})}


@dataclass
class Staffed:
    """The house, and the directory behind it."""

    house: House
    directory: FakeDirectory
    directories: FakeDirectories
    rules: DirectoryRules = field(default_factory=DirectoryRules)

    async def account(self, name: str) -> Account:
        """Return the account that is called so."""
        account = await self.house.services.accounts.find(name)
        assert account is not None
        return account

    async def link(self, name: str) -> Link:
        account = await self.account(name)
        async with self.house.storage.open_work() as work:
            link = await work.links.of(account.id)
        assert link is not None
        return link

    async def enter(self, typed: str, password: str = PASSWORD) -> SignedIn:
        """Sign in and be let in."""
        return await self.house.sign_in(typed, password)

    async def try_to(self, typed: str, password: str = PASSWORD, origin: Origin = HERE) -> object:
        return await self.house.try_sign_in(typed, password, origin)

    async def try_there(self, typed: str, password: str = PASSWORD, domain: str = "") -> object:
        """Sign in by the directory alone."""
        return await self.house.services.directory_signin.with_password(
            typed, password, domain=domain, origin=HERE, terms=MONTH
        )

    async def lives(self, token: str) -> bool:
        return await self.house.services.authenticate.token(token) is not None


def staffed(rules: DirectoryRules | None = None, **how: object) -> Staffed:
    """Return a house with a directory under these rules."""
    directories, directory = one_directory(**how)
    chosen = rules or DirectoryRules()
    house = House(rules=ruled(directories={DIRECTORY: chosen}), directories=directories)
    directories.clock = house.clock
    return Staffed(house, directory, directories, chosen)
