"""Look at letters, send one again, and try whether letters arrive: for the operator."""

from dataclasses import dataclass

from watchword.core.accounts.names import is_address
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.kernel.ids import LetterId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.kernel.randomness import Randomness
from watchword.core.outbox.model import Entry, Letter, LetterKind, Standing, read_letter
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import LetterSafe, Mailer, OpenWork, Posting, Worded


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A letter in the outbox, with its words as long as they are kept."""

    entry: Entry
    worded: Worded | None


class Mailbox:
    """Lists, shows and repeats letters. Who is no admin is refused here."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        safe: LetterSafe,
        mailer: Mailer,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._open_work = open_work
        self._safe = safe
        self._mailer = mailer
        self._clock = clock
        self._randomness = randomness

    async def page(
        self,
        actor: Actor,
        *,
        standing: Standing | None = None,
        after: str | None = None,
        limit: int = PAGE_MAX,
    ) -> Page[Entry] | Refused:
        """Return letters, newest first; of one standing if asked."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            return await work.outbox.page(
                standing=standing, after=after, limit=min(limit, PAGE_MAX)
            )

    async def show(self, actor: Actor, letter_id: LetterId) -> ShownLetter | Refused:
        """Return one letter in the words that it has or would have now."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            entry = await work.outbox.by_id(letter_id)
        if entry is None:
            return Refused(Refusal.NOT_FOUND)
        text = self._safe.reveal(entry.sealed, about=entry.id) if entry.sealed else None
        if text is None:
            return ShownLetter(entry, None)
        return ShownLetter(entry, self._mailer.word(read_letter(text), at=self._clock.now()))

    async def retry(self, actor: Actor, letter_id: LetterId) -> Refused | None:
        """Let a letter that was not sent wait again, from now on."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            work.outbox.retry(letter_id, at=self._clock.now())
            try:
                await work.commit()
            except (NotFoundError, DeniedError):
                return Refused(Refusal.NOT_FOUND)
        return None

    async def test(self, actor: Actor, to: str) -> Posting | Refused:
        """Send a letter that says nothing, now and not by the outbox; return what came of it."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        if not is_address(to):
            return Refused(Refusal.ADDRESS_INVALID)
        letter = Letter(kind=LetterKind.TEST, to=to, language=actor.origin.language)
        letter_id = LetterId(self._randomness.uuid())
        return await self._mailer.send(letter_id, letter, at=self._clock.now())
