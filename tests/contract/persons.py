"""Persons of a directory who have accounts here, short to write."""

from contract.things import AT, DAY, SECOND, account, commit, link
from watchword.core.accounts.model import Account, Source
from watchword.core.directory.model import Closed, Link
from watchword.core.ports import Storage

ADA = account("Ada", source=Source.DIRECTORY, directory="corp")
BOB = account("Bob", source=Source.DIRECTORY, directory="corp")
NOBODY = account("nobody")
WHOLE = link(
    ADA,
    guid="0f8fad5b-d9cb-469f-a165-70867728950e",
    dn='CN=Lovelace\\, Ada "Zoë" 𝄞,DC=corp',
    login="ADA.L",
    login_key="ada.l",
    upn_key="ada@example.org",
    groups=frozenset({"CN=A\\, b,DC=corp", "CN=a line\nand another,DC=corp", "S-1-5-21-1"}),
    closed=Closed.EXPIRED,
    password_at=AT - DAY,
    cached="$argon2id$…",
    cached_at=AT + SECOND,
)


async def join(storage: Storage, *links: Link) -> None:
    await commit(storage, lambda work: work.links.add_all(links))


async def update(storage: Storage, one: Link) -> None:
    """Change what is another now than it is in the store."""
    async with storage.open_work() as work:
        before = await work.links.of(one.account_id)
        assert before is not None
        work.links.update(one, before=before)
        await work.commit()


async def change(storage: Storage, after: Link, before: Link) -> None:
    await commit(storage, lambda work: work.links.update(after, before=before))


async def require(storage: Storage, one: Link) -> None:
    await commit(storage, lambda work: work.links.require(one))


async def welcome(storage: Storage, *accounts: Account) -> None:
    """Store accounts with their links, in one commit each."""
    for one in accounts:
        await commit(
            storage,
            lambda work: work.accounts.add(one),  # noqa: B023 - awaited in this round
            lambda work: work.links.add_all([link(one)]),  # noqa: B023 - awaited in this round
        )
