"""Find out who is meant by a typed name: in which directory, and who that is here."""

from dataclasses import dataclass

from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical
from watchword.core.directory.model import Asked, Link
from watchword.core.directory.port import Directories
from watchword.core.ports import Digester, OpenWork, Work


@dataclass(frozen=True, slots=True)
class Sought:
    """Who is meant. `link` if they have an account here; `others` may be meant as well.

    `subject` is by what guesses at them are counted.
    """

    asked: Asked
    subject: str
    link: Link | None = None
    others: tuple[Asked, ...] = ()


class Whom:
    """Who was here before comes first; else the first directory that has such a user."""

    def __init__(
        self, *, open_work: OpenWork, directories: Directories, digester: Digester
    ) -> None:
        self._open_work = open_work
        self._directories = directories
        self._digester = digester

    def may_be(self, typed: str) -> bool:
        """Say whether a directory takes names such as this. Quick."""
        return bool(self._directories.candidates(typed))

    async def of_name(self, typed: str, *, domain: str = "") -> Sought | None:
        """Return who is meant as far as can be known here, None if no directory has such names.

        The directory is asked by the name, also where somebody here had it when it was last
        heard: whose it is now, only the directory knows.
        """
        candidates = self._directories.candidates(typed, domain=domain)
        if not candidates:
            return None
        async with self._open_work() as work:
            for asked in candidates:
                if link := await work.links.by_name(asked.directory, canonical(asked.login)):
                    return Sought(asked, link.account_id, link)
            subject = await self._subject_of(work, candidates[0])
        return Sought(candidates[0], subject, others=candidates[1:])

    async def of_account(self, account: Account, typed: str = "") -> Sought | None:
        """Return who owns an account, None if no directory of the settings knows.

        `typed` is the name by which it was found, which may be one of the directory.
        """
        async with self._open_work() as work:
            link = await work.links.of(account.id)
        if link is None or link.directory not in self._directories.names:
            return None
        named = await self.of_name(typed) if typed else None
        if named and named.link and named.link.directory == link.directory:
            return named
        asked = Asked(directory=link.directory, login=link.login, guid=link.guid)
        return Sought(asked, link.account_id, link)

    async def _subject_of(self, work: Work, asked: Asked) -> str:
        """Return by what guesses are counted at a name that no link has.

        Everybody is also `login@domain`, so that such a name may well be one of an account.
        """
        user, at, _ = asked.login.partition("@")
        link = await work.links.by_name(asked.directory, canonical(user)) if at else None
        return link.account_id if link else self.subject(asked)

    async def settle(self, sought: Sought) -> Asked:
        """Ask the directories which of them has such a user, where it may be several."""
        if not sought.others:
            return sought.asked
        for asked in (sought.asked, *sought.others):
            if not self._directories.can_look(asked.directory) or await self._directories.find(
                asked
            ):
                return asked
        return sought.asked

    def subject(self, asked: Asked) -> str:
        """Return by what guesses at somebody without an account are counted."""
        user = asked.login.partition("@")[0]
        return self._digester.digest("attempt", f"{asked.directory}\\{canonical(user)}")

    def subject_of_nobody(self, typed: str) -> str:
        """Return the same for a name of no directory."""
        return self._digester.digest("attempt", canonical(typed))
