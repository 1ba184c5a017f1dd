"""Do for nobody what is done for somebody, so that a stopwatch does not tell them apart."""

from watchword.core.kernel.caller import Origin
from watchword.core.outbox.model import LetterKind
from watchword.core.ports import Work
from watchword.core.services.letters import Letters
from watchword.core.services.tickets import Tickets
from watchword.core.tickets.model import Purpose


def pretend(
    work: Work, tickets: Tickets, letters: Letters, *, subject: str, origin: Origin
) -> None:
    """Record a letter with a ticket, and take both back in the same commit.

    Nothing of it is ever there, but the database has written as much. `subject` is whom
    the letter would be about: an id or a digest, which is nobody's address.
    """
    issued = tickets.issue(work, Purpose.JOIN, address=subject)
    letter = issued.letter(LetterKind.RESET, name=subject, language=origin.language)
    letter_id = letters.post(work, letter)
    work.tickets.spend(issued.ticket.id, at=issued.ticket.created_at)
    work.outbox.withdraw(letter_id)
