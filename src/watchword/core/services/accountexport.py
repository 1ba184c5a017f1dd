"""Give out accounts, a page at a time."""

from dataclasses import dataclass

from watchword.core.accounts.model import Account
from watchword.core.ports import OpenWork, Work


@dataclass(frozen=True, slots=True)
class Exported:
    """An account, and the hash of its password where that was asked for."""

    account: Account
    encoded: str = ""


class AccountExport:
    """Reads accounts, oldest first. Who may have them is judged where the job is started."""

    def __init__(self, *, open_work: OpenWork) -> None:
        self._open_work = open_work

    async def count(self) -> int:
        """Return how many accounts there are now."""
        async with self._open_work() as work:
            return await work.accounts.count()

    async def page(
        self, *, after: str | None, limit: int, with_hashes: bool
    ) -> tuple[tuple[Exported, ...], str | None]:
        """Return accounts after a cursor, and the cursor of the rest, None at the end."""
        async with self._open_work() as work:
            page = await work.accounts.page(after=after, limit=limit)
            if not with_hashes:
                return tuple(Exported(account) for account in page.items), page.next
            return tuple([await _with_hash(work, one) for one in page.items]), page.next


async def _with_hash(work: Work, account: Account) -> Exported:
    credential = await work.credentials.password_of(account.id)
    return Exported(account, credential.encoded if credential else "")
