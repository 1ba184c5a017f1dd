"""Sessions that nobody signed in for, many at once."""

from datetime import timedelta

from unit.core.conftest import House
from watchword.core.kernel.ids import SessionId
from watchword.core.sessions.model import Session

DAY = timedelta(days=1)


async def open_sessions(house: House, count: int) -> list[SessionId]:
    """Store sessions of one account, each made a second after the one before."""
    account = await house.add(f"user of {count}")
    now = house.clock.now()
    made = [
        Session(
            id=SessionId(f"{count} {number}"),
            account_id=account.id,
            dialect="asta",
            created_at=now + number * timedelta(seconds=1),
            expires_at=now + 30 * DAY,
        )
        for number in range(count)
    ]
    async with house.storage.open_work() as work:
        for one in made:
            work.sessions.add(one)
        await work.commit()
    return [one.id for one in made]
