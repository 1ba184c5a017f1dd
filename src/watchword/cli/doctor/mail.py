"""Letters: whether a mail server would take them, from whom, and whether they arrive."""

from datetime import datetime, timedelta

from watchword.app.checkup import mail_trouble
from watchword.cli.doctor.findings import Finding, fail, ok, warn
from watchword.cli.lookups import every
from watchword.cli.postings import advice_for
from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.outbox.model import Entry, Standing
from watchword.core.ports import Posting, Storage
from watchword.settings.model import Settings

LATE = timedelta(hours=1)
"""A mail server that is well takes a letter within seconds."""
LATELY = timedelta(days=1)

_HERE_ALONE = {"localhost", "local", "localdomain", "internal", "lan", "home"}
"""Where such a domain ends, no other mail server finds it."""


async def look_at_mail(settings: Settings) -> list[Finding]:
    """Go as far with the mail server as a letter would, and send none."""
    try:
        trouble = await mail_trouble(settings)
    except InvalidError as error:
        advice = "Correct the settings: until then the server does not start."
        return [fail("mail_server", str(error), advice)]
    if not settings.mail.smtp_host:
        text = "There is none, so letters stay here: watchword mail list"
        return [ok("mail_server", text)]
    return [_judge_server(settings, trouble), judge_sender(settings.sender)]


def _judge_server(settings: Settings, trouble: Posting | None) -> Finding:
    place = f"{settings.mail.smtp_host} port {settings.mail.port}"
    if trouble is None:
        return ok("mail_server", f"{place} would take a letter from us; none was sent")
    return fail("mail_server", f"{place}: {trouble.reason}", advice_for(trouble))


def judge_sender(sender: str) -> Finding:
    """Say whether others could answer, or find out whose letters these are."""
    domain = sender.rpartition("@")[2].lower()
    if "." in domain and domain.rpartition(".")[2] not in _HERE_ALONE:
        return ok("mail_sender", f"Letters come from {sender}")
    text = f"Letters come from {sender}, a domain that nobody else can find"
    advice = "Set mail.sender to an address of your own domain: else many refuse our letters."
    return warn("mail_sender", text, advice)


async def look_at_letters(storage: Storage, now: datetime) -> list[Finding]:
    """Look for letters that wait for too long, and for those that were refused lately."""
    late = [one for one in await _all(storage, Standing.WAITING) if now - one.created_at > LATE]
    refused = [
        one
        for one in await _all(storage, Standing.REFUSED)
        if one.settled_at is not None and now - one.settled_at < LATELY
    ]
    return [judge_late(len(late)), judge_refused(len(refused))]


def judge_late(count: int) -> Finding:
    if not count:
        return ok("letters_waiting", "No letter waits for more than an hour")
    advice = (
        "See that the server runs, what is in the way (watchword mail test ADDRESS), and which"
        " they are: watchword mail list --standing waiting"
    )
    return warn("letters_waiting", f"Letters that wait for more than an hour: {count}", advice)


def judge_refused(count: int) -> Finding:
    if not count:
        return ok("letters_refused", "No letter was refused in the last day")
    advice = (
        "See why: watchword mail list --standing refused. When that is mended, send them again:"
        " watchword mail retry --refused"
    )
    return warn("letters_refused", f"Letters that were refused in the last day: {count}", advice)


async def _all(storage: Storage, standing: Standing) -> list[Entry]:
    async def page(after: str | None) -> Page[Entry]:
        async with storage.open_work() as work:
            return await work.outbox.page(standing=standing, after=after, limit=PAGE_MAX)

    return [one async for one in every(page)]
