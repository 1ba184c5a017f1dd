"""Links as letters carry them, one for each purpose."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from dialects.household import OPERATOR, PASSWORD, Household
from watchword.core.accounts.model import Account
from watchword.core.kernel.caller import Actor, Origin
from watchword.core.outbox.model import LetterKind
from watchword.core.policy.refusals import Refused
from watchword.core.services.signup import Wish
from watchword.core.tickets.model import Purpose

SOMEWHERE = Origin("192.0.2.1", "test")
ADA, OLD, NEW, GUEST = "ada", "ada@example.org", "ada@example.com", "guest@example.net"
NEW_PASSWORD = "correct horse battery"

_KINDS = {
    Purpose.CONFIRM: LetterKind.CONFIRM,
    Purpose.RESET: LetterKind.RESET,
    Purpose.CHANGE: LetterKind.CHANGE,
    Purpose.UNDO: LetterKind.ADDRESS_CHANGED,
    Purpose.JOIN: LetterKind.INVITATION,
}

TYPED = {
    Purpose.RESET: {"password": NEW_PASSWORD, "password-again": NEW_PASSWORD},
    Purpose.JOIN: {
        "username": "bob",
        "password": NEW_PASSWORD,
        "password-again": NEW_PASSWORD,
        "first-name": "Bob",
    },
}
"""What is typed where the page asks for more than a press of its button."""


@dataclass(frozen=True)
class Link:
    """What stands in a letter."""

    purpose: Purpose
    secret: str

    @property
    def path(self) -> str:
        """Where the button posts to."""
        return f"/account/{self.purpose}"

    @property
    def target(self) -> str:
        """What is followed."""
        return f"{self.path}?{urlencode({'ticket': self.secret})}"

    def form(self, **typed: str) -> dict[str, str]:
        """Return what the button sends when all is typed as it should be, or so."""
        return {"ticket": self.secret, **TYPED.get(self.purpose, {}), **typed}


async def mailed(house: Household, purpose: Purpose) -> Link:
    """Do what makes a letter of this purpose come, and return the link in the last one."""
    if purpose is Purpose.CONFIRM:
        wish = Wish(name=ADA, password=PASSWORD, email=OLD)
        assert isinstance(await house.services.signup.register(wish, origin=SOMEWHERE), Account)
    elif purpose is Purpose.JOIN:
        invited = await house.services.invitations.invite(OPERATOR, GUEST)
        assert not isinstance(invited, Refused)
    else:
        await _of_ada(house, purpose)
    letter = (await house.letters(_KINDS[purpose]))[-1]
    assert letter.page == purpose.value
    return Link(purpose, letter.secret)


async def _of_ada(house: Household, purpose: Purpose) -> None:
    """Do what somebody does who has an account, with a confirmed address."""
    ada = await ada_of(house) or await house.make(ADA, email=OLD)
    house.clock.advance(timedelta(minutes=2))
    if purpose is Purpose.RESET:
        assert await house.services.recovery.ask(ADA, origin=SOMEWHERE) is None
        return
    actor = Actor(name=ADA, is_admin=False, origin=SOMEWHERE, account_id=ada.id)
    assert await house.services.email_change.ask(actor, NEW, password=PASSWORD) is None
    if purpose is Purpose.UNDO:
        [change] = await house.letters(LetterKind.CHANGE)
        changed = await house.services.email_change.change(
            change.secret, new_email=None, origin=SOMEWHERE
        )
        assert isinstance(changed, Account)


async def ada_of(house: Household) -> Account | None:
    """Return ada as she is stored."""
    async with house.storage.open_work() as work:
        return await work.accounts.by_identifier(ADA)
