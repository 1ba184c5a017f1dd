"""What the core asks of whoever keeps the links between accounts and directories."""

from collections.abc import Sequence
from typing import Protocol

from watchword.core.directory.model import Link, Mark
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page

LINKS_AT_ONCE = 500
"""No more are asked for by one call."""


class LinkStore(Protocol):
    """Keeps at most one link of each account, and of each person of a directory.

    A link ends with its account.
    """

    async def of(self, account_id: AccountId) -> Link | None: ...

    async def by_guids(self, directory: str, guids: Sequence[str]) -> tuple[Link, ...]:
        """Return the links to these persons, up to LINKS_AT_ONCE, in any order."""

    async def by_name(self, directory: str, key: str) -> Link | None:
        """Return the link whose `login_key` or `upn_key` this is.

        Names are given anew when somebody has left: an open link goes before others, then the
        first by account id.
        """

    async def page(self, directory: str, *, after: str | None = None, limit: int) -> Page[Link]:
        """Return the links to a directory, by objectGUID."""

    async def count_open(self, directory: str) -> int:
        """Return how many accounts the directory does not have closed."""

    async def mark(self, directory: str) -> Mark | None: ...

    def add_all(self, links: Sequence[Link]) -> None:
        """Record new links, of accounts that are there or come in the same commit.

        At commit: ConflictError("person") if a person has an account already,
        NotFoundError if an account is not there.
        """

    def update(self, link: Link, *, before: Link) -> None:
        """Record the fields in which the link differs from what it was before.

        Only those are written, so that two changes at once (a name and a closing) both last.
        What is told together is written together: the names, and a cached hash with its moment,
        which does not come over one that was made later. Account, directory and guid say which
        link it is.

        At commit: NotFoundError if it is gone.
        """

    def require(self, link: Link) -> None:
        """Make the commit depend on the account being active and its link open.

        At commit: DeniedError otherwise, or if it is another person's by then.
        """

    def put_mark(self, mark: Mark) -> None:
        """Record how far a synchronisation came."""
