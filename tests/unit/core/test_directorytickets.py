"""Signing in by a Kerberos ticket: whose it is, and whether they may still come in."""

from dataclasses import replace
from datetime import timedelta

from unit.core.conftest import HERE, MONTH
from unit.core.staff import STAFF, staffed
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.directoryrules import DirectoryRules, Offline
from watchword.core.services.sessiondoor import SignedIn

WRONG = Refused(Refusal.WRONG_CREDENTIALS)
AWAY = timedelta(seconds=1)
CACHING = DirectoryRules(offline=Offline.CACHE, cached_for=timedelta(days=7))


async def test_a_ticket_opens_a_session() -> None:
    """Whose it is says Kerberos; whether they may come in says the directory."""
    here = staffed(DirectoryRules(allowed=frozenset({STAFF})))
    here.directory.add("ada", STAFF)
    here.directory.add("bob")
    tickets = here.house.negotiation.tickets
    tickets[b"ada"] = here.directory.ticket_of("ada", b"you too")
    tickets[b"bob"] = here.directory.ticket_of("bob")
    tickets[b"eve"] = replace(tickets[b"ada"], principal="ada@ELSEWHERE.EXAMPLE")
    tickets[b"gone"] = replace(tickets[b"ada"], sid="S-1-5-21-1-2-3-9")
    signin = here.house.services.directory_signin

    async def present(token: bytes) -> object:
        return (await signin.with_ticket(token, origin=HERE, terms=MONTH)).outcome

    opened = await signin.with_ticket(b"ada", origin=HERE, terms=MONTH)
    assert isinstance(opened.outcome, SignedIn)
    assert opened.reply == b"you too"
    assert await present(b"bob") == Refused(Refusal.NOT_ADMITTED)
    assert await present(b"eve") == await present(b"gone") == await present(b"garbage") == WRONG


async def test_a_ticket_opens_the_account_of_whom_it_was_made_for() -> None:
    """Not of whoever has that name by now, and it stays good where nobody has it any more."""
    here = staffed()
    here.directory.add("ann")
    here.directory.add("ben")
    ann, ben = (await here.enter("ann")).account, (await here.enter("ben")).account
    here.house.negotiation.tickets[b"ann"] = here.directory.ticket_of("ann")
    here.house.negotiation.tickets[b"ben"] = here.directory.ticket_of("ben")
    here.directory.change("ann", login="ann2", upn="ann2@corp.example")
    here.directory.change("ben", login="ann", upn="ann@corp.example")
    signin = here.house.services.directory_signin

    by_ann = (await signin.with_ticket(b"ann", origin=HERE, terms=MONTH)).outcome
    by_ben = (await signin.with_ticket(b"ben", origin=HERE, terms=MONTH)).outcome

    assert isinstance(by_ann, SignedIn)
    assert isinstance(by_ben, SignedIn)
    assert (by_ann.account.id, by_ben.account.id) == (ann.id, ben.id)


async def test_a_ticket_that_vouches_for_nobody_is_refused() -> None:
    """A name alone may be another's by now."""
    here = staffed()
    here.directory.add("ada")
    ticket = here.directory.ticket_of("ada")
    here.house.negotiation.tickets[b"ada"] = replace(ticket, sid="")
    signin = here.house.services.directory_signin

    signed = await signin.with_ticket(b"ada", origin=HERE, terms=MONTH)

    assert signed.outcome == WRONG


async def test_a_ticket_of_who_was_disabled_since_ends_their_sessions() -> None:
    """A ticket lives for hours; the directory is asked each time."""
    here = staffed()
    here.directory.add("ada")
    token = (await here.enter("ada")).token
    here.house.negotiation.tickets[b"ada"] = here.directory.ticket_of("ada")
    here.directory.change("ada", closed="disabled")

    signin = here.house.services.directory_signin
    outcome = (await signin.with_ticket(b"ada", origin=HERE, terms=MONTH)).outcome

    assert outcome == Refused(Refusal.DISABLED)
    assert not await here.lives(token)


async def test_bad_tickets_of_one_address_have_an_end() -> None:
    """They fill no audit trail; a good one of that address opens all the same."""
    here = staffed()
    here.directory.add("ada")
    here.house.negotiation.tickets[b"ada"] = here.directory.ticket_of("ada")
    signin = here.house.services.directory_signin

    async def present(token: bytes) -> object:
        return (await signin.with_ticket(token, origin=HERE, terms=MONTH)).outcome

    outcomes = [await present(b"garbage") for _ in range(110)]
    page = await here.house.services.audit.page(limit=200)

    assert outcomes == [WRONG] * 100 + [Refused(Refusal.THROTTLED, retry_after=900)] * 10
    assert len(page.items) == 100
    assert isinstance(await present(b"ada"), SignedIn)
