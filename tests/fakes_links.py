"""Links between accounts and directories in memory."""

from collections.abc import Sequence
from dataclasses import replace

from fakes_rows import MemoryStore, Rows, check_text, page_of
from watchword.core.directory.model import Closed, Link, Mark
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page
from watchword.storage.cursor import read_cursor

_TOGETHER = (
    ("dn", "login", "login_key", "upn_key"),
    ("groups",),
    ("closed",),
    ("password_at",),
    ("cached", "cached_at"),
)
"""What is written together if any of it has changed."""


class MemoryLinks(MemoryStore):
    """Implements LinkStore."""

    async def of(self, account_id: AccountId) -> Link | None:
        return self.look().links.get(account_id)

    async def by_guids(self, directory: str, guids: Sequence[str]) -> tuple[Link, ...]:
        links = self.look().links.values()
        return tuple(one for one in links if one.directory == directory and one.guid in guids)

    async def by_name(self, directory: str, key: str) -> Link | None:
        found = [
            one
            for one in self.look().links.values()
            if key and one.directory == directory and key in (one.login_key, one.upn_key)
        ]
        return min(found, key=lambda one: (one.closed, one.account_id), default=None)

    async def page(self, directory: str, *, after: str | None = None, limit: int) -> Page[Link]:
        begin = (-1, "") if after is None else read_cursor("links", after)
        links = [one for one in self.look().links.values() if one.directory == directory]
        listed = [(0, one.guid, one) for one in sorted(links, key=lambda one: one.guid)]
        return page_of("links", [item for item in listed if item[:2] > begin], limit)

    async def count_open(self, directory: str) -> int:
        links = self.look().links.values()
        return sum(one.directory == directory and one.closed is Closed.OPEN for one in links)

    async def mark(self, directory: str) -> Mark | None:
        return self.look().marks.get(directory)

    def add_all(self, links: Sequence[Link]) -> None:
        def write(rows: Rows) -> None:
            persons = {_person(one) for one in rows.links.values()}
            for link in links:
                if _person(link) in persons:
                    raise ConflictError("person")
                if link.account_id not in rows.accounts:
                    raise NotFoundError
                if link.account_id in rows.links:
                    raise ConflictError
                rows.links[link.account_id] = link
                persons.add(_person(link))

        for link in links:
            _check(link)
        self.record(write)

    def update(self, link: Link, *, before: Link) -> None:
        changes = {
            name: getattr(link, name)
            for names in _TOGETHER
            if _some(link, names) != _some(before, names)
            for name in names
        }

        def write(rows: Rows) -> None:
            now = rows.links.get(link.account_id)
            if now is None or _person(now) != _person(link):
                raise NotFoundError
            after = replace(now, **changes)
            rows.links[link.account_id] = _with_the_newer_hash(after, now)

        _check(link)
        self.record(write)

    def require(self, link: Link) -> None:
        def write(rows: Rows) -> None:
            account, now = rows.accounts.get(link.account_id), rows.links.get(link.account_id)
            if account is None or not account.is_active:
                raise DeniedError
            if now is None or _person(now) != _person(link) or now.closed is not Closed.OPEN:
                raise DeniedError

        self.record(write)

    def put_mark(self, mark: Mark) -> None:
        def write(rows: Rows) -> None:
            rows.marks[mark.directory] = mark

        check_text(mark.directory, mark.cursor)
        self.record(write)


def _person(link: Link) -> tuple[str, str]:
    return link.directory, link.guid


def _some(link: Link, names: Sequence[str]) -> list[object]:
    return [getattr(link, name) for name in names]


def _with_the_newer_hash(link: Link, now: Link) -> Link:
    if link.cached_at is None or now.cached_at is None or link.cached_at >= now.cached_at:
        return link
    return replace(link, cached=now.cached, cached_at=now.cached_at)


def _check(link: Link) -> None:
    names = (link.dn, link.login, link.login_key, link.upn_key)
    check_text(link.directory, link.guid, *names, *link.groups, link.cached)
