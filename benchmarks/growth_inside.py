"""What is measured in this process, at the services themselves: HTTP's own cost would hide it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from growth_rows import (
    KEYS_EVERY,
    PREFIXES,
    SESSIONS_EACH,
    Crowd,
    account_id,
    key_text,
    name,
    session_id,
)

from watchword.app.house import House
from watchword.core.kernel.caller import Actor, Origin, operator
from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.services.housekeeping import BATCH_MAX
from watchword.core.services.sessiondoor import SignedIn, Terms

PAGE = 20
FAR = datetime.now(UTC) + timedelta(days=300)
"""Everything that can end has ended by then."""

_TERMS = Terms(lifetime=timedelta(days=30))
_ORIGIN = Origin("10.0.0.1", "asta")


class Instant:
    """A hasher to whom every password is right, and that costs nothing."""

    decoy = ""

    async def verify(self, password: str, encoded: str) -> bool:
        return bool(password and encoded)

    def is_outdated(self, encoded: str) -> bool:
        del encoded
        return False


@dataclass
class Shop:
    """A store of some size, open in this process."""

    house: House
    crowd: Crowd
    random: Random = field(default_factory=Random)
    actor: Actor = field(default_factory=lambda: operator(_ORIGIN))
    middle: str | None = None
    """The cursor of a page half-way down the list of accounts."""

    def __post_init__(self) -> None:
        # All of a log-in but its hash; nobody but a benchmark may do this.
        self.house.services.signin._hasher = Instant()  # type: ignore[assignment]  # noqa: SLF001
        self._doomed = count(
            self.random.randrange(self.crowd.accounts // 3, self.crowd.accounts * 2 // 3)
        )

    def anybody(self) -> int:
        """Return one of the accounts that stay, never the first, which is an admin."""
        return self.random.randrange(1, self.crowd.accounts // 3)

    def doomed(self) -> int:
        """Return an account that nobody needs any more: a new one each time."""
        return next(self._doomed)


Operation = Callable[[Shop], Awaitable[None]]


async def find_the_middle(shop: Shop) -> None:
    """Have the cursor of the page that begins behind half of the accounts."""
    from watchword.storage.cursor import write_cursor  # noqa: PLC0415 - nobody else writes cursors
    from watchword.storage.moments import stored  # noqa: PLC0415

    async with shop.house.storage.open_work() as work:
        one = await work.accounts.by_id(AccountId(account_id(shop.crowd.accounts // 2)))
    assert one is not None
    shop.middle = write_cursor("accounts", stored(one.created_at), one.id)


async def log_in(shop: Shop) -> None:
    who = name(shop.anybody())
    done = await shop.house.services.signin.with_password(who, "x", origin=_ORIGIN, terms=_TERMS)
    assert isinstance(done, SignedIn), done


async def look_up_session(shop: Shop) -> None:
    # Of the newest: a purge takes the oldest.
    number = (SESSIONS_EACH - 1) * shop.crowd.accounts + shop.anybody()
    async with shop.house.storage.open_work() as work:
        assert await work.bearer(SessionId(session_id(number)))


async def look_up_key(shop: Shop) -> None:
    number = shop.anybody() // KEYS_EVERY * KEYS_EVERY
    digest = shop.crowd.digest_of_key(key_text(number))
    async with shop.house.storage.open_work() as work:
        assert await work.key_holder([digest])


async def list_first(shop: Shop) -> None:
    page = await shop.house.services.accounts.page(shop.actor, limit=PAGE)
    assert len(page.items) == PAGE  # type: ignore[union-attr] # the operator is never refused


async def list_middle(shop: Shop) -> None:
    page = await shop.house.services.accounts.page(shop.actor, after=shop.middle, limit=PAGE)
    assert len(page.items) == PAGE  # type: ignore[union-attr] # the operator is never refused


async def list_sessions(shop: Shop) -> None:
    assert len((await shop.house.services.sessions.page(limit=PAGE)).items) == PAGE


async def search(shop: Shop) -> None:
    prefix = shop.random.choice(PREFIXES)
    page = await shop.house.services.accounts.page(shop.actor, prefix=prefix, limit=PAGE)
    assert len(page.items) == PAGE  # type: ignore[union-attr] # the operator is never refused


async def search_one(shop: Shop) -> None:
    who = name(shop.anybody())
    page = await shop.house.services.accounts.page(shop.actor, prefix=who, limit=PAGE)
    assert page.items  # type: ignore[union-attr] # the operator is never refused


async def count_accounts(shop: Shop) -> None:
    assert await shop.house.services.accounts.count(shop.actor)


async def delete(shop: Shop) -> None:
    who = AccountId(account_id(shop.doomed()))
    await shop.house.services.accounts.delete(shop.actor, who)


async def purge_sessions(shop: Shop) -> None:
    async with shop.house.storage.open_work() as work:
        work.sessions.end_expired(at=FAR, limit=BATCH_MAX)
        await work.commit()


async def purge_attempts(shop: Shop) -> None:
    async with shop.house.storage.open_work() as work:
        work.attempts.purge(before=FAR, limit=BATCH_MAX)
        await work.commit()


OPERATIONS: dict[str, tuple[Operation, int]] = {
    "log-in without its hash": (log_in, 300),
    "look-up of a session": (look_up_session, 600),
    "look-up of an API key": (look_up_key, 600),
    f"first page of {PAGE} accounts": (list_first, 200),
    f"page of {PAGE} accounts half-way": (list_middle, 200),
    f"first page of {PAGE} sessions": (list_sessions, 200),
    f"search, page of {PAGE}": (search, 200),
    "search, one account": (search_one, 200),
    "count of accounts": (count_accounts, 200),
    "deletion of an account": (delete, 60),
    f"purge of {BATCH_MAX} sessions": (purge_sessions, 10),
    f"purge of {BATCH_MAX} old attempts of each kind": (purge_attempts, 3),
}
"""What is done, and how often at most; what takes things away comes last."""


async def measured(operation: Operation, shop: Shop, times: int) -> list[float]:
    """Return how long each took, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await operation(shop)
        taken.append((time.perf_counter() - began) * 1000)
    return taken
